package main

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// documentation returns the package comment.
func documentation(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var text string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil,
			parser.ParseComments|parser.PackageClauseOnly)
		require.NoError(t, err)
		text += file.Doc.Text()
	}
	require.NotEmpty(t, text)
	return text
}

// readme returns the README's section about the program.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n**Other languages**")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// The calls in the documentation, on a pool with the users that it lists, get the responses below
// them: the same members and values, except for values that differ each time.
func TestDocumentedCalls(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "curl", "curl")
	text := documentation(t)
	users := regexp.MustCompile(`(?s)\n\t(\[\n.*?\n\t\])\n`).FindStringSubmatch(text)
	require.NotNil(t, users)
	c := start(t, users[1], "-control", "127.0.0.1:0", "-addr", "127.0.0.1:0")
	assert.Equal(t, 3, c.Users)
	assert.Equal(t, "NEW_PASSWORD_REQUIRED", c.call(t, "InitiateAuth", kv{
		"ClientId": c.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": kv{
			"USERNAME": "carol", "PASSWORD": "Temp0rary!",
		},
	})["ChallengeName"])
	status, _ := ask(t, http.MethodDelete, c.Control+"/calls", "")
	require.Equal(t, http.StatusOK, status)

	examples := regexp.MustCompile(`(?ms)^\t(curl .*?)\n\t(\{.*?)\n$`).FindAllStringSubmatch(text,
		-1)
	require.Len(t, examples, strings.Count(text, "\n\tcurl "), "each call has its response")
	varying := regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*Z"|"[0-9a-f]{8}-[0-9a-f-]{27}"|"\d{6}"`)
	called := map[string]bool{}
	for _, example := range examples {
		require.Contains(t, example[1], "http://127.0.0.1:9230/")
		require.Equal(t, 1, strings.Count(example[1], "curl "), "one call at a time")
		line := strings.ReplaceAll(example[1], "http://127.0.0.1:9230", c.Control)
		shell := exec.CommandContext(tooltest.Context(t), "sh", "-c", line+" --silent --show-error")
		shell.Env = []string{"PATH=" + os.Getenv("PATH")}
		response, err := shell.Output()
		require.NoError(t, err, line)
		assert.JSONEq(
			t, varying.ReplaceAllString(example[2], `"varies"`),
			varying.ReplaceAllString(string(response), `"varies"`), line,
		)

		method := http.MethodGet
		switch {
		case strings.Contains(line, " -X DELETE "):
			method = http.MethodDelete
		case strings.Contains(line, " -d "):
			method = http.MethodPost
		}
		path := line[strings.Index(line, c.Control)+len(c.Control):]
		called[method+" "+
			strings.NewReplacer("alice", "{username}", c.UserPoolID, "{pool}").Replace(path)] = true
	}
	for _, e := range endpoints {
		assert.True(t, called[e.pattern], "the documentation says how to call %s", e.pattern)
	}
	assert.Len(t, called, len(endpoints))
}

// The other pieces of JSON in the documentation only have members that exist.
func TestDocumentedMembers(t *testing.T) {
	t.Parallel()
	members := func(value any) map[string]bool {
		text, err := json.Marshal(value)
		require.NoError(t, err)
		var object kv
		require.NoError(t, json.Unmarshal(text, &object))
		names := map[string]bool{}
		for name := range object {
			names[name] = true
		}
		return names
	}
	all := map[string]bool{}
	text := documentation(t)
	for start, value := range map[string]any{
		`{"endpoint":`: config{}, `{"time":`: cognitotest.Message{},
		`{"operation":"InitiateAuth","time":`: cognitotest.Call{},
	} {
		at := strings.Index(text, start)
		require.Positive(t, at, start)
		piece := text[at : at+strings.Index(text[at:], "\n")]
		there := members(value)
		for _, name := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(piece, -1) {
			assert.True(t, there[name[1]], name[1])
			all[name[1]] = true
		}
	}
	assert.True(t, all["destination"] && all["faulted"] && all["userPoolId"],
		"the pieces were looked through")
}

// -h explains every flag, and the documentation only names flags that exist.
func TestHelp(t *testing.T) {
	t.Parallel()
	cmd := command(t, "-h")
	out, err := cmd.Output()
	require.NoError(t, err)
	assert.Empty(t, cmd.Stderr.(*tooltest.Buffer).String())
	help := string(out)
	for _, e := range endpoints {
		path := e.pattern[strings.Index(e.pattern, "/"):]
		path = strings.TrimPrefix(strings.ReplaceAll(path, "{username}", "alice"), "/pools/{pool}")
		assert.Contains(t, help, " "+path, "-h stands alone")
	}
	assert.Contains(t, help, "/pools/<pool id>/users/")
	_, err = parseUser([]byte(`{"":0}`))
	for _, name := range strings.Split(
		strings.TrimPrefix(err.Error(), `there is no member ""; there are `), ", ") {
		assert.Regexp(t, `(?m)^  `+name+` `, help, "-h stands alone")
	}
	flags := map[string]bool{"-h": true}
	explanation := regexp.MustCompile(`(?m)^  (-[a-z-]+)(?: [a-z]+)?\n    \t[^\n]{20}`)
	for _, name := range explanation.FindAllStringSubmatch(help, -1) {
		flags[name[1]] = true
	}
	assert.Len(t, flags, 1+strings.Count(help, "\n  -"), "each has a name and an explanation")
	assert.Greater(t, len(flags), 15)

	prose := regexp.MustCompile(`(?m)^\tcurl (?:.*\\\n)*.*$`).ReplaceAllString(documentation(t), "")
	section := regexp.MustCompile(`(?m)^    echo .*$`).ReplaceAllString(readme(t), "")
	explained := regexp.MustCompile(`(?m)^  curl .*$`).ReplaceAllString(usage, "")
	for _, text := range []string{prose, explained, section} {
		for _, name := range regexp.MustCompile(
			"(?:^|[\\s(`])(-[a-z][a-z-]*)").FindAllStringSubmatch(text, -1) {
			assert.True(t, flags[name[1]], "there is no flag %s", name[1])
		}
	}
}
