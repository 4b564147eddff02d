package lambda_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// page is a response of the function that serves the pages.
type page struct {
	status int
	header http.Header
	body   string
}

// get requests a page with a recorded event, after change if there is one.
func (s *service) get(format string, r request, change func(e map[string]any)) page {
	s.t.Helper()
	r.method = http.MethodGet
	payload := event(s.t, format, "pages", r)
	if change != nil {
		var e map[string]any
		require.NoError(s.t, json.Unmarshal(payload, &e))
		change(e)
		var err error
		payload, err = json.Marshal(e)
		require.NoError(s.t, err)
	}
	result := s.invoke("pages", "request-page", payload)
	require.False(s.t, result.Failed, "%s", result.Payload)
	var out struct {
		StatusCode        int
		Headers           map[string]string
		MultiValueHeaders http.Header
		Body              string
	}
	require.NoError(s.t, json.Unmarshal(result.Payload, &out))
	p := page{status: out.StatusCode, header: http.Header{}, body: out.Body}
	for name, value := range out.Headers {
		p.header.Set(name, value)
	}
	for name, values := range out.MultiValueHeaders {
		p.header[name] = values
	}
	return p
}

// pageTypes maps the pages and files that every visitor needs to their types.
var pageTypes = map[string]string{
	"/": "text/html", "/setup": "text/html", "/code": "text/html", "/account": "text/html",
	"/static/app.js": "text/javascript", "/static/style.css": "text/css",
	"/static/icon.svg": "image/svg+xml",
}

// The function serves the pages and what they use. The recorded events of the formats rest and http
// have a named stage; that of a function URL has none.
func TestPages(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			s := newService(t, nil)
			for path, kind := range pageTypes {
				p := s.get(format, request{path: path}, nil)
				assert.Equal(t, http.StatusOK, p.status, path)
				assert.Contains(t, p.header.Get("Content-Type"), kind, path)
				policy := p.header.Get("Content-Security-Policy")
				assert.Contains(t, policy, "default-src 'none'", path)
				security := p.header.Get("Strict-Transport-Security")
				assert.Equal(t, "max-age=63072000", security, path)
				assert.NotEmpty(t, p.body)
			}
			japanese := map[string]string{"Accept-Language": "ja"}
			p := s.get(format, request{path: "/", header: japanese}, nil)
			assert.Equal(t, http.StatusOK, p.status)
			assert.Equal(t, "ja", p.header.Get("Content-Language"))
			assert.Contains(t, p.body, "サインイン")
			p = s.get(format, request{path: "/nowhere"}, nil)
			assert.Equal(t, http.StatusNotFound, p.status)

			signIn := s.post(format, "signin", "userId", userName, "userPassword", password)
			tokens := signIn.body.AuthenticationResult
			whoAmI := request{
				path:   "/whoami",
				header: map[string]string{"Authorization": "Bearer " + tokens.AccessToken},
			}
			p = s.get(format, whoAmI, nil)
			assert.Equal(t, http.StatusOK, p.status, p.body)
			assert.Contains(t, p.body, userName)
			r := s.send(format, "pages", request{
				path: "/signout", body: object(t, "refreshToken", tokens.RefreshToken),
			})
			assert.Equal(t, http.StatusOK, r.status, r.text)
			assert.Equal(t, http.StatusUnauthorized, s.get(format, whoAmI, nil).status)
			assert.NotContains(t, calls(s), "RevokeToken signed")
		})
	}
}

// The pages, their links and their forms work below a stage or a base path.
func TestBasePath(t *testing.T) {
	for name, c := range map[string]struct{ basePath, stage, before string }{
		"the default stage":          {stage: "$default"},
		"a stage":                    {stage: "prod", before: "/prod"},
		"a stage with another name":  {stage: "v1-2_x", before: "/v1-2_x"},
		"a domain without base path": {stage: "prod"},
		"a domain with base path":    {basePath: "/v1", stage: "prod", before: "/v1"},
		"a domain with a longer one": {
			basePath: "/users/v1/", stage: "$default", before: "/users/v1",
		},
		"a domain used by its stage": {basePath: "/v1", stage: "prod", before: "/prod"},
	} {
		for _, format := range formats {
			t.Run(name+" "+format, func(t *testing.T) {
				s := newService(t, nil, "BASE_PATH="+c.basePath)
				get := func(path string) page {
					t.Helper()
					return s.get(format, request{}, func(e map[string]any) {
						context := e["requestContext"].(map[string]any)
						context["stage"] = c.stage
						if format != "rest" {
							e["rawPath"] = path
							return
						}
						context["path"], e["path"] = path, path
						if c.before == "/"+c.stage { // REST APIs leave it out
							e["path"] = cmp.Or(strings.TrimPrefix(path, c.before), "/")
						}
					})
				}
				for path, kind := range pageTypes {
					p := get(c.before + path)
					require.Equal(t, http.StatusOK, p.status, path)
					if kind == "text/html" {
						checkLinks(t, p.body, c.before+path, c.before+"/", get)
					}
				}
				assert.Equal(t, http.StatusUnauthorized, get(c.before+"/whoami").status)
				assert.Equal(t, http.StatusMethodNotAllowed, get(c.before+"/enable").status)
				missing := c.before + "/nowhere/at/all"
				assert.Equal(t, http.StatusNotFound, get(missing).status)
				checkLinks(t, get(missing).body, missing, c.before+"/", get)
				if c.before == "" {
					return
				}
				bare := get(c.before)
				assert.Equal(t, http.StatusTemporaryRedirect, bare.status)
				assert.Equal(t, c.before+"/", bare.header.Get("Location"))
				half := get(c.before + "x/setup")
				assert.Equal(t, http.StatusNotFound, half.status, "half a segment")
			})
		}
	}
}

var linked = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)

// checkLinks checks that all links and forms of a page stay in the folder and lead to something.
func checkLinks(t *testing.T, body, path, folder string, get func(path string) page) {
	t.Helper()
	here := &url.URL{Scheme: "https", Host: "www.example.com", Path: path}
	found := linked.FindAllStringSubmatch(body, -1)
	require.GreaterOrEqual(t, len(found), 4)
	for _, link := range found {
		to, err := here.Parse(link[1])
		require.NoError(t, err)
		assert.Equal(t, here.Host, to.Host)
		inside := strings.HasPrefix(to.Path, folder)
		require.True(t, inside, "%s on %s leads out of %s", link[1], path, folder)
		// Forms post to other functions, or to paths without GET.
		assert.Contains(t, []int{200, 401, 405}, get(to.Path).status, link[1])
	}
}
