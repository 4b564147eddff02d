package lambda_test

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each archive has one static, stripped executable for the architecture in its name.
func TestArchives(t *testing.T) {
	for _, name := range slices.Concat(names, others) {
		for arch, machine := range map[string]elf.Machine{
			"arm64": elf.EM_AARCH64, "amd64": elf.EM_X86_64,
		} {
			t.Run(name+" "+arch, func(t *testing.T) {
				archive, err := zip.OpenReader(filepath.Join(dist, name+"-"+arch+".zip"))
				require.NoError(t, err)
				defer func() { _ = archive.Close() }()
				require.Len(t, archive.File, 1)
				file := archive.File[0]
				assert.Equal(t, "bootstrap", file.Name)
				assert.Equal(t, os.FileMode(0o755), file.Mode())
				entry, err := file.Open()
				require.NoError(t, err)
				text, err := io.ReadAll(entry)
				require.NoError(t, err)
				executable, err := elf.NewFile(bytes.NewReader(text))
				require.NoError(t, err)
				assert.Equal(t, machine, executable.Machine)
				assert.Nil(t, executable.Section(".symtab"))
				assert.Nil(t, executable.Section(".debug_info"))
				assert.Nil(t, executable.Section(".interp"), "it needs no loader")
			})
		}
	}
}

// Two builds give the same bytes.
func TestReproducible(t *testing.T) {
	again := t.TempDir()
	require.NoError(t, pack(t.Context(), again, "-functions", "mfa"))
	for _, archive := range []string{"mfa-arm64.zip", "mfa-amd64.zip"} {
		first, err := os.ReadFile(filepath.Join(dist, archive))
		require.NoError(t, err)
		second, err := os.ReadFile(filepath.Join(again, archive))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(first, second), archive)
	}
}
