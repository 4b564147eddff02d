package cognitomfa_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// page returns the text of a page of documentation.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// assertShows checks that a page contains the lines between "// begin" and "// end" of this file.
func assertShows(t *testing.T, file, begin string) {
	t.Helper()
	_, rest, found := strings.Cut(page(t, "readme_test.go"), "// begin: "+begin+"\n")
	require.True(t, found)
	lines, _, _ := strings.Cut(rest, "\t// end\n")
	lines = strings.ReplaceAll("\n"+lines, "\n\t", "\n")
	assert.Contains(t, page(t, file), "```go"+lines+"```\n")
}

func TestReadmeShowsHowToTest(t *testing.T) {
	t.Parallel()
	assertShows(t, "README.md", "test with cognitotest")
	// begin: test with cognitotest
	srv := cognitotest.NewServer() // MFA optional, TOTP on, one app client that allows every flow
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
	mfa, err := cognitomfa.New(srv.Client(), cognitomfa.Config{
		UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, Issuer: "Example",
	})
	// srv.Code("alice") is what her phone shows, srv.Advance moves the clock, srv.Fail breaks a call.
	// end
	require.NoError(t, err)
	outcome, err := mfa.SignIn(t.Context(), "alice", "Passw0rd!")
	as[*cognitomfa.Tokens](t, outcome, err)
}

func TestErrorsPageShowsTheSteps(t *testing.T) {
	t.Parallel()
	assertShows(t, "docs/errors.md", "steps")
	err := error(&cognitomfa.Error{Op: "test", Kind: cognitomfa.ErrCodeUsed})
	// begin: steps
	switch cognitomfa.NextStep(err) {
	case cognitomfa.StepSameChallenge: // ask again, with the same challenge or access token
	case cognitomfa.StepNextCode: // let the user wait for the next code, then repeat
	case cognitomfa.StepStartOver: // sign in again (or enroll again, if that was what failed)
	case cognitomfa.StepBackOff: // wait, longer each time, and make the same call again
	case cognitomfa.StepGiveUp: // the user, an administrator or the operator must change something
	}
	// end
}

// sentinels has the package's Err… variables by name.
var sentinels = map[string]error{
	"ErrCredentials":     cognitomfa.ErrCredentials,
	"ErrTooManyAttempts": cognitomfa.ErrTooManyAttempts,
	"ErrUserDisabled":    cognitomfa.ErrUserDisabled,
	"ErrPasswordReset":   cognitomfa.ErrPasswordReset,
	"ErrNotConfirmed":    cognitomfa.ErrNotConfirmed,
	"ErrPasswordPolicy":  cognitomfa.ErrPasswordPolicy,
	"ErrAttribute":       cognitomfa.ErrAttribute,
	"ErrCodeMismatch":    cognitomfa.ErrCodeMismatch,
	"ErrCodeUsed":        cognitomfa.ErrCodeUsed,
	"ErrMethod":          cognitomfa.ErrMethod,
	"ErrSessionExpired":  cognitomfa.ErrSessionExpired,
	"ErrSessionUsed":     cognitomfa.ErrSessionUsed,
	"ErrAccessToken":     cognitomfa.ErrAccessToken,
	"ErrRefreshToken":    cognitomfa.ErrRefreshToken,
	"ErrMissingScope":    cognitomfa.ErrMissingScope,
	"ErrNotEnrolled":     cognitomfa.ErrNotEnrolled,
	"ErrNotEnabled":      cognitomfa.ErrNotEnabled,
	"ErrTOTPDisabled":    cognitomfa.ErrTOTPDisabled,
	"ErrDevice":          cognitomfa.ErrDevice,
	"ErrLevel":           cognitomfa.ErrLevel,
	"ErrMFARequired":     cognitomfa.ErrMFARequired,
	"ErrUserNotFound":    cognitomfa.ErrUserNotFound,
	"ErrSecretHash":      cognitomfa.ErrSecretHash,
	"ErrConfig":          cognitomfa.ErrConfig,
	"ErrRejected":        cognitomfa.ErrRejected,
	"ErrThrottled":       cognitomfa.ErrThrottled,
	"ErrUnavailable":     cognitomfa.ErrUnavailable,
}

// declaredErrors returns the names of the package's Err… variables.
func declaredErrors(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var names []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, spec := range group.Specs {
				for _, ident := range spec.(*ast.ValueSpec).Names {
					if strings.HasPrefix(ident.Name, "Err") {
						names = append(names, ident.Name)
					}
				}
			}
		}
	}
	return names
}

// The table of errors has a row for each kind, with the result of NextStep.
func TestErrorsPageListsTheErrors(t *testing.T) {
	t.Parallel()
	declared := declaredErrors(t)
	row := regexp.MustCompile("(?m)^\\| `(Err\\w+)` \\| .* \\| (.*) \\|$")
	var listed []string
	for _, row := range row.FindAllStringSubmatch(page(t, "docs/errors.md"), -1) {
		listed = append(listed, row[1])
		step := cognitomfa.NextStep(&cognitomfa.Error{Op: "test", Kind: sentinels[row[1]]})
		want := "`" + string(step) + "`"
		if row[1] == "ErrNotEnabled" {
			want = "same as the underlying error"
		}
		assert.Equal(t, want, row[2], row[1])
	}
	assert.ElementsMatch(t, declared, listed)
	for name := range sentinels {
		assert.Contains(t, declared, name)
	}
	assert.Len(t, sentinels, len(declared))
}
