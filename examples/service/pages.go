package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	textlanguage "golang.org/x/text/language"
)

//go:embed pages
var files embed.FS

var languages = textlanguage.NewMatcher([]textlanguage.Tag{
	textlanguage.English, textlanguage.Japanese,
})

// ownPath matches paths of pages. Browsers take some paths that begin with a slash as another site.
var ownPath = regexp.MustCompile(`^/[a-z-]*$`)

// language returns the language chosen by link, or else the one that the browser prefers.
func (s *service) language(r *http.Request) string {
	chosen := ""
	if cookie, err := r.Cookie(s.cookie("language")); err == nil {
		chosen = cookie.Value
	}
	tag, _ := textlanguage.MatchStrings(languages, chosen, r.Header.Get("Accept-Language"))
	base, _ := tag.Base()
	return base.String()
}

func (x *exchange) chooseLanguage() (reply, error) {
	cookie := x.newCookie("language", x.r.PathValue("tag"), 365*24*time.Hour)
	x.cookies = append(x.cookies, cookie)
	if back := x.r.FormValue("back"); ownPath.MatchString(back) {
		return redirect(back)
	}
	return redirect("/")
}

// texts has the texts of the pages by name and language.
var texts = func() map[string]map[string]string {
	data, err := files.ReadFile("pages/texts.json")
	if err != nil {
		panic(err)
	}
	var all map[string]map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		panic(err)
	}
	return all
}()

// pages has the templates by language and name.
var pages = func() map[string]map[string]*template.Template {
	all := make(map[string]map[string]*template.Template)
	for _, lang := range []string{"en", "ja"} {
		all[lang] = make(map[string]*template.Template)
		funcs := template.FuncMap{
			"text": func(name string, values ...any) (string, error) {
				text, ok := texts[name][lang]
				if !ok {
					return "", fmt.Errorf("there is no text %q", name)
				}
				if len(values) == 0 || !strings.Contains(text, "%") {
					return text, nil
				}
				return fmt.Sprintf(text, values...), nil
			},
			// A method or an attribute may be one that has no text.
			"label": func(prefix string, name any) string {
				return cmp.Or(texts[prefix+fmt.Sprint(name)][lang], fmt.Sprint(name))
			},
			"lang": func() string { return lang },
		}
		names, err := files.ReadDir("pages")
		if err != nil {
			panic(err)
		}
		for _, file := range names {
			name, isPage := strings.CutSuffix(file.Name(), ".html")
			if isPage && name != "layout" {
				all[lang][name] = template.Must(template.New("layout.html").Funcs(funcs).
					ParseFS(files, "pages/layout.html", "pages/"+file.Name()))
			}
		}
	}
	return all
}()

// view is the data of every template.
type view struct {
	Page, Path      string
	Login           *login // nil if nobody is signed in
	Support         bool   // the user may use the support desk's pages
	Problem, Notice string
	Incident        string
	Minutes         int // the time to wait
	Data            any
}

// write writes a page, or redirects.
func (x *exchange) write(w http.ResponseWriter, rep reply) {
	if rep.redirect != "" {
		http.Redirect(w, x.r, rep.redirect, http.StatusSeeOther)
		return
	}
	v := view{
		Page: rep.page, Path: x.r.URL.Path, Login: x.login,
		Support: x.login != nil && x.login.support(), Problem: rep.problem, Notice: rep.notice,
		Incident: rep.incident, Data: rep.data,
		Minutes: int(math.Ceil(rep.wait.Minutes())),
	}
	if x.r.Method != http.MethodGet || rep.page == "message" {
		v.Path = "/" // where the language link returns to
	}
	var page bytes.Buffer
	if err := pages[x.lang][rep.page].Execute(&page, v); err != nil {
		x.log.Error("page", "page", rep.page, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", x.lang)
	if rep.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(rep.wait.Seconds()))))
	}
	if rep.status != 0 {
		w.WriteHeader(rep.status)
	}
	_, _ = w.Write(page.Bytes())
}

var style, styleTag = func() ([]byte, string) {
	data, err := files.ReadFile("pages/style.css")
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(data)
	return data, `"` + hex.EncodeToString(sum[:8]) + `"`
}()

func serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", styleTag)
	http.ServeContent(w, r, "style.css", time.Time{}, bytes.NewReader(style))
}
