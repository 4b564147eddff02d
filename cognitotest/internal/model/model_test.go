package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// operation returns an operation that has to be there.
func operation(tb testing.TB, name string) *model.Op {
	tb.Helper()
	op, known := model.Operation(name)
	require.True(tb, known, name)
	return op
}

func TestOperation(t *testing.T) {
	t.Parallel()
	op := operation(t, "AdminDeleteSoftwareToken")
	assert.True(t, op.Signed)
	assert.Equal(t, "AdminDeleteSoftwareTokenRequest", op.Input.Name)
	assert.True(t, op.Declares("UserNotConfirmedException"))
	assert.False(t, op.Declares("SoftwareTokenMFANotFoundException"))

	op = operation(t, "InitiateAuth")
	assert.False(t, op.Signed)
	assert.True(t, op.Declares("FeatureUnavailableInTierException"))
	assert.NotNil(t, op.Output)

	op = operation(t, "DeleteUser")
	assert.Nil(t, op.Output, "its response has no body")

	_, known := model.Operation("getUser")
	assert.False(t, known, "names count in their case")
}
