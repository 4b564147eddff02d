package cognitomfa_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/cognitomfa/cognitomfa/token"
)

// A program that imports the library starts no later for it: the runtime lists the packages that have anything to do at the start, and none of the
// library's is among them.
func TestNoPackageWorksAtInit(t *testing.T) {
	t.Parallel()
	own, err := os.Executable()
	require.NoError(t, err)
	program := exec.CommandContext(t.Context(), own, "-test.run=^$")
	program.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := program.CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(trace), "init github.com/aws/smithy-go", "there is a trace")
	for _, name := range []string{"", "/otpauth", "/qr", "/token", "/cognitotest"} {
		assert.NotRegexp(t, "(?m)^init github.com/cognitomfa/cognitomfa"+name+" @", name)
	}
}
