package cognitomfa_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fidelityRow is a row of the tables in cognitotest/FIDELITY.md.
type fidelityRow struct{ id, behavior, follows, sure, tests string }

var (
	rowPattern    = regexp.MustCompile(`^\| *[A-Z]-\d+ \|`)
	linkPattern   = regexp.MustCompile(`^\[([^\]]+)\]: (\S+)$`)
	sourcePattern = regexp.MustCompile(`\[([^\]]+)\]( \d{4}(?:-\d\d)?)?`)
)

// fidelityPage returns the rows of the page, and its links by name.
func fidelityPage(t *testing.T) (rows []fidelityRow, links map[string]string) {
	t.Helper()
	page, err := os.ReadFile("cognitotest/FIDELITY.md")
	require.NoError(t, err)
	links = map[string]string{}
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if rowPattern.MatchString(line) {
			cells := strings.Split(strings.Trim(line, "|"), " | ")
			require.Len(t, cells, 5, line)
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, fidelityRow{
				id: cells[0], behavior: cells[1], follows: cells[2],
				sure: cells[3], tests: cells[4],
			})
		}
		if link := linkPattern.FindStringSubmatch(line); link != nil {
			assert.NotContains(t, links, link[1], "the link is defined twice")
			links[link[1]] = link[2]
		}
	}
	require.Greater(t, len(rows), 100)
	return rows, links
}

// fidelityRows returns the IDs of the rows.
func fidelityRows(t *testing.T) map[string]bool {
	t.Helper()
	rows, _ := fidelityPage(t)
	ids := map[string]bool{}
	for _, row := range rows {
		ids[row.id] = true
	}
	return ids
}

// Each row of FIDELITY.md has a unique ID, names its sources with a link and a date, or says why
// the behavior was chosen, and gives a confidence.
func TestFidelityNamesItsSources(t *testing.T) {
	t.Parallel()
	rows, links := fidelityPage(t)
	seen, used := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		assert.False(t, seen[row.id], "there are two rows %s", row.id)
		seen[row.id] = true
		assert.NotEmpty(t, row.behavior, row.id)
		assert.Regexp(t, `^(high|medium|low|types high|type|–)`, row.sure, row.id)

		sources := sourcePattern.FindAllStringSubmatch(row.follows, -1)
		for _, source := range sources {
			used[source[1]] = true
			assert.Contains(t, links, source[1], "%s names a source without a link", row.id)
			assert.NotEmpty(t, source[2], "%s names a source without a date: %s", row.id, source[1])
		}
		if len(sources) == 0 {
			assert.Regexp(t, `^chosen: \S`, row.follows, "%s has no link, so it must say why", row.id)
		}
	}
	for name, link := range links {
		assert.True(t, used[name], "no row names %s", name)
		assert.True(t, strings.HasPrefix(link, "https://"), link)
	}
}

// Each row of FIDELITY.md names tests that exist. Rows that name TestFidelity have a question,
// which a real pool can answer.
func TestFidelityNamesItsTests(t *testing.T) {
	t.Parallel()
	there := testFunctions(t)
	rows, _ := fidelityPage(t)
	asked := map[string]bool{}
	for _, row := range rows {
		for name := range strings.SplitSeq(row.tests, ", ") {
			assert.True(t, there[name], "%s: there is no %s", row.id, name)
			asked[row.id] = asked[row.id] || name == "TestFidelity"
		}
	}
	for question, q := range questions {
		assert.True(t, asked[q.row], "%s does not name TestFidelity: %s", q.row, question)
	}
	for id, is := range asked {
		some := false
		for _, q := range questions {
			some = some || q.row == id
		}
		assert.Equal(t, is, some, "%s names TestFidelity, which asks nothing about it", id)
	}
}

// testFunctions returns the names of all tests in this module and the modules below it.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "node_modules" || name == "testdata"),
			entry.IsDir() && len(name) > 1 && name[0] == '.':
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			name := f.Name.Name
			if strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") {
				names[name] = true
			}
		}
		return nil
	}))
	return names
}
