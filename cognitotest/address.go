package cognitotest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/cognitomfa/cognitomfa/internal/endpoint"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// SelfIssuer is the Options.Issuer that stands for the server's own URL.
const SelfIssuer = "self"

// Issuer returns the iss of the tokens of the pool that the server started with: Options.Issuer,
// "/", and UserPoolID. The pool's openid-configuration, at
// URL/UserPoolID/.well-known/openid-configuration, has the same one.
func (s *Server) Issuer() string {
	issuer, err := s.machine.Issuer(s.UserPoolID)
	if err != nil {
		panic("cognitotest: the pool that the server started with is deleted")
	}
	return issuer
}

// JWKSURL returns the URL of the keys that the pool's tokens verify with.
func (s *Server) JWKSURL() string { return s.URL + "/" + s.UserPoolID + jwksPath }

// The paths of a pool's documents, after its ID.
const (
	wellKnown = "/.well-known/"
	jwksPath  = wellKnown + "jwks.json"
)

// setAddresses fills in the URL, by default the listener's, and the issuer.
func (o *Options) setAddresses(listener net.Listener) error {
	if o.URL == "" {
		o.URL = "http://" + loopback.Reachable(listener.Addr())
	}
	switch o.Issuer {
	case "":
		o.Issuer = endpoint.URL(o.Region)
	case SelfIssuer:
		o.Issuer = o.URL
	}
	var err error
	if o.URL, err = prefix("URL", o.URL); err != nil {
		return err
	}
	if o.Issuer, err = prefix("Issuer", o.Issuer); err != nil {
		return err
	}
	if strings.HasSuffix(o.Issuer, "/"+o.UserPoolID) {
		return errors.New("Issuer ends in the pool's ID, which is added to it")
	}
	return nil
}

// prefix checks a URL that paths are appended to, and removes slashes from its end.
func prefix(name, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		strings.ContainsAny(text, "?#") {
		return "", fmt.Errorf("%s is not a URL such as http://localhost:9229, without a query",
			name)
	}
	return strings.TrimRight(text, "/"), nil
}

// reachedAt returns the URL under which a request reached the server, since a client in another
// container knows it under another name. It includes what http.StripPrefix removed from the path.
func (s *Server) reachedAt(r *http.Request) string {
	if own, err := url.Parse(s.URL); err != nil || r.Host == "" || r.Host == own.Host {
		return s.URL
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	before, stripped := strings.CutSuffix(path, r.URL.EscapedPath())
	if !stripped || !strings.HasPrefix(before, "/") {
		before = ""
	}
	return scheme + "://" + r.Host + before
}
