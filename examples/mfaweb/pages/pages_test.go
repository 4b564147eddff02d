package pages_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/mfaweb/pages"
)

// handler is shared because rendering all pages takes a while.
var handler = pages.New()

// get requests a file like a browser that prefers a language.
func get(t *testing.T, method, path, language, etag string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	req.Header.Set("Accept-Language", language)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	return rec
}

var titles = map[string][2]string{
	"/":         {"Sign in", "サインイン"},
	"/password": {"Choose a new password", "新しいパスワードの設定"},
	"/method":   {"Choose how to get a code", "確認コードの受け取り方法"},
	"/code":     {"Enter the code", "確認コードの入力"},
	"/setup":    {"Set up two‑step sign‑in", "2段階認証の設定"},
	"/account":  {"Your account", "アカウント"},
}

// inline matches what must not be in a page: inline scripts and styles, which the policy forbids,
// and absolute addresses, which would leave a base path.
var inline = regexp.MustCompile(
	`<script(>| [^>]*>[^<])|<style|\sstyle=|\son[a-z]+=|javascript:|https?:|(href|src|action)="/`,
)

func TestPages(t *testing.T) {
	for path, title := range titles {
		etags := make(map[string]bool)
		for i, language := range []string{"en", "ja"} {
			rec := get(t, http.MethodGet, path, language, "")
			assert.Equal(t, "Accept-Language", rec.Header().Get("Vary"))
			assert.Contains(t, rec.Body.String(), `data-root=""`)
			fixed := get(t, http.MethodGet, "/"+language+path, []string{"ja", "en"}[i], "")
			assert.Empty(t, fixed.Header().Get("Vary"))
			assert.Contains(t, fixed.Body.String(), `src="../static/app.js"`)
			for _, rec := range []*httptest.ResponseRecorder{rec, fixed} {
				assert.Equal(t, http.StatusOK, rec.Code)
				assert.Equal(t, "text/html; charset=utf-8", rec.Header().Get("Content-Type"))
				assert.Equal(t, language, rec.Header().Get("Content-Language"))
				assert.Equal(t, "no-cache", rec.Header().Get("Cache-Control"))
				text := rec.Body.String()
				assert.Contains(t, text, `<html lang="`+language+`">`)
				assert.Contains(t, text, "<h1>"+title[i]+"</h1>")
				assert.NotContains(t, text, "<h1>"+title[1-i]+"</h1>")
				assert.NotRegexp(t, inline, text)
				etags[rec.Header().Get("Etag")] = true
			}

			again := get(t, http.MethodGet, path, language, rec.Header().Get("Etag"))
			assert.Equal(t, http.StatusNotModified, again.Code)
			assert.Empty(t, again.Body)
			head := get(t, http.MethodHead, path, language, "")
			assert.Equal(t, http.StatusOK, head.Code)
			assert.Empty(t, head.Body)
		}
		assert.Len(t, etags, 4, "every page has its own ETag")
	}
}

// Each page links to itself in the other language.
func TestLanguageSwitch(t *testing.T) {
	for path := range titles {
		page := strings.TrimPrefix(path, "/")
		for address, want := range map[string]string{
			path:         `<a id="language" href="ja/` + page + `" lang="ja"`,
			"/en" + path: `<a id="language" href="../ja/` + page + `" lang="ja"`,
			"/ja" + path: `<a id="language" href="../en/` + page + `" lang="en"`,
		} {
			assert.Contains(t, get(t, http.MethodGet, address, "en", "").Body.String(), want)
		}
	}
}

// Forms do nothing before the script has loaded: all buttons are disabled, so Enter does not submit
// either.
func TestFormsWaitForScript(t *testing.T) {
	buttons := regexp.MustCompile(`<button[^>]*>`)
	forms := regexp.MustCompile(
		`(?s)<form [^>]*>(?:[^<]|<[^/]|</[^f]|</fi)*?class="error" role="alert"`,
	)
	for path := range titles {
		text := get(t, http.MethodGet, path, "en", "").Body.String()
		found := buttons.FindAllString(text, -1)
		require.NotEmpty(t, found, path)
		for _, button := range found {
			if strings.Contains(button, `type="button"`) {
				assert.Regexp(t, `\shidden[ >]`, button)
			} else {
				assert.Contains(t, button, "<button disabled ")
			}
		}
		assert.NotContains(t, text, `method="get"`, "passwords and codes stay out of addresses")
		assert.Equal(t, strings.Count(text, "<form "), strings.Count(text, `method="post"`))
		assert.Equal(t, len(forms.FindAllString(text, -1)), strings.Count(text, "<form "),
			"each form has a place for its errors: %s", path)
		assert.Contains(t, text, "<noscript>")
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
	for _, path := range []string{
		"/nowhere", "/static/", "/static/../html/layout.html", "/html/layout.html", "/signin.html",
		"/static/app.js.map", "/de/setup", "/ja/nowhere",
	} {
		rec := get(t, http.MethodGet, path, "ja", "")
		assert.Contains(t, []int{
			http.StatusNotFound, http.StatusTemporaryRedirect, http.StatusMovedPermanently,
		}, rec.Code, path)
		assert.NotContains(t, rec.Body.String(), "{{", path)
	}
	rec := get(t, http.MethodGet, "/nowhere", "ja", "")
	assert.Equal(t, http.StatusNotFound, rec.Code)
	assert.Contains(t, rec.Body.String(), "ページが見つかりません")
	assert.Empty(t, get(t, http.MethodHead, "/nowhere", "ja", "").Body)
}

// The not-found page finds its style sheet and the way back at any depth.
func TestNotFoundAtAnyDepth(t *testing.T) {
	for path, want := range map[string][2]string{
		"/nowhere":                         {`href="./"`, `href="static/style.css"`},
		"/no/where":                        {`href="../"`, `href="../static/style.css"`},
		"/no/where/":                       {`href="../../"`, `href="../../static/style.css"`},
		strings.Repeat("/no", 1000) + "/x": {`href="/"`, `href="/static/style.css"`},
	} {
		text := get(t, http.MethodGet, path, "en", "").Body.String()
		assert.Contains(t, text, want[0])
		assert.Contains(t, text, want[1])
	}
	assert.Contains(
		t, get(t, http.MethodGet, "/ja/nowhere", "en", "").Body.String(), `<html lang="ja">`,
	)
}

// The pages have all elements and texts that the script uses.
func TestScript(t *testing.T) {
	script, err := os.ReadFile("static/app.js")
	require.NoError(t, err)
	var all string
	for path := range titles {
		all += get(t, http.MethodGet, path, "en", "").Body.String()
	}
	asked := 0
	uses := regexp.MustCompile(`(?:\$|(text|entitle))\('([\w-]+)'\)`)
	for _, use := range uses.FindAllSubmatch(script, -1) {
		id := string(use[2])
		if len(use[1]) > 0 {
			id = "say-" + id
		}
		assert.True(t, strings.Contains(all, `id="`+id+`"`), "no page has an element %s", id)
		asked++
	}
	assert.Greater(t, asked, 40)
}
