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

// Issuer is the iss of the tokens of the pool that the server started with: "/" and UserPoolID after
// Options.Issuer. The document /.well-known/openid-configuration below Server.URL and the pool's ID
// names the same one.
func (s *Server) Issuer() string {
	issuer, err := s.machine.Issuer(s.UserPoolID)
	if err != nil {
		panic("cognitotest: the pool that the server started with is deleted")
	}
	return issuer
}

// JWKSURL is where the keys are published that the tokens of the pool verify with.
func (s *Server) JWKSURL() string { return s.URL + "/" + s.UserPoolID + jwksPath }

// The documents of a pool, below its ID.
const (
	wellKnown = "/.well-known/"
	jwksPath  = wellKnown + "jwks.json"
)

// setAddresses fills in the URL and the issuer. The URL is that of the listener if there is none.
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

// prefix is a URL that paths are appended to.
func prefix(name, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(text, "?#") {
		return "", fmt.Errorf("%s is not a URL such as http://localhost:9229, without a query", name)
	}
	return strings.TrimRight(text, "/"), nil
}

// reachedAt is the URL under which a request has reached the server: a client in another container
// knows it under another name. What http.StripPrefix took off the path belongs to it.
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
