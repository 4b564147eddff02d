package cognitomfa_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/endpoint"
)

// seenFolder is where runs against a real pool are kept, for whoever ran them to commit.
const seenFolder = "cognitotest/testdata/seen"

// seen is what a run against a real pool saw. It names no pool, no app client and no user.
type seen struct {
	Date     string       `json:"date"` // UTC
	Region   string       `json:"region"`
	Endpoint string       `json:"endpoint"` // its host
	Pool     seenPool     `json:"pool"`
	Answers  []seenAnswer `json:"answers"` // of TestFidelity, by row
	Flows    []seenFlow   `json:"flows"`   // of TestFlows, by name
	LeftOut  []string     `json:"leftOut"` // since the pool's MFA mode has them not
}

// seenPool are the settings of the pool that matter.
type seenPool struct {
	MFA          types.UserPoolMfaType `json:"mfa"`
	Methods      []string              `json:"methods"`
	SignInBy     string                `json:"signInBy"` // user name or email
	ClientSecret bool                  `json:"clientSecret"`
}

// seenAnswer is what the pool answered to a question about a row of FIDELITY.md.
type seenAnswer struct {
	Row      string `json:"row"`
	Question string `json:"question"`
	Pool     string `json:"pool"`
	Fake     string `json:"fake"`
}

type seenFlow struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
}

// notebook keeps what is seen. A nil notebook keeps nothing: that of the fake's pools.
type notebook struct {
	folder string
	hide   *strings.Replacer

	mu   sync.Mutex
	seen seen
}

// private are the things in an answer that tell whose pool it was.
var private = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(userPrefix + `[a-z0-9]{26}(@example\.com)?`), "<user>"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`arn:[^\s,]+`), "<arn>"},
	{regexp.MustCompile(`\b\d{12}\b`), "<account>"},
}

func (n *notebook) answer(row, question, pool, fake string) {
	if n == nil {
		return
	}
	pool = n.hide.Replace(pool)
	for _, p := range private {
		pool = p.pattern.ReplaceAllString(pool, p.name)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen.Answers = append(n.seen.Answers, seenAnswer{
		Row: row, Question: question, Pool: pool, Fake: fake,
	})
}

func (n *notebook) flow(name string, passed bool) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen.Flows = append(n.seen.Flows, seenFlow{name, passed})
}

func (n *notebook) signInBy(what string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen.Pool.SignInBy = what
}

func (n *notebook) leftOut(names []string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen.LeftOut = append(n.seen.LeftOut, names...)
}

// path is named after the day, the region and the pool's MFA mode: a run in another mode answers
// other questions.
func (n *notebook) path() string {
	mode := strings.ToLower(string(n.seen.Pool.MFA))
	return filepath.Join(n.folder, n.seen.Date+"-"+n.seen.Region+"-"+mode+".json")
}

// save writes the file, or writes it again with what has come to it. What cannot be written is
// listed: the module may be where nobody writes.
func (n *notebook) save(t *testing.T) {
	t.Helper()
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &n.seen
	slices.SortFunc(s.Answers, func(a, b seenAnswer) int {
		return strings.Compare(a.Row+a.Question, b.Row+b.Question)
	})
	slices.SortFunc(s.Flows, func(a, b seenFlow) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(s.LeftOut)
	text, err := json.MarshalIndent(s, "", "  ")
	require.NoError(t, err)
	err = os.MkdirAll(n.folder, 0o755)
	if err == nil {
		err = os.WriteFile(n.path(), append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Logf("what was seen cannot be kept (%v); run the tests in a clone\n%s", err, text)
		return
	}
	t.Logf("what was seen is in %s; commit it, and name it in cognitotest/FIDELITY.md", n.path())
}

// FIDELITY.md names every file in which a run against a real pool is kept, and says that there is
// none as long as there is none. The files are of AWS's own pools, and tell of none whose it was.
func TestSeen(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("cognitotest/FIDELITY.md")
	require.NoError(t, err)
	files, err := filepath.Glob(seenFolder + "/*")
	require.NoError(t, err)
	const none = "No run against a real pool is recorded yet."
	assert.Equal(t, len(files) == 0, strings.Contains(string(page), none), "the page says %q", none)
	rows := fidelityRows(t)
	for _, file := range files {
		name := filepath.Base(file)
		named := strings.Contains(string(page), "testdata/seen/"+name)
		assert.True(t, named, "FIDELITY.md has to name %s", name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		checkSeen(t, text, rows)
		var s seen
		require.NoError(t, json.Unmarshal(text, &s))
		assert.Equal(t, endpoint.URL(s.Region), "https://"+s.Endpoint, "%s is of AWS", name)
		assert.Equal(t, filepath.Base((&notebook{seen: s}).path()), name)
	}
}

// checkSeen checks that a file is of the form, and names nobody.
func checkSeen(t *testing.T, text []byte, rows map[string]bool) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	var s seen
	require.NoError(t, d.Decode(&s))
	_, err := time.Parse(time.DateOnly, s.Date)
	require.NoError(t, err)
	assert.NotEmpty(t, s.Answers)
	assert.NotEmpty(t, s.Flows)
	for _, a := range s.Answers {
		assert.True(t, rows[a.Row], "%s is no row of FIDELITY.md: %s", a.Row, a.Question)
		assert.NotEmpty(t, a.Pool, a.Question)
	}
	for _, p := range private {
		assert.NotRegexp(t, p.pattern, string(text))
	}
}

// What an exception says of whose pool it is, is not kept.
func TestNotebookHidesWhose(t *testing.T) {
	t.Parallel()
	n := &notebook{hide: strings.NewReplacer("eu-west-1_Example", "<hidden>")}
	user := userPrefix + strings.Repeat("a", 26) + "@example.com"
	n.answer("W-1", "?", "AccessDeniedException: arn:aws:iam::123456789012:user/x, 123456789012 "+
		"eu-west-1_Example "+user+" 1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10", "done")
	want := "AccessDeniedException: <arn>, <account> <hidden> <user> <uuid>"
	assert.Equal(t, want, n.seen.Answers[0].Pool)
}
