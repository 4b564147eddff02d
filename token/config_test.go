package token_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

func TestIssuers(t *testing.T) {
	const (
		east  = "https://cognito-idp.us-east-1.amazonaws.com/" + testPool
		local = "http://127.0.0.1:9229/" + testPool
	)
	given := []string{"x", local}
	tests := []struct {
		name           string
		pool, region   string
		issuers        []string
		accepts, other string
	}{
		{"region of the pool ID", testPool, "", nil, testIssuer, east},
		{"region given", testPool, "us-east-1", nil, east, testIssuer},
		{
			"updated, region given", testPool, "us-east-1", nil,
			"https://issuer-cognito-idp.us-east-1.amazonaws.com/" + testPool, testIssuer,
		},
		{
			"China", "cn-north-1_Example00", "", nil,
			"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Example00",
			"https://cognito-idp.cn-north-1.amazonaws.com/cn-north-1_Example00",
		},
		{"given", testPool, "", given, local, testIssuer},
		{"given, and not a URL", testPool, "", given, "x", local + "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVerifier(t, token.Config{
				UserPoolID: tt.pool, Region: tt.region, Issuers: tt.issuers,
				AnyClient: true, JWKS: poolJWKS(), Now: clock,
			})
			for _, k := range testKinds() {
				t.Run(k.name, func(t *testing.T) {
					verify := func(iss string) error {
						return k.verify(v, t.Context(), k.token(m{"iss": iss}))
					}
					require.NoError(t, verify(tt.accepts))
					require.ErrorIs(t, verify(tt.other), token.ErrIssuer)
				})
			}
		})
	}
}

// fetched returns how often Hydrate fetches from each address.
func fetched(t *testing.T, cfg token.Config, more ...token.Config) map[string]int {
	t.Helper()
	var mu sync.Mutex
	addresses := make(map[string]int)
	client := fetchConfig(func(r *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		addresses[r.URL.String()]++
		return respond(200, poolJWKS())
	}).HTTPClient
	cfg.AnyClient, cfg.HTTPClient = true, client
	for i := range more {
		more[i].AnyClient, more[i].HTTPClient = true, client
	}
	require.NoError(t, newVerifier(t, cfg, more...).Hydrate(t.Context()))
	return addresses
}

// Each issuer has its keys at its own address, unless JWKSURL says otherwise. Hydrate fetches from
// an address only once, even if several issuers have their keys there.
func TestAddresses(t *testing.T) {
	const local, keys = "http://127.0.0.1:9229/", "https://keys.example/jwks"
	other := token.Config{UserPoolID: "eu-west-1_Other", JWKSURL: keys}
	for _, tt := range []struct {
		name string
		cfg  token.Config
		more []token.Config
		want map[string]int
	}{
		{
			"Cognito's",
			token.Config{UserPoolID: testPool},
			nil,
			map[string]int{
				"https://" + testHost + "/" + testPool + "/.well-known/jwks.json":    1,
				"https://" + updatedHost + "/" + testPool + "/.well-known/jwks.json": 1,
			},
		},
		{
			"the issuers'",
			token.Config{UserPoolID: testPool, Issuers: []string{local + "a", local + "b/"}},
			nil,
			map[string]int{
				local + "a/.well-known/jwks.json": 1, local + "b/.well-known/jwks.json": 1,
			},
		},
		{
			"JWKSURL",
			token.Config{UserPoolID: testPool, JWKSURL: keys},
			nil,
			map[string]int{keys: 1},
		},
		{
			"JWKSURL, with issuers",
			token.Config{UserPoolID: testPool, Issuers: []string{"x", "y"}, JWKSURL: keys},
			nil,
			map[string]int{keys: 1},
		},
		{
			"JWKSURL of two pools",
			token.Config{UserPoolID: testPool, JWKSURL: keys},
			[]token.Config{other},
			map[string]int{keys: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, fetched(t, tt.cfg, tt.more...))
		})
	}
}

// The default addresses use the AWS SDK's endpoints for Cognito, in every partition.
func TestPartitions(t *testing.T) {
	resolver := cognitoidentityprovider.NewDefaultEndpointResolverV2()
	for _, region := range []string{
		"us-east-1", "eu-west-1", "ap-northeast-1", "il-central-1", "mx-central-1",
		"us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1", "eusc-de-east-1",
		"us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
	} {
		t.Run(region, func(t *testing.T) {
			endpoint, err := resolver.ResolveEndpoint(t.Context(),
				cognitoidentityprovider.EndpointParameters{
					Region: aws.String(region), UseFIPS: aws.Bool(false),
					UseDualStack: aws.Bool(false),
				})
			require.NoError(t, err)
			host, path := endpoint.URI.Host, "/"+region+"_Example00/.well-known/jwks.json"
			require.Equal(t, map[string]int{
				"https://" + host + path:        1,
				"https://issuer-" + host + path: 1,
			}, fetched(t, token.Config{UserPoolID: region + "_Example00"}))
		})
	}
}

func TestConfig(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *token.Config)
		want   string
	}{
		{"no pool", func(c *token.Config) { c.UserPoolID = "" }, "UserPoolID"},
		{"pool without region", func(c *token.Config) { c.UserPoolID = "Example00" }, "UserPoolID"},
		{"pool without ID", func(c *token.Config) { c.UserPoolID = "eu-west-1_" }, "UserPoolID"},
		{"pool, empty region", func(c *token.Config) { c.UserPoolID = "_Example00" }, "UserPoolID"},
		{"pool with path", func(c *token.Config) { c.UserPoolID = "eu-w_x/../y" }, "UserPoolID"},
		{"pool with line break", func(c *token.Config) { c.UserPoolID += "\n" }, "UserPoolID"},
		{"region with host", func(c *token.Config) { c.Region = "attacker.example/" }, "region"},
		{"no client", func(c *token.Config) { c.ClientIDs = nil }, "ClientIDs"},
		{"list without a client", func(c *token.Config) { c.ClientIDs = []string{} }, "ClientIDs"},
		{"one client and any", func(c *token.Config) { c.AnyClient = true }, "AnyClient"},
		{"empty client", func(c *token.Config) { c.ClientIDs = []string{"x", ""} }, "empty"},
		{"empty group", func(c *token.Config) { c.Groups = []string{""} }, "empty"},
		{"empty scope", func(c *token.Config) { c.Scopes = []string{""} }, "empty"},
		{"empty level", func(c *token.Config) { c.ACR = []string{""} }, "empty"},
		{"level with space", func(c *token.Config) { c.ACR = []string{"a b"} }, "ACR"},
		{"level with quote", func(c *token.Config) { c.ACR = []string{`a"b`} }, "ACR"},
		{"level with backslash", func(c *token.Config) { c.ACR = []string{`a\b`} }, "ACR"},
		{"level with line break", func(c *token.Config) { c.ACR = []string{"a\nb"} }, "ACR"},
		{"level not ASCII", func(c *token.Config) { c.ACR = []string{"é"} }, "ACR"},
		{"negative age", func(c *token.Config) { c.MaxAge = -time.Second }, "MaxAge"},
		{"half a second", func(c *token.Config) { c.MaxAge = time.Second / 2 }, "MaxAge"},
		{"empty issuer", func(c *token.Config) { c.Issuers = []string{""} }, "empty"},
		{"issuer twice", func(c *token.Config) { c.Issuers = []string{"x", "x"} }, "twice"},
		{"negative leeway", func(c *token.Config) { c.Leeway = -1 }, "leeway"},
		{"no keys in the set", func(c *token.Config) { c.JWKS = []byte{} }, "JWKS"},
		{"URL without scheme", func(c *token.Config) { c.JWKSURL = "127.0.0.1/keys" }, "JWKSURL"},
		{"URL without host", func(c *token.Config) { c.JWKSURL = "https:///jwks" }, "JWKSURL"},
		{"file", func(c *token.Config) { c.JWKSURL = "file:///etc/passwd" }, "JWKSURL"},
		{"no URL", func(c *token.Config) { c.JWKSURL = "http://[::1" }, "JWKSURL"},
		{
			"negative age of keys",
			func(c *token.Config) { c.JWKS, c.MaxKeyAge = nil, -1 }, "MaxKeyAge is negative",
		},
		{
			"age of keys that are never replaced",
			func(c *token.Config) { c.MaxKeyAge = time.Hour }, "MaxKeyAge",
		},
		{
			"issuer without an address",
			func(c *token.Config) { c.JWKS, c.Issuers = nil, []string{"x"} }, "JWKSURL",
		},
		{
			"issuer with a query",
			func(c *token.Config) { c.JWKS, c.Issuers = nil, []string{"https://x/?y"} }, "JWKSURL",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := staticConfig()
			tt.change(&cfg)
			_, err := token.NewVerifier(cfg)
			require.ErrorContains(t, err, "token: config: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("a pool twice", func(t *testing.T) {
		_, err := token.NewVerifier(staticConfig(), staticConfig())
		require.ErrorContains(t, err, "twice")
	})
}

// With AnyClient, an empty list of app clients excludes nobody, whether or not it is nil.
func TestAnyClientAndNone(t *testing.T) {
	cfg := staticConfig()
	cfg.AnyClient = true
	for _, none := range [][]string{nil, {}} {
		cfg.ClientIDs = none
		v := newVerifier(t, cfg)
		for _, k := range testKinds() {
			require.NoError(t, k.verify(v, t.Context(), k.token(nil)))
		}
	}
}

func TestConfigIsCopied(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes = []string{"staff"}, []string{"example/read"}
	cfg.Issuers, cfg.ACR = []string{testIssuer}, []string{"high"}
	v := newVerifier(t, cfg)
	cfg.ClientIDs[0], cfg.Groups[0], cfg.Scopes[0] = "", "", ""
	cfg.Issuers[0], cfg.ACR[0] = "", ""
	cfg.JWKS[0] = 0
	_, err := v.VerifyAccess(t.Context(), access(m{"acr": "high"}))
	require.NoError(t, err)
}

// Errors name the address that failed, without any secrets in it.
func TestAddressInErrors(t *testing.T) {
	const address = "https://user:passw0rd@keys.example/pool/jwks?X-Amz-Signature=deadbeef#x"
	redacted, err := url.Parse(address)
	require.NoError(t, err)
	for name, f := range map[string]transport{
		"no connection": func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "GET", URL: r.URL.String(), Err: http.ErrServerClosed}
		},
		"redacted": func(*http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "GET", URL: redacted.Redacted(), Err: http.ErrServerClosed}
		},
		"without the fragment": func(r *http.Request) (*http.Response, error) {
			short, _, _ := strings.Cut(r.URL.String(), "#")
			return nil, errors.New("giving up on " + short)
		},
		"the query alone": func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "GET", URL: r.URL.RequestURI(), Err: http.ErrServerClosed}
		},
		"status": func(*http.Request) (*http.Response, error) { return respond(403, nil) },
		"not JSON": func(*http.Request) (*http.Response, error) {
			return respond(200, []byte("<"))
		},
		"panic": func(r *http.Request) (*http.Response, error) { panic(r.URL.String()) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := fetchConfig(f)
			cfg.JWKSURL, cfg.Now = address, clock
			v := newVerifier(t, cfg)
			for range 2 { // The second error repeats the first, because of the pause.
				_, err := v.VerifyAccess(t.Context(), access(nil))
				requireOnly(t, token.ErrKeysUnavailable, err)
				assert.ErrorContains(t, err, "https://keys.example/pool/jwks: ")
				for _, secret := range []string{"user", "passw0rd", "X-Amz", "deadbeef"} {
					assert.NotContains(t, err.Error(), secret)
				}
			}
		})
	}
}
