// Package pages has the pages of the web demo, in English and Japanese. They use the interface of
// package mfaweb and are served from the same place. Script and style are separate files, so the
// pages work under a strict content security policy. All addresses in them are relative, so they
// also work below a base path.
//
// Each page has three addresses: /setup is in the language that the browser prefers, /en/setup and
// /ja/setup are in one language.
//
// It is a separate package because html/template calls methods by name, which keeps the linker from
// removing unused exported methods. Most Lambda functions do without it.
package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

//go:embed html static
var files embed.FS

var languages = []string{mfaweb.English, mfaweb.Japanese}

// addresses maps the address of each page to its name, which is also that of its file.
var addresses = map[string]string{
	"":         "signin",
	"password": "password",
	"method":   "method",
	"code":     "code",
	"setup":    "setup",
	"account":  "account",
}

// New returns the handler of the pages and of the files that they load. For all other addresses it
// responds with a not-found page.
func New() http.Handler {
	mux := http.NewServeMux()
	for address, name := range addresses {
		pattern := address
		if address == "" {
			pattern = "{$}"
		}
		chosen := make(map[string]*file, len(languages))
		for _, lang := range languages {
			shown := view{Page: name, Address: address, Lang: lang}
			chosen[lang] = newFile(name+".html", render(shown))
			shown.Root = "../"
			fixed := newFile(name+".html", render(shown))
			mux.Handle("/"+lang+"/"+pattern, inLanguage(lang, fixed))
		}
		mux.HandleFunc("/"+pattern, func(w http.ResponseWriter, r *http.Request) {
			lang := mfaweb.Language(r)
			w.Header().Add("Vary", "Accept-Language")
			inLanguage(lang, chosen[lang]).ServeHTTP(w, r)
		})
	}
	for _, name := range []string{"app.js", "style.css", "icon.svg"} {
		text, err := fs.ReadFile(files, "static/"+name)
		if err != nil {
			panic(err) // It is compiled in.
		}
		mux.Handle("/static/"+name, newFile(name, text))
	}
	mux.HandleFunc("/", notFound)
	return mux
}

// file is a text that does not change while the program runs.
type file struct {
	name string // for its type
	text []byte
	etag string
}

func newFile(name string, text []byte) *file {
	sum := sha256.Sum256(text)
	return &file{name: name, text: text, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP lets browsers cache the file and revalidate it each time.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Etag", f.etag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.text))
}

// inLanguage returns the handler of a page in one language.
func inLanguage(lang string, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Language", lang)
		page.ServeHTTP(w, r)
	})
}

// view is a page at one address.
type view struct {
	Page    string // its name
	Address string // where it is, in the folder of its language
	Lang    string
	Root    string // path from that folder to the root: "" or "../"
}

// Other is the language that the page is not in.
func (v view) Other() string {
	if v.Lang == mfaweb.English {
		return mfaweb.Japanese
	}
	return mfaweb.English
}

// render executes a page's template, in which t picks the text in the page's language.
func render(v view) []byte {
	pick := func(en, ja string) string {
		if v.Lang == mfaweb.Japanese {
			return ja
		}
		return en
	}
	var out bytes.Buffer
	parsed, err := template.New(v.Page).Funcs(template.FuncMap{"t": pick}).
		ParseFS(files, "html/layout.html", "html/"+v.Page+".html")
	if err == nil {
		err = parsed.ExecuteTemplate(&out, "layout", v)
	}
	if err != nil {
		panic(fmt.Sprintf("the page %s: %v", v.Page, err)) // It is compiled in.
	}
	return out.Bytes()
}

// notFound responds with the not-found page, at any depth.
func notFound(w http.ResponseWriter, r *http.Request) {
	folder, _, deeper := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	lang := mfaweb.Language(r)
	for _, fixed := range languages {
		if deeper && folder == fixed {
			lang = fixed
		}
	}
	root := "/"
	if depth := strings.Count(r.URL.Path, "/") - 1; depth < 16 {
		root = strings.Repeat("../", max(depth, 0))
	}
	h := w.Header()
	h.Set("Content-Language", lang)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		// An error means that the client is gone.
		_, _ = w.Write(render(view{Page: "notfound", Lang: lang, Root: root}))
	}
}
