package clients_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
)

// browse runs a program in a page. The program exports a function run that takes the settings.
func (d *desk) browse(program string) {
	d.t.Helper()
	ctx := chromium.Tab(d.t)
	bundle := filepath.Join(d.t.TempDir(), "bundle.js")
	out, err := exec.CommandContext(ctx, node(d.t), "node_modules/esbuild/bin/esbuild", program,
		"--bundle", "--format=esm", "--log-level=warning", "--outfile="+bundle).CombinedOutput()
	require.NoError(d.t, err, "esbuild:\n%s", out)
	d.control.HandleFunc("GET /bundle.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, bundle)
	})
	d.control.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>clients</title>`)
	})

	require.NoError(d.t, chromedp.Do(ctx, chromedp.Navigate(d.page)))
	settings, err := json.Marshal(d.settings)
	require.NoError(d.t, err)
	// Errors come back as text, with their stack.
	script := fmt.Sprintf("import('/bundle.js').then(({ run }) => run(%s))"+
		".then(() => '', (error) => error.stack ?? String(error))", settings)
	failure, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	require.NoError(d.t, err)
	require.Empty(d.t, failure, program)
}
