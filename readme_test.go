package cognitomfa_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

// run is the README's program, to the letter.
func run(ctx context.Context, cognito *cognitoidentityprovider.Client, cfg cognitomfa.Config, askCode func(qr []byte) string) error {
	mfa, err := cognitomfa.New(cognito, cfg) // cfg: user pool, app client, issuer
	if err != nil {
		return err
	}
	outcome, err := mfa.SignIn(ctx, "alice", "Passw0rd!")
	if tokens, ok := outcome.(*cognitomfa.Tokens); ok { // no MFA yet: enroll
		enrollment, err := mfa.Enroll(ctx, tokens.Access.Reveal())
		if err != nil {
			return err
		}
		svg, err := enrollment.SVG() // the page that the phone scans
		if err != nil {
			return err
		}
		return mfa.Verify(ctx, tokens.Access.Reveal(), askCode(svg)) // MFA is on
	}
	if challenge, ok := outcome.(*cognitomfa.MFAChallenge); ok {
		_, err = mfa.RespondMFA(ctx, challenge, askCode(nil)) // *Tokens, or the next challenge
	}
	return err
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(text)
}

func TestReadmeProgramRuns(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)
	program := regexp.MustCompile("(?s)```go\n(func run.*?)```").FindStringSubmatch(readme(t))
	require.NotNil(t, program)
	require.Contains(t, string(own), program[1])

	srv, _ := newPool(t)
	var shown int
	askCode := func(qr []byte) string {
		if qr != nil {
			shown++
		}
		return srv.Code("alice")
	}
	require.NoError(t, run(t.Context(), srv.Client(), configOf(srv), askCode), "the first time it enrolls")
	srv.Advance(30 * time.Second)
	require.NoError(t, run(t.Context(), srv.Client(), configOf(srv), askCode), "the second time it asks for a code")
	assert.Equal(t, 1, shown)
	assert.Equal(t, []string{
		"AdminInitiateAuth", "AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference",
		"AdminInitiateAuth", "AdminRespondToAuthChallenge",
	}, operations(srv))
}

// sentinels are the package's Err… variables, by name.
var sentinels = map[string]error{
	"ErrCredentials": cognitomfa.ErrCredentials, "ErrTooManyAttempts": cognitomfa.ErrTooManyAttempts, "ErrUserDisabled": cognitomfa.ErrUserDisabled,
	"ErrPasswordReset": cognitomfa.ErrPasswordReset, "ErrNotConfirmed": cognitomfa.ErrNotConfirmed, "ErrPasswordPolicy": cognitomfa.ErrPasswordPolicy,
	"ErrAttribute": cognitomfa.ErrAttribute, "ErrCodeMismatch": cognitomfa.ErrCodeMismatch, "ErrCodeUsed": cognitomfa.ErrCodeUsed,
	"ErrMethod": cognitomfa.ErrMethod, "ErrSessionExpired": cognitomfa.ErrSessionExpired, "ErrSessionUsed": cognitomfa.ErrSessionUsed,
	"ErrAccessToken": cognitomfa.ErrAccessToken, "ErrRefreshToken": cognitomfa.ErrRefreshToken, "ErrMissingScope": cognitomfa.ErrMissingScope,
	"ErrNotEnrolled": cognitomfa.ErrNotEnrolled, "ErrNotEnabled": cognitomfa.ErrNotEnabled, "ErrTOTPDisabled": cognitomfa.ErrTOTPDisabled,
	"ErrDevice": cognitomfa.ErrDevice, "ErrLevel": cognitomfa.ErrLevel, "ErrMFARequired": cognitomfa.ErrMFARequired, "ErrUserNotFound": cognitomfa.ErrUserNotFound, "ErrSecretHash": cognitomfa.ErrSecretHash,
	"ErrConfig": cognitomfa.ErrConfig, "ErrRejected": cognitomfa.ErrRejected, "ErrThrottled": cognitomfa.ErrThrottled,
	"ErrUnavailable": cognitomfa.ErrUnavailable,
}

// declaredErrors lists the package's Err… variables, whichever files they are in.
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

// The README's table of errors has a row for each kind, with the step that NextStep returns.
func TestReadmeListsTheErrors(t *testing.T) {
	t.Parallel()
	declared := declaredErrors(t)
	rows := regexp.MustCompile("(?m)^\\| `(Err\\w+)` \\| .* \\| (.*) \\|$").FindAllStringSubmatch(readme(t), -1)
	var listed []string
	for _, row := range rows {
		listed = append(listed, row[1])
		want := "`" + string(cognitomfa.NextStep(&cognitomfa.Error{Op: "test", Kind: sentinels[row[1]]})) + "`"
		if row[1] == "ErrNotEnabled" {
			want = "that of its cause"
		}
		assert.Equal(t, want, row[2], row[1])
	}
	assert.ElementsMatch(t, declared, listed)
	for name := range sentinels {
		assert.Contains(t, declared, name)
	}
	assert.Len(t, sentinels, len(declared))
}
