package cognitomfa_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Dependabot checks only the folders on its list, so a new module must be on it.
func TestDependabotKnowsEveryModule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(".github/dependabot.yml")
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name == "node_modules",
			entry.IsDir() && len(name) > 1 && strings.HasPrefix(name, "."):
			return fs.SkipDir
		case name == "go.mod" || name == "package-lock.json":
			folder := path.Join("/", path.Dir(filepath.ToSlash(file)))
			assert.Contains(t, string(text), `- "`+folder+`"`+"\n", file)
		}
		return nil
	}))
}
