package tooltest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// double records how a test would end.
type double struct {
	*testing.T
	ended    string
	deadline time.Time
	cleanups []func()
}

func (d *double) Skipf(format string, args ...any) {
	d.ended += "skip: " + fmt.Sprintf(format, args...)
}

func (d *double) Fatalf(format string, args ...any) {
	d.ended += "fatal: " + fmt.Sprintf(format, args...)
}

func (d *double) Errorf(format string, args ...any) {
	d.ended += "error: " + fmt.Sprintf(format, args...)
}
func (d *double) Deadline() (time.Time, bool) { return d.deadline, !d.deadline.IsZero() }
func (d *double) Cleanup(f func())            { d.cleanups = append(d.cleanups, f) }

// end runs the cleanups, as at the end of a test.
func (d *double) end() {
	for _, f := range slices.Backward(d.cleanups) {
		f()
	}
}

// program writes a shell script to a folder and returns its path.
func program(t *testing.T, folder, name, script string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	return path
}

func TestNeed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs are shell scripts")
	}
	folder := t.TempDir()
	path := program(t, folder, "scanner", "exit 1")
	t.Setenv("PATH", folder)
	t.Setenv(tooltest.Require, "")
	d := &double{T: t}
	assert.Equal(t, path, tooltest.Need(d, "scan-tools", "other-scanner", "scanner"))
	assert.Empty(t, d.ended)

	const advice = "zero or none is missing: " +
		"run make packages, or install the Debian package zero-tools"
	assert.Empty(t, tooltest.Need(d, "zero-tools", "zero", "none"))
	assert.Equal(t, "skip: "+advice, d.ended)
	t.Setenv(tooltest.Require, "1")
	d = &double{T: t}
	assert.Empty(t, tooltest.Need(d, "zero-tools", "zero", "none"))
	assert.Equal(t, "fatal: "+advice, d.ended)
}

// The first program that works is used.
func TestNeedWorking(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs are shell scripts")
	}
	none, shim, good := t.TempDir(), t.TempDir(), t.TempDir()
	program(t, shim, "cognitomfa-python", "exit 127")
	path := program(t, good, "cognitomfa-python", `[ "$1 $2" = "-c import boto3" ]`)
	t.Setenv("PATH", none+string(filepath.ListSeparator)+shim+string(filepath.ListSeparator)+good)
	t.Setenv(tooltest.Require, "")
	d := &double{T: t}
	assert.Equal(t, path, tooltest.NeedWorking(d,
		"python3-boto3", "boto3", "cognitomfa-python", "-c", "import boto3"))
	assert.Empty(t, d.ended)
	assert.Empty(t, tooltest.NeedWorking(d,
		"python3-segno", "segno", "cognitomfa-python", "-c", "import segno"))
	assert.Equal(t, "skip: segno is missing: "+
		"run make packages, or install the Debian package python3-segno", d.ended)
}

// Without a limit, or far from it, the context ends with the test.
func TestContext(t *testing.T) {
	t.Parallel()
	for name, deadline := range map[string]time.Time{
		"no limit": {}, "far limit": time.Now().Add(time.Hour),
	} {
		d := &double{T: t, deadline: deadline}
		ctx := tooltest.Context(d)
		d.Cleanup(func() { assert.NoError(t, ctx.Err(), name) })
		d.end()
		assert.ErrorIs(t, ctx.Err(), context.Canceled, name)
		assert.Empty(t, d.ended, name)
	}
}

// A reader sees whole writes, even while others write.
func TestBuffer(t *testing.T) {
	t.Parallel()
	var b tooltest.Buffer
	assert.Empty(t, b.String())
	var writers sync.WaitGroup
	for range 10 {
		writers.Go(func() {
			n, err := b.Write([]byte("line\n"))
			assert.NoError(t, err)
			assert.Equal(t, 5, n)
			assert.Zero(t, len(b.String())%5)
		})
	}
	writers.Wait()
	assert.Equal(t, strings.Repeat("line\n", 10), b.String())
}

// The context ends before go test stops the test, and the test says why.
func TestContextNearTheLimit(t *testing.T) {
	t.Parallel()
	d := &double{T: t, deadline: time.Now()}
	<-tooltest.Context(d).Done()
	d.end()
	assert.Equal(t, "error: the test was stopped near the time limit of go test; "+
		"-timeout sets another", d.ended)
}

func TestUntil(t *testing.T) {
	t.Parallel()
	d := &double{T: t}
	tries := 0
	tooltest.Until(d, "three tries", func() bool {
		tries++
		return tries == 3
	})
	assert.Equal(t, 3, tries)
	d.end()
	assert.Empty(t, d.ended)

	d = &double{T: t, deadline: time.Now()}
	tooltest.Until(d, "a miracle", func() bool { return false })
	assert.Equal(t, "fatal: waited for a miracle", d.ended)
}
