package cognitotest_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/token"
)

// mount starts a server with the user alice that does not listen, and mounts it below a path of one
// that does. Calls of fake go over that one, calls of Client do not.
func mount(t *testing.T, optFns ...func(*options)) fake {
	t.Helper()
	mux := http.NewServeMux()
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	srv := start(t, append(optFns, func(o *options) { o.URL = web.URL + "/cognito" })...)
	mux.Handle("/cognito", http.StripPrefix("/cognito", srv))
	mux.Handle("/cognito/", http.StripPrefix("/cognito", srv))
	return srv
}

// The issuer is the region's or the one of the options, both in tokens and in documents.
func TestIssuer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		region, issuer string
		want           string // without the pool's ID; empty for the server's URL
	}{
		"default": {want: "https://cognito-idp.us-east-1.amazonaws.com"},
		"China": {
			region: "cn-north-1", want: "https://cognito-idp.cn-north-1.amazonaws.com.cn",
		},
		"its own":           {issuer: cognitotest.SelfIssuer},
		"another container": {issuer: "http://cognito:9229/", want: "http://cognito:9229"},
		"updated": {
			issuer: "https://issuer-cognito-idp.us-east-1.amazonaws.com",
			want:   "https://issuer-cognito-idp.us-east-1.amazonaws.com",
		},
	} {
		for _, open := range []func(*testing.T, ...func(*options)) fake{
			func(t *testing.T, optFns ...func(*options)) fake { t.Helper(); return start(t, optFns...) }, mount,
		} {
			srv := open(t, func(o *options) { o.Region, o.Issuer = tc.region, tc.issuer })
			want := tc.want
			if want == "" {
				want = srv.URL
			}
			want += "/" + srv.UserPoolID
			assert.Equal(t, want, srv.Issuer(), name)

			configuration := get(t, srv.URL+"/"+srv.UserPoolID+"/.well-known/openid-configuration",
				"")
			assert.Equal(t, want, configuration.text("issuer"), name)
			assert.Equal(t, srv.JWKSURL(), configuration.text("jwks_uri"), name)

			r := srv.tokens("alice")
			for _, text := range []string{r.access(), r.text("AuthenticationResult", "IdToken")} {
				claims := jwt.MapClaims{}
				_, _, err := jwt.NewParser().ParseUnverified(text, claims)
				require.NoError(t, err)
				assert.Equal(t, want, claims["iss"], name)
			}
			verifier, err := token.NewVerifier(token.Config{
				UserPoolID: srv.UserPoolID, ClientIDs: []string{srv.ClientID},
				Issuers: []string{srv.Issuer()},
				JWKSURL: srv.JWKSURL(),
			})
			require.NoError(t, err)
			_, err = verifier.VerifyAccess(t.Context(), r.access())
			require.NoError(t, err, name)
			srv.must("GetUser", kv{"AccessToken": r.access()})
		}
	}
}

// By default, a verifier accepts the tokens of a pool in any partition.
func TestVerifierAcceptsTheIssuer(t *testing.T) {
	t.Parallel()
	for _, region := range []string{
		"eu-west-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1",
	} {
		srv := start(t, func(o *options) { o.Region = region })
		verifier, err := token.NewVerifier(token.Config{
			UserPoolID: srv.UserPoolID, ClientIDs: []string{srv.ClientID}, JWKSURL: srv.JWKSURL(),
		})
		require.NoError(t, err)
		_, err = verifier.VerifyAccess(t.Context(), *srv.IssueTokens("alice").AccessToken)
		assert.NoError(t, err, region)
	}
}

// Each pool has its own issuer, and tokens are valid only in their pool.
func TestIssuerOfAnotherPool(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.Issuer = cognitotest.SelfIssuer })
	id := srv.must("CreateUserPool", kv{"PoolName": "another"}).text("UserPool", "Id")
	configuration := get(t, srv.URL+"/"+id+"/.well-known/openid-configuration", "")
	assert.Equal(t, srv.URL+"/"+id, configuration.text("issuer"))
	srv.must("DeleteUserPool", kv{"UserPoolId": srv.UserPoolID})
	assert.PanicsWithValue(t, "cognitotest: the pool that the server started with is deleted",
		func() { srv.Issuer() })
}

// get reads a document, with another host name if one is given.
func get(t *testing.T, url, host string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if host != "" {
		request.Host = host
	}
	return receive(t, request)
}

// A client that knows the server under another name gets the URL of the keys under that name. The
// issuer stays the same.
func TestDiscoveryUnderAnotherName(t *testing.T) {
	t.Parallel()
	listening, mounted := start(t), mount(t)
	for _, tc := range []struct {
		srv        fake
		host, want string
	}{
		{srv: listening, want: listening.URL},
		{srv: listening, host: "cognito:9229", want: "http://cognito:9229"},
		{srv: mounted, want: mounted.URL},
		{srv: mounted, host: "cognito:9229", want: "http://cognito:9229/cognito"},
	} {
		document := tc.srv.URL + "/" + tc.srv.UserPoolID + "/.well-known/openid-configuration"
		configuration := get(t, document+"?x=y", tc.host)
		want := tc.want + "/" + tc.srv.UserPoolID + "/.well-known/jwks.json"
		assert.Equal(t, want, configuration.text("jwks_uri"), tc.host)
		assert.Equal(t, tc.srv.Issuer(), configuration.text("issuer"))
	}

	secure := httptest.NewTLSServer(listening)
	t.Cleanup(secure.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		secure.URL+"/"+listening.UserPoolID+"/.well-known/openid-configuration", nil)
	require.NoError(t, err)
	response, err := secure.Client().Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body := new(strings.Builder)
	require.NoError(t, response.Write(body))
	assert.Contains(t, body.String(), `"jwks_uri":"`+secure.URL+"/")
}

// A mounted server opens no port, and its client needs none.
func TestMounted(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.URL = "https://cognito.example.com/pools/" })
	assert.Equal(t, "https://cognito.example.com/pools", srv.URL)
	assert.Equal(t, srv.URL+"/"+srv.UserPoolID+"/.well-known/jwks.json", srv.JWKSURL())
	r, err := srv.Client().InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		ClientId: &srv.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
	})
	require.NoError(t, err)
	assert.NotNil(t, r.AuthenticationResult)
	assert.Len(t, srv.Calls(), 1)
	srv.Close()
	srv.Close()
}

// Without a network, responses have the status line that net/http gives them.
func TestStatusLine(t *testing.T) {
	t.Parallel()
	for name, srv := range map[string]fake{
		"listening": start(t),
		"mounted":   start(t, func(o *options) { o.URL = "http://cognito.example.com" }),
	} {
		client := srv.Client().Options().HTTPClient
		for status, line := range map[int]string{
			200: "200 OK", 400: "400 Bad Request", 599: "599 status code 599",
		} {
			if status != http.StatusOK {
				srv.Fail("SignUp", cognitotest.Fault{Code: "X", Status: status})
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL,
				strings.NewReader(
					`{"ClientId":"`+srv.ClientID+`","Username":"user`+line[:3]+`","Password":"`+
						password+`"}`))
			require.NoError(t, err)
			r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.SignUp")
			response, err := client.Do(r)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, line, response.Status, name)
		}
	}
}

// With a listener and a URL, the server listens and is known under the URL.
func TestListenerAndURL(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", ":0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	srv := start(t, func(o *options) { o.Listener, o.URL = listener, "http://LOCALHOST:"+port })
	assert.Equal(t, "http://LOCALHOST:"+port, srv.URL)
	srv.tokens("alice")
}

func TestInvalidAddresses(t *testing.T) {
	t.Parallel()
	const noURL = " is not a URL such as http://localhost:9229, without a query"
	for want, option := range map[string]func(*options){
		"URL" + noURL:    func(o *options) { o.URL = "localhost:9229" },
		"Issuer" + noURL: func(o *options) { o.Issuer = "https://issuer.example.com?x" },
		"Issuer ends in the pool's ID, which is added to it": func(o *options) {
			o.UserPoolID, o.Issuer = "us-east-1_Mine", "http://localhost:9229/us-east-1_Mine"
		},
	} {
		assert.PanicsWithValue(
			t, "cognitotest: the options are invalid: "+want,
			func() { cognitotest.NewServer(option) },
		)
	}
}
