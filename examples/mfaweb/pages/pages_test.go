package pages_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/mfaweb/pages"
)

// get asks for a file as a browser of a language does.
func get(t *testing.T, method, path, language, etag string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	req.Header.Set("Accept-Language", language)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	rec := httptest.NewRecorder()
	pages.New().ServeHTTP(rec, req)
	return rec
}

var titles = map[string][2]string{
	"/":        {"Sign in", "サインイン"},
	"/code":    {"Enter the code", "コードの入力"},
	"/setup":   {"Set up two‑step sign‑in", "2段階認証の設定"},
	"/account": {"You are signed in", "サインインしました"},
}

// inline is what the pages' policy forbids: script and style inside a page.
var inline = regexp.MustCompile(`<script(>| [^>]*>[^<])|<style|\sstyle=|\son[a-z]+=|javascript:|https?:`)

func TestPages(t *testing.T) {
	for path, title := range titles {
		etags := make(map[string]bool)
		for i, language := range []string{"en", "ja"} {
			rec := get(t, http.MethodGet, path, language, "")
			assert.Equal(t, http.StatusOK, rec.Code)
			assert.Equal(t, "text/html; charset=utf-8", rec.Header().Get("Content-Type"))
			assert.Equal(t, language, rec.Header().Get("Content-Language"))
			assert.Equal(t, "Accept-Language", rec.Header().Get("Vary"))
			assert.Equal(t, "no-cache", rec.Header().Get("Cache-Control"))
			text := rec.Body.String()
			assert.Contains(t, text, `<html lang="`+language+`">`)
			assert.Contains(t, text, "<h1>"+title[i]+"</h1>")
			assert.NotContains(t, text, "<h1>"+title[1-i]+"</h1>")
			assert.NotRegexp(t, inline, text)

			etag := rec.Header().Get("Etag")
			etags[etag] = true
			again := get(t, http.MethodGet, path, language, etag)
			assert.Equal(t, http.StatusNotModified, again.Code)
			assert.Empty(t, again.Body)
			head := get(t, http.MethodHead, path, language, "")
			assert.Equal(t, http.StatusOK, head.Code)
			assert.Empty(t, head.Body)
		}
		assert.Len(t, etags, 2, "the languages must not be taken for one another")
	}
}

func TestFiles(t *testing.T) {
	for path, want := range map[string]string{
		"/static/app.js":    "text/javascript; charset=utf-8",
		"/static/style.css": "text/css; charset=utf-8",
		"/static/icon.svg":  "image/svg+xml",
	} {
		rec := get(t, http.MethodGet, path, "en", "")
		assert.Equal(t, http.StatusOK, rec.Code)
		assert.Equal(t, want, rec.Header().Get("Content-Type"))
		assert.NotEmpty(t, rec.Header().Get("Etag"))
		assert.NotEmpty(t, rec.Body)
	}
}

func TestNotFound(t *testing.T) {
	for _, path := range []string{"/nowhere", "/static/", "/static/../html/layout.html", "/html/layout.html", "/signin.html", "/static/app.js.map"} {
		rec := get(t, http.MethodGet, path, "ja", "")
		assert.Contains(t, []int{http.StatusNotFound, http.StatusTemporaryRedirect, http.StatusMovedPermanently}, rec.Code, path)
		assert.NotContains(t, rec.Body.String(), "{{", path)
	}
	rec := get(t, http.MethodGet, "/nowhere", "ja", "")
	assert.Equal(t, http.StatusNotFound, rec.Code)
	assert.Contains(t, rec.Body.String(), "ページがありません")
	assert.Empty(t, get(t, http.MethodHead, "/nowhere", "ja", "").Body)
}

// The script finds the elements and sentences that it asks for.
func TestScript(t *testing.T) {
	script, err := os.ReadFile("static/app.js")
	require.NoError(t, err)
	var all string
	for path := range titles {
		all += get(t, http.MethodGet, path, "en", "").Body.String()
	}
	asked := 0
	for _, use := range regexp.MustCompile(`(?:\$|(text))\('([\w-]+)'\)`).FindAllSubmatch(script, -1) {
		id := string(use[2])
		if len(use[1]) > 0 {
			id = "say-" + id
		}
		assert.Contains(t, all, `id="`+id+`"`)
		asked++
	}
	assert.Greater(t, asked, 20)
}
