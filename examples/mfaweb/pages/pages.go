// Package pages holds the pages of the web demo, in English and Japanese: sign in, set MFA up, enter the code, and who is signed in. They speak the
// interface of package mfaweb and are to be served from where it is. Their one script and one style sheet are files of their own, so that they
// work under a policy that allows nothing else.
//
// It is a package apart because html/template calls methods by their names, so that the linker cannot leave any exported method out of a program that
// has it. The Lambda functions do without.
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
	"time"

	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

//go:embed html static
var files embed.FS

// addresses are where the pages are found; the name is that of the file.
var addresses = map[string]string{"/": "signin", "/setup": "setup", "/code": "code", "/account": "account"}

// New returns the handler of the pages and of the files that they load. It answers everything else with a page that says that nothing is there.
func New() http.Handler {
	mux := http.NewServeMux()
	for address, name := range addresses {
		if address == "/" {
			address = "/{$}"
		}
		mux.Handle(address, newPage(name))
	}
	for _, name := range []string{"app.js", "style.css", "icon.svg"} {
		text, err := fs.ReadFile(files, "static/"+name)
		if err != nil {
			panic(err) // It is compiled in.
		}
		mux.Handle("/static/"+name, newFile(name, text))
	}
	mux.Handle("/", missing{newPage("notfound")})
	return mux
}

// file is a text that never changes while the program runs.
type file struct {
	name string // for its type
	text []byte
	etag string
}

func newFile(name string, text []byte) *file {
	sum := sha256.Sum256(text)
	return &file{name, text, `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP lets browsers keep the file if they ask each time whether it is still the same.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Etag", f.etag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.text))
}

// page is one page in all languages.
type page map[string]*file

// newPage fills in the page's template. In it, t picks from two texts the one in the page's language.
func newPage(name string) page {
	p := make(page)
	for _, lang := range []string{mfaweb.English, mfaweb.Japanese} {
		funcs := template.FuncMap{
			"lang": func() string { return lang },
			"t": func(en, ja string) string {
				if lang == mfaweb.Japanese {
					return ja
				}
				return en
			},
		}
		var out bytes.Buffer
		parsed := template.Must(template.New(name).Funcs(funcs).ParseFS(files, "html/layout.html", "html/"+name+".html"))
		if err := parsed.ExecuteTemplate(&out, "layout", name); err != nil {
			panic(fmt.Sprintf("the page %s: %v", name, err)) // It is compiled in.
		}
		p[lang] = newFile(name+".html", out.Bytes())
	}
	return p
}

func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lang := mfaweb.Language(r)
	w.Header().Set("Content-Language", lang)
	w.Header().Add("Vary", "Accept-Language")
	p[lang].ServeHTTP(w, r)
}

// missing is a page that says that nothing is there.
type missing struct{ page }

func (m missing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lang := mfaweb.Language(r)
	h := w.Header()
	h.Set("Content-Language", lang)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = w.Write(m.page[lang].text) // Whom it does not reach has gone.
	}
}
