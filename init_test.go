package cognitomfa_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/cognitomfa/cognitomfa/token"
)

// Importing the library must not slow down the start of a program: work such as compiling a regular
// expression waits until it is needed. The test reads the runtime's trace of package
// initialization. For comparison, the SDK's packages allocate about 750 kB in 4,500 objects.
func TestInitIsCheap(t *testing.T) {
	t.Parallel()
	own, err := os.Executable()
	require.NoError(t, err)
	program := exec.CommandContext(t.Context(), own, "-test.run=^$")
	program.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := program.CombinedOutput()
	require.NoError(t, err)

	const module = "github.com/cognitomfa/cognitomfa"
	line := regexp.MustCompile(
		`(?m)^init (` + module + `\S*) @.* ms clock, (\d+) bytes, (\d+) allocs$`)
	seen := false
	for _, found := range line.FindAllStringSubmatch(string(trace), -1) {
		name := strings.TrimPrefix(found[1], module)
		switch {
		case name == "_test": // this package, which has work to do
			seen = true
			assert.NotEqual(t, "0", found[2], "the trace lists allocations")
			continue
		case strings.HasPrefix(name, "/cognitotest"): // for tests only
			continue
		}
		bytes, err := strconv.Atoi(found[2])
		require.NoError(t, err)
		allocs, err := strconv.Atoi(found[3])
		require.NoError(t, err)
		assert.LessOrEqual(t, bytes, 8<<10, found[0])
		assert.LessOrEqual(t, allocs, 16, found[0])
	}
	assert.True(t, seen, "the trace has no line for this package")
}
