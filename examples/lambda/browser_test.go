package lambda_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
	"github.com/cognitomfa/cognitomfa/examples/lambda/runtimeapi"
)

// httpAPI starts an HTTP API with a named stage in front of the functions.
func httpAPI(s *service, stage string) *httptest.Server {
	functions := map[string]*runtimeapi.Function{"pages": s.function("pages")}
	for _, name := range names {
		functions[name] = s.function(name)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(s.t, err)
		headers := map[string]string{}
		for name, values := range r.Header {
			headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
		payload, err := json.Marshal(map[string]any{
			"version": "2.0", "rawPath": r.URL.Path, "headers": headers, "body": string(body),
			"requestContext": map[string]any{
				"stage": stage, "http": map[string]any{"method": r.Method, "path": r.URL.Path},
			},
		})
		assert.NoError(s.t, err)
		name := strings.TrimPrefix(r.URL.Path, "/"+stage+"/")
		if functions[name] == nil {
			name = "pages"
		}
		result, err := functions[name].Invoke(r.Context(), runtimeapi.Invocation{
			ID: "request-browser", Payload: payload,
		})
		var out struct {
			StatusCode int
			Headers    map[string]string
			Body       string
		}
		if err != nil || json.Unmarshal(result.Payload, &out) != nil || out.StatusCode == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		for name, value := range out.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(out.StatusCode)
		_, _ = io.WriteString(w, out.Body)
	}))
	s.t.Cleanup(server.Close)
	return server
}

// The pages work below a stage, from sign-in to sign-out.
func TestBrowser(t *testing.T) {
	ctx := chromium.Tab(t)
	var mu sync.Mutex
	var requests []string
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			defer mu.Unlock()
			requests = append(requests, sent.Request.URL)
		}
	}))

	s := newService(t, nil)
	base := httpAPI(s, "prod").URL + "/prod"
	see := func(page, selector string) {
		t.Helper()
		require.NoError(t, chromium.See(ctx, "body[data-page="+page+"] "+selector))
	}
	fill := func(id, text string) {
		t.Helper()
		focus := fmt.Sprintf("document.getElementById(%q).select()", id)
		_, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](focus))
		require.NoError(t, err)
		require.NoError(t, chromedp.Do(ctx, chromedp.KeyEvent(text)))
	}
	click := func(selector string) {
		t.Helper()
		require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))))
	}
	signIn := func() {
		t.Helper()
		see("signin", "#username")
		fill("username", userName)
		fill("password", password)
		click("form button:not([type])")
	}

	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(base))) // without a slash at the end
	signIn()
	see("account", "#set-up")
	click("#set-up")
	see("setup", "#qr")
	fill("code", s.cognito.Code(userName))
	click("form button:not([type])")
	see("account", "#mfa-on")
	click("#sign-out button")
	signIn()
	see("code", "#code")
	fill("code", s.cognito.NextCode(userName))
	click("form button:not([type])")
	see("account", "#mfa-on")
	click("#replace")
	see("setup", "#qr")
	click("#cancel")
	see("account", "#mfa-on")

	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, requests)
	for _, address := range requests {
		ours := address == base || strings.HasPrefix(address, base+"/")
		assert.True(t, ours || strings.HasPrefix(address, "data:"), "outside: %s", address)
	}
}
