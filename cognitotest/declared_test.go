package cognitotest_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// undeclared are errors that operations answer although the model does not declare them.
var undeclared = map[string]string{
	"AdminCreateUser AliasExists":         "documented, with ForceAliasCreation",
	"VerifySoftwareToken ExpiredCode":     "a code that was used already is refused as at the sign-in; what the service says here nobody has seen",
	"AdminGetDevice UserNotFound":         "the other calls about devices declare it",
	"AdminListDevices UserNotFound":       "the other calls about devices declare it",
	"AssociateSoftwareToken UserNotFound": "the other calls with an access token declare it",
	"GlobalSignOut UserNotFound":          "the other calls with an access token declare it",
	"SignUp AliasExists":                  "a preferred_username that is taken; the other aliases wait for their confirmation",
}

// ofAnyOperation are errors of the protocol, which come before an operation is looked at.
var ofAnyOperation = []string{"MissingAuthenticationToken", "RequestEntityTooLarge", "Serialization", "UnknownOperation"}

// declared reads what errors the service's model declares, by operation, as botocore 1.43.11 has it in
// data/cognito-idp/2016-04-18/service-2.json. Operations that are newer than that are not in it.
func declared(tb testing.TB) map[string][]string {
	tb.Helper()
	text, err := os.ReadFile("testdata/declared.txt")
	require.NoError(tb, err)
	table := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		operation, errors, found := strings.Cut(line, ":")
		require.True(tb, found, line)
		table[operation] = strings.Fields(errors)
	}
	return table
}

// checkDeclared fails a test in which the server answered an error that the operation does not declare: programs are not ready for it.
func checkDeclared(tb testing.TB, f fake) {
	tb.Helper()
	table := declared(tb)
	for _, call := range f.Calls() {
		name := strings.TrimSuffix(call.Error, "Exception")
		if name == "" || call.Faulted || slices.Contains(ofAnyOperation, name) || undeclared[call.Operation+" "+name] != "" {
			continue
		}
		if errors, known := table[call.Operation]; known {
			assert.Contains(tb, errors, name, "%s", call.Operation)
		}
	}
}

func TestUndeclared(t *testing.T) {
	t.Parallel()
	table := declared(t)
	assert.Contains(t, table["RespondToAuthChallenge"], "CodeMismatch")
	for pair := range undeclared {
		operation, name, _ := strings.Cut(pair, " ")
		require.NotEmpty(t, table[operation])
		assert.NotContains(t, table[operation], name, "it is declared by now")
	}
}
