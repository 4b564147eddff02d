package cognitomfa_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func fullContext() *cognitomfa.UserContext {
	return &cognitomfa.UserContext{
		IPAddress:   "192.0.2.1",
		ServerName:  "login.example.com",
		ServerPath:  "/sign-in",
		Header:      http.Header{"User-Agent": {"Browser/1.0"}},
		EncodedData: "fingerprint",
	}
}

func withContext(u *cognitomfa.UserContext) func(*cognitomfa.SignInOptions) {
	return func(o *cognitomfa.SignInOptions) { o.Context = u }
}

// tapContexts collects the contexts of all requests that can have one, as sent.
func tapContexts(wire *wireTap) *[]map[string]any {
	var seen []map[string]any
	wire.request = func(operation string, members map[string]any) {
		if !strings.HasSuffix(operation, "InitiateAuth") &&
			!strings.HasSuffix(operation, "RespondToAuthChallenge") {
			return
		}
		name := "UserContextData"
		if strings.HasPrefix(operation, "Admin") {
			name = "ContextData"
		}
		context, _ := members[name].(map[string]any)
		seen = append(seen, context)
	}
	return &seen
}

func TestContextReachesEveryCall(t *testing.T) {
	t.Parallel()
	adminContext := map[string]any{
		"IpAddress": "192.0.2.1", "ServerName": "login.example.com", "ServerPath": "/sign-in",
		"EncodedData": "fingerprint",
		"HttpHeaders": []any{
			map[string]any{"headerName": "User-Agent", "headerValue": "Browser/1.0"},
		},
	}
	publicContext := map[string]any{"IpAddress": "192.0.2.1", "EncodedData": "fingerprint"}
	for public, want := range map[bool]map[string]any{false: adminContext, true: publicContext} {
		for _, flow := range allFlows {
			srv, _ := newPoolWith(t, totpUser, mfaRequired)
			srv.AddUser(cognitotest.User{
				Username: "bob", Password: password,
				Status: types.UserStatusTypeForceChangePassword,
			})
			var wire wireTap
			seen := tapContexts(&wire)
			cfg := edited(configOf(srv), withFlow(flow), withPublic(public))
			client := newClient(t, srv.Client(wire.attach), cfg)
			ctx := t.Context()
			first := withContext(fullContext())
			then := func(o *cognitomfa.AnswerOptions) { o.Context = fullContext() }

			outcome, err := client.SignIn(ctx, "alice", password, first)
			ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
			outcome, err = client.RespondMFA(ctx, ch, srv.Code("alice"), then)
			as[*cognitomfa.Tokens](t, outcome, err)

			outcome, err = client.SignIn(ctx, "bob", password, first)
			temporary := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
			outcome, err = client.SetNewPassword(ctx, temporary, "N3w"+password, nil, then)
			setup := as[*cognitomfa.SetupChallenge](t, outcome, err)
			enrollment, err := client.EnrollSetup(ctx, setup)
			require.NoError(t, err)
			code := srv.Code("bob")
			outcome, err = client.VerifySetup(ctx, enrollment.Setup, code,
				func(o *cognitomfa.SetupOptions) { o.Context = fullContext() })
			as[*cognitomfa.Tokens](t, outcome, err)

			calls := 5
			if flow == cognitomfa.FlowSRP {
				calls += 2
			}
			require.Len(t, *seen, calls)
			for _, got := range *seen {
				assert.Equal(t, want, got)
			}
		}
	}
}

func TestClientMetadataReachesEveryCall(t *testing.T) {
	t.Parallel()
	metadata := map[string]string{"why": "test"}
	first := func(o *cognitomfa.SignInOptions) { o.ClientMetadata = metadata }
	then := func(o *cognitomfa.AnswerOptions) { o.ClientMetadata = metadata }
	for _, public := range []bool{false, true} {
		for _, flow := range allFlows {
			srv, _ := newPoolWith(t, totpUser)
			var seen []any
			wire := wireTap{request: func(_ string, members map[string]any) {
				seen = append(seen, members["ClientMetadata"])
			}}
			cfg := edited(configOf(srv), withFlow(flow), withPublic(public))
			client := newClient(t, srv.Client(wire.attach), cfg)
			outcome, err := client.SignIn(t.Context(), "alice", password, first)
			ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
			outcome, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"), then)
			as[*cognitomfa.Tokens](t, outcome, err)
			assert.GreaterOrEqual(t, len(seen), 2)
			for _, got := range seen {
				assert.Equal(t, map[string]any{"why": "test"}, got, "%s, public %t", flow, public)
			}
		}
	}
}

func TestContextOfADevice(t *testing.T) {
	t.Parallel()
	p := newDevicePool(t, alwaysTracked)
	device, _ := p.rememberNewDevice(t)
	seen := tapContexts(p.wire)
	outcome, err := p.SignIn(
		t.Context(), "alice", password, withDevice(device), withContext(fullContext()))
	as[*cognitomfa.Tokens](t, outcome, err)
	require.Len(t, *seen, 4)
	for _, context := range *seen {
		assert.Equal(t, "192.0.2.1", context["IpAddress"])
	}
}

func TestContextIsOptional(t *testing.T) {
	t.Parallel()
	client, got := recordInitiate(t, initiatedTokens)
	require.NoError(t, errOf(client.SignIn(t.Context(), "alice", password)))
	assert.Nil(t, got.ContextData)
}

func TestIncompleteContexts(t *testing.T) {
	t.Parallel()
	address := func(address string) func(*cognitomfa.UserContext) {
		return func(u *cognitomfa.UserContext) { u.IPAddress = address }
	}
	only := func(u cognitomfa.UserContext) func(*cognitomfa.UserContext) {
		return func(full *cognitomfa.UserContext) { *full = u }
	}
	const (
		nobody = iota
		admins
		publics
		both
	)
	for name, tc := range map[string]struct {
		edit func(*cognitomfa.UserContext)
		good int // which calls accept it
	}{
		"full":               {func(*cognitomfa.UserContext) {}, both},
		"empty":              {only(cognitomfa.UserContext{}), nobody},
		"no address":         {address(""), publics},
		"no server":          {func(u *cognitomfa.UserContext) { u.ServerName = "" }, publics},
		"no path":            {func(u *cognitomfa.UserContext) { u.ServerPath = "" }, publics},
		"no header":          {func(u *cognitomfa.UserContext) { u.Header = nil }, publics},
		"an empty header":    {func(u *cognitomfa.UserContext) { u.Header = http.Header{} }, both},
		"no fingerprint":     {func(u *cognitomfa.UserContext) { u.EncodedData = "" }, both},
		"only the address":   {only(cognitomfa.UserContext{IPAddress: "2001:db8::1"}), publics},
		"only fingerprint":   {only(cognitomfa.UserContext{EncodedData: "f"}), publics},
		"a port":             {address("192.0.2.1:443"), nobody},
		"IPv6 and a port":    {address("[2001:db8::1]:443"), nobody},
		"a list":             {address("192.0.2.1, 192.0.2.2"), nobody},
		"a name":             {address("localhost"), nobody},
		"an IPv6 address":    {address("2001:db8::1"), both},
		"an IPv4 in an IPv6": {address("::ffff:192.0.2.1"), both},
	} {
		for public, caller := range map[bool]int{false: admins, true: publics} {
			srv, _ := newPool(t)
			client := newClient(t, srv.Client(), edited(configOf(srv), withPublic(public)))
			given := fullContext()
			tc.edit(given)
			outcome, err := client.SignIn(t.Context(), "alice", password, withContext(given))
			if tc.good&caller != 0 {
				as[*cognitomfa.Tokens](t, outcome, err)
				continue
			}
			require.ErrorIs(t, err, cognitomfa.ErrConfig, "%s, public %t", name, public)
			assert.ErrorContains(t, err, "UserContext", name)
			assert.NotContains(t, err.Error(), "192.0.2", name)
			ch := &cognitomfa.MFAChallenge{Username: "alice", Session: session}
			_, err = client.RespondMFA(t.Context(), ch, "123456",
				func(o *cognitomfa.AnswerOptions) { o.Context = given })
			require.ErrorIs(t, err, cognitomfa.ErrConfig, name)
			assert.Empty(t, srv.Calls(), name)
		}
	}
}

// ContextFromRequest copies headers that describe the browser, and none that may be a secret.
func TestContextFromRequest(t *testing.T) {
	t.Parallel()
	const page = "https://login.example.com/sign-in?next=%2Fsecret"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, page, nil)
	r.RemoteAddr = "198.51.100.7:4711"
	for name, value := range map[string]string{
		"User-Agent":         "Browser/1.0",
		"Accept-Language":    "de",
		"Accept":             "text/html",
		"Accept-Charset":     strings.Repeat("x", 4096),
		"Sec-Ch-Ua-Platform": `"Linux"`,

		"Cookie":                   "session=secret",
		"Authorization":            "Bearer secret",
		"Proxy-Authorization":      "Basic secret",
		"X-Api-Key":                "secret",
		"X-Csrf-Token":             "secret",
		"X-Amzn-Oidc-Data":         "secret",
		"X-Forwarded-Access-Token": "secret",
		"Cf-Access-Jwt-Assertion":  "secret",
		"X-Forwarded-For":          "203.0.113.9",
		"Referer":                  "https://example.com/?code=secret",
		"Sec-Websocket-Key":        "secret",
		"Accept-Encoding":          strings.Repeat("x", 4097),
	} {
		r.Header.Set(name, value)
	}
	got := cognitomfa.ContextFromRequest(r, "192.0.2.1")
	assert.Equal(t, &cognitomfa.UserContext{
		IPAddress: "192.0.2.1", ServerName: "login.example.com", ServerPath: "/sign-in",
		Header: http.Header{
			"User-Agent":         {"Browser/1.0"},
			"Accept-Language":    {"de"},
			"Accept":             {"text/html"},
			"Accept-Charset":     {strings.Repeat("x", 4096)},
			"Sec-Ch-Ua-Platform": {`"Linux"`},
		},
	}, got)
}

// Even a request without headers yields a context that Cognito accepts.
func TestContextFromABareRequest(t *testing.T) {
	t.Parallel()
	bare := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for _, r := range []*http.Request{{}, {Header: http.Header{}}, bare} {
		r.Host = ""
		client, got := recordInitiate(t, initiatedTokens)
		given := cognitomfa.ContextFromRequest(r, "192.0.2.1")
		_, err := client.SignIn(t.Context(), "alice", password, withContext(given))
		require.NoError(t, err)
		assert.NotNil(t, got.ContextData.HttpHeaders, "the SDK requires it")
		assert.Equal(t, "/", aws.ToString(got.ContextData.ServerPath))
		assert.NotEmpty(t, aws.ToString(got.ContextData.ServerName))
	}
}
