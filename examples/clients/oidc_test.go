package clients_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Clients that use OpenID Connect Discovery, as with Spring's issuer-uri, accept the server when it
// is its own issuer, even under the name that it has in another container.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	for name, issuer := range map[string]string{
		"own address": cognitotest.SelfIssuer, "in a container": "http://cognito:9229",
	} {
		srv := cognitotest.NewServer(func(o *cognitotest.Options) { o.Issuer = issuer })
		t.Cleanup(srv.Close)
		srv.AddUser(cognitotest.User{
			Username: "alice", Password: password, Email: "alice@example.com",
		})
		ctx := oidc.ClientContext(t.Context(), &http.Client{Transport: resolve{srv}})

		provider, err := oidc.NewProvider(ctx, srv.Issuer())
		require.NoError(t, err, name)
		verifier := provider.VerifierContext(ctx, &oidc.Config{ClientID: srv.ClientID})
		tokens := srv.IssueTokens("alice")
		verified, err := verifier.Verify(ctx, *tokens.IdToken)
		require.NoError(t, err, name)
		assert.Equal(t, srv.User("alice").Sub, verified.Subject)

		another := cognitotest.NewServer()
		t.Cleanup(another.Close)
		another.AddUser(cognitotest.User{Username: "alice", Password: password})
		_, err = verifier.Verify(ctx, *another.IssueTokens("alice").IdToken)
		assert.ErrorContains(t, err, "issued by a different provider", name)
	}

	// By default the issuer is Cognito's, so discovery at the server's own address fails.
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	_, err := oidc.NewProvider(t.Context(), srv.URL+"/"+srv.UserPoolID)
	assert.ErrorContains(t, err, "did not match")
}

// resolve sends requests for every host name to the server, as a container network does.
type resolve struct{ srv *cognitotest.Server }

func (n resolve) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Host = r.URL.Host, strings.TrimPrefix(n.srv.URL, "http://")
	return http.DefaultTransport.RoundTrip(r)
}
