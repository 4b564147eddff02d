package token

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// fetchTimeout bounds a fetch: both attempts, to the last byte.
	fetchTimeout = 5 * time.Second

	// maxJWKS bounds the response, in bytes. Cognito's has about 1,000.
	maxJWKS = 64 << 10
)

// remote is where the keys of a key set are.
type remote struct {
	address string
	client  *http.Client
	public  string            // the address as errors show it: without user and query
	hide    *strings.Replacer // removes them from other texts
}

func newRemote(address string, client *http.Client) (*remote, error) {
	u, err := url.Parse(address)
	if err != nil || !fetchable(u) {
		return nil, errors.New("JWKSURL is not an absolute http or https URL")
	}
	r := &remote{address: address, client: &http.Client{}}
	if client != nil {
		*r.client = *client
	}
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	r.public = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	var secrets []string
	if u.RawQuery != "" {
		secrets = append(secrets, "?"+u.RawQuery, "")
	}
	if u.User != nil {
		redacted := url.User(u.User.Username()).String() + ":xxxxx@" // as by URL.Redacted
		secrets = append(secrets, u.User.String()+"@", "", redacted, "")
	}
	r.hide = strings.NewReplacer(secrets...)
	return r, nil
}

// fetchable reports whether a URL is one to fetch keys from.
func fetchable(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// fetch downloads the keys. If the connection breaks, it tries once more, at once: of two attempts
// in a row one nearly always succeeds, and nothing works until one has.
func (r *remote) fetch() (map[string]*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	body, err := r.download(ctx)
	var broken *connectionError
	if errors.As(err, &broken) && ctx.Err() == nil {
		body, err = r.download(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no complete response within %v", fetchTimeout)
		}
		return nil, err
	}
	return parseJWKS(body)
}

// connectionError means that no complete response came, for another reason than that time was up.
type connectionError struct{ error }

func (e *connectionError) Unwrap() error { return e.error }

func (r *remote) download(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cache-Control", "no-cache") // A proxy's old copy lacks the new key as well.
	req.Close = true                            // The next fetch may be years away.

	resp, err := r.client.Do(req)
	if err != nil {
		return nil, connection(err)
	}
	defer resp.Body.Close() //nolint:errcheck // Everything of use has been read.
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxJWKS+1))
	if err != nil {
		return nil, connection(err)
	}
	if len(body) > maxJWKS {
		return nil, errors.New("JWKS: too long")
	}
	return body, nil
}

// connection returns err without the address that net/http puts before it.
func connection(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var timer interface{ Timeout() bool }
	if errors.As(err, &timer) && timer.Timeout() {
		return err
	}
	return &connectionError{err}
}

// unavailable returns the error that callers get. Its text has no user and query of the address.
// The end of a context is no cause that callers find in it, because it was not their context's.
func (r *remote) unavailable(err error) *unavailableError {
	e := &unavailableError{reason: r.public + ": " + r.hide.Replace(err.Error()), cause: err}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		e.cause = nil
	}
	return e
}
