package cognitotest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	published "github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// undeclared are the errors of operations that the model does not declare.
var undeclared = map[string]string{
	"AdminDeleteSoftwareToken SoftwareTokenMFANotFound": "it is not known what a user without a token gives",
	"VerifySoftwareToken ExpiredCode": "a code that was used already is refused as at the sign-in; " +
		"what the service says here nobody has seen",
	"InitiateAuth MFAMethodNotFound":      "the other three calls that a sign-in is made of declare it",
	"AdminGetDevice UserNotFound":         "the other calls about devices declare it",
	"AdminListDevices UserNotFound":       "the other calls about devices declare it",
	"AssociateSoftwareToken UserNotFound": "the other calls with an access token declare it",
	"GlobalSignOut UserNotFound":          "the other calls with an access token declare it",
}

// ofAnyOperation are the errors of the protocol, which every operation can have.
var ofAnyOperation = []string{
	"Forbidden", "MissingAuthenticationToken", "RequestEntityTooLarge", "Serialization",
	"UnknownOperation",
}

// checkDeclared fails a test if the server sent an error that the operation does not declare, since
// programs would not expect it.
func checkDeclared(tb testing.TB, f fake) {
	tb.Helper()
	for _, call := range f.Calls() {
		name := strings.TrimSuffix(call.Error, "Exception")
		if name == "" || call.Faulted ||
			slices.Contains(ofAnyOperation, name) || undeclared[call.Operation+" "+name] != "" {
			continue
		}
		op, known := published.Operation(call.Operation)
		if assert.True(tb, known, call.Operation) {
			assert.True(tb, op.Declares(call.Error), "%s does not declare %s", call.Operation,
				call.Error)
		}
	}
}

func TestUndeclared(t *testing.T) {
	t.Parallel()
	for pair := range undeclared {
		operation, name, _ := strings.Cut(pair, " ")
		op, known := published.Operation(operation)
		require.True(t, known, operation)
		assert.False(t, op.Declares(name+"Exception"), "%s is declared by now", pair)
	}
}
