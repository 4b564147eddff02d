// Command pack builds the Lambda functions for both architectures. It packs each executable as the
// file bootstrap, which the runtime provided.al2023 starts, into dist/NAME-ARCHITECTURE.zip. Builds
// are reproducible with the same version of Go.
//
// Run it in the folder of the functions.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// functionNames are all functions in this folder.
const functionNames = "mfa,verify,signin,mfasignin,refresh,pages,authorizer,hello"

func main() {
	dist := flag.String("dist", "dist", "the `folder` that the archives are written to")
	functions := flag.String("functions", functionNames, "the `names` of the functions")
	flag.Parse()
	if err := run(context.Background(), *dist, strings.Split(*functions, ",")); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dist string, functions []string) error {
	if err := os.MkdirAll(dist, 0o750); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "pack")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	for _, name := range functions {
		for _, arch := range []string{"arm64", "amd64"} {
			bootstrap := filepath.Join(work, name+"-"+arch)
			if err := build(ctx, name, arch, bootstrap); err != nil {
				return fmt.Errorf("%s for %s: %w", name, arch, err)
			}
			archive, err := pack(bootstrap)
			if err != nil {
				return err
			}
			target := filepath.Join(dist, name+"-"+arch+".zip")
			if err := os.WriteFile(target, archive, 0o600); err != nil {
				return err
			}
			fmt.Printf("%s %d bytes\n", target, len(archive))
		}
	}
	return nil
}

// build compiles a function without symbols, the RPC protocol of the old Go runtime, paths and
// commit.
func build(ctx context.Context, name, arch, out string) error {
	//nolint:gosec // The names are those of this folder's functions.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-tags", "lambda.norpc", "-ldflags", "-s -w -buildid=", "-o", out, "./"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch,
		"GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, strings.TrimSpace(string(text)))
	}
	return nil
}

// pack returns a ZIP archive with the file as an executable bootstrap, with the oldest date of the
// format.
func pack(file string) ([]byte, error) {
	text, err := os.ReadFile(file) //nolint:gosec // The file is the one just built.
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	header := &zip.FileHeader{
		Name:     "bootstrap",
		Method:   zip.Deflate,
		Modified: time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC),
	}
	header.SetMode(0o755)
	entry, err := z.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := entry.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}
