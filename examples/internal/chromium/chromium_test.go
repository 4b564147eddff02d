package chromium_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
)

func TestMain(m *testing.M) {
	code := m.Run()
	chromium.Stop()
	os.Exit(code)
}

// Tabs do not share storage or languages.
func TestTab(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Accept-Language"))
	}))
	t.Cleanup(site.Close)
	first, second := chromium.Tab(t), chromium.Tab(t)
	require.NoError(t, chromium.SetLanguage(second, "ja-JP"))
	for _, tab := range []context.Context{first, second} {
		require.NoError(t, chromedp.Do(tab, chromedp.Navigate(site.URL)))
		kept, err := chromedp.Run(tab, chromedp.Evaluate[string](
			"localStorage.kept + (localStorage.kept = ' something')"))
		require.NoError(t, err)
		assert.Equal(t, "undefined something", kept)
	}
	text, err := chromedp.Run(first, chromedp.Text(chromedp.CSS("body")))
	require.NoError(t, err)
	assert.Regexp(t, "^en", text)
	text, err = chromedp.Run(second, chromedp.Text(chromedp.CSS("body")))
	require.NoError(t, err)
	assert.Regexp(t, "^ja-JP", text)
}

// If an element never appears, the error says what the page showed.
func TestSee(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(chromium.Tab(t))
	var looks atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/look" {
			if looks.Add(1) == 2 {
				cancel()
			}
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<p>Sign in</p><p id="late" hidden>Signed in</p><script>
			Object.defineProperty(document.body, 'innerText', { get() {
				fetch('/look')
				return document.querySelector('p').innerText
			} })</script>`)
	}))
	t.Cleanup(site.Close)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(site.URL+"/page")))
	require.NoError(t, chromium.See(ctx, "p"))
	err := chromium.See(ctx, "#late")
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "there is no #late; there is /page: Sign in")
}
