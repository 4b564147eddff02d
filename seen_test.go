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

// seenFolder has the records of runs against real pools. Whoever runs the tests commits them.
const seenFolder = "cognitotest/testdata/seen"

// seen is the record of a run against a real pool. It identifies no pool, app client or user.
type seen struct {
	Date     string       `json:"date"` // UTC
	Region   string       `json:"region"`
	Endpoint string       `json:"endpoint"` // the host
	Pool     seenPool     `json:"pool"`
	Answers  []seenAnswer `json:"answers"` // of TestFidelity, by row
	Flows    []seenFlow   `json:"flows"`   // of TestFlows, by name
	LeftOut  []string     `json:"leftOut"` // do not apply to the pool's MFA mode
}

// seenPool has the relevant settings of the pool.
type seenPool struct {
	MFA          types.UserPoolMfaType `json:"mfa"`
	Methods      []string              `json:"methods"`
	SignInBy     string                `json:"signInBy"` // user name or email
	ClientSecret bool                  `json:"clientSecret"`
}

// seenAnswer is the pool's answer to a question about a row of FIDELITY.md.
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

// notebook records a run. A nil notebook, as the fake's pools have, records nothing.
type notebook struct {
	folder string
	hide   *strings.Replacer

	mu   sync.Mutex
	seen seen
}

// private lists patterns for text that would identify the owner of the pool.
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
	n.seen.Flows = append(n.seen.Flows, seenFlow{Name: name, Passed: passed})
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

// path returns the file of the record. Its name includes the MFA mode, because each mode has its
// own questions.
func (n *notebook) path() string {
	mode := strings.ToLower(string(n.seen.Pool.MFA))
	return filepath.Join(n.folder, n.seen.Date+"-"+n.seen.Region+"-"+mode+".json")
}

// save writes the file, or replaces it with what has been recorded so far. If it cannot write, for
// example in the module cache, it logs the record.
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
		t.Logf("the record cannot be saved (%v); run the tests in a clone\n%s", err, text)
		return
	}
	t.Logf("the record is in %s; commit it, and name it in cognitotest/FIDELITY.md", n.path())
}

// FIDELITY.md names the record of every run against a real pool, or says that there are none.
// Records are of pools on AWS and do not identify the owner.
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
		assert.True(t, named, "FIDELITY.md must name %s", name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		checkSeen(t, text, rows)
		var s seen
		require.NoError(t, json.Unmarshal(text, &s))
		assert.Equal(t, endpoint.URL(s.Region), "https://"+s.Endpoint,
			"the endpoint in %s is not one of AWS", name)
		assert.Equal(t, filepath.Base((&notebook{seen: s}).path()), name)
	}
}

// checkSeen checks the format of a record, and that it identifies nobody.
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
		assert.True(t, rows[a.Row], "FIDELITY.md has no row %s: %s", a.Row, a.Question)
		assert.NotEmpty(t, a.Pool, a.Question)
	}
	for _, p := range private {
		assert.NotRegexp(t, p.pattern, string(text))
	}
}

// Records omit what an exception says about the pool's owner.
func TestNotebookHidesTheOwner(t *testing.T) {
	t.Parallel()
	n := &notebook{hide: strings.NewReplacer("eu-west-1_Example", "<hidden>")}
	user := userPrefix + strings.Repeat("a", 26) + "@example.com"
	n.answer("W-1", "?", "AccessDeniedException: arn:aws:iam::123456789012:user/x, 123456789012 "+
		"eu-west-1_Example "+user+" 1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10", "done")
	want := "AccessDeniedException: <arn>, <account> <hidden> <user> <uuid>"
	assert.Equal(t, want, n.seen.Answers[0].Pool)
}
