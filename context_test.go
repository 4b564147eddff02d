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

func complete() *cognitomfa.UserContext {
	return &cognitomfa.UserContext{
		IPAddress: "192.0.2.1", ServerName: "login.example.com", ServerPath: "/sign-in",
		Header: http.Header{"User-Agent": {"Browser/1.0"}}, EncodedData: "fingerprint",
	}
}

// from gives a context to a sign-in.
func from(u *cognitomfa.UserContext) func(*cognitomfa.SignInOptions) {
	return func(o *cognitomfa.SignInOptions) { o.Context = u }
}

// contexts are the contexts that went over the wire, as the service's model has them.
func contexts(wire *tap) *[]map[string]any {
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

// The context reaches every call of every flow that takes it, the answers and the device's too.
func TestContextReachesEveryCall(t *testing.T) {
	t.Parallel()
	admin := map[string]any{
		"IpAddress": "192.0.2.1", "ServerName": "login.example.com", "ServerPath": "/sign-in",
		"EncodedData": "fingerprint",
		"HttpHeaders": []any{
			map[string]any{"headerName": "User-Agent", "headerValue": "Browser/1.0"},
		},
	}
	public := map[string]any{"IpAddress": "192.0.2.1", "EncodedData": "fingerprint"}
	for _, isPublic := range []bool{false, true} {
		for _, flow := range everyFlow {
			srv := cognitotest.NewServer(mfaOn)
			t.Cleanup(srv.Close)
			srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: secretCode})
			srv.AddUser(cognitotest.User{
				Username: "bob", Password: password, Status: types.UserStatusTypeForceChangePassword,
			})
			var wire tap
			seen := contexts(&wire)
			cfg := edited(configOf(srv), flowOf(flow), inPublic(isPublic))
			client := newClient(t, srv.Client(wire.on), cfg)
			ctx := t.Context()
			first := from(complete())
			then := func(o *cognitomfa.AnswerOptions) { o.Context = complete() }

			outcome, err := client.SignIn(ctx, "alice", password, first)
			ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
			outcome, err = client.RespondMFA(ctx, ch, srv.Code("alice"), then)
			as[*cognitomfa.Tokens](t, outcome, err)

			outcome, err = client.SignIn(ctx, "bob", password, first)
			temporary := as[*cognitomfa.NewPasswordChallenge](t, outcome, err)
			outcome, err = client.SetNewPassword(ctx, temporary, "N3w"+password, nil, then)
			enrollment, err := client.EnrollSetup(ctx, as[*cognitomfa.SetupChallenge](t, outcome, err))
			require.NoError(t, err)
			code := srv.Code("bob")
			outcome, err = client.VerifySetup(ctx, enrollment.Setup, code, func(o *cognitomfa.SetupOptions) {
				o.Context = complete()
			})
			as[*cognitomfa.Tokens](t, outcome, err)

			calls := 5
			if flow == cognitomfa.FlowSRP {
				calls += 2
			}
			require.Len(t, *seen, calls)
			for _, got := range *seen {
				if isPublic {
					assert.Equal(t, public, got)
				} else {
					assert.Equal(t, admin, got)
				}
			}
		}
	}
}

func TestContextOfADevice(t *testing.T) {
	t.Parallel()
	p := newTracked(t, always)
	device, _ := p.remembered(t)
	seen := contexts(p.wire)
	outcome, err := p.SignIn(t.Context(), "alice", password, on(device), from(complete()))
	as[*cognitomfa.Tokens](t, outcome, err)
	require.Len(t, *seen, 4)
	for _, context := range *seen {
		assert.Equal(t, "192.0.2.1", context["IpAddress"])
	}
}

// Without one, nothing is sent.
func TestNoContext(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{signIn: func(in *initiateIn) (*initiateOut, error) {
		assert.Nil(t, in.ContextData)
		return signedIn, nil
	}}, config)
	require.NoError(t, noOutcome(client.SignIn(t.Context(), "alice", password)))
}

func TestContextThatIsIncomplete(t *testing.T) {
	t.Parallel()
	at := func(address string) func(*cognitomfa.UserContext) {
		return func(u *cognitomfa.UserContext) { u.IPAddress = address }
	}
	only := func(u cognitomfa.UserContext) func(*cognitomfa.UserContext) {
		return func(all *cognitomfa.UserContext) { *all = u }
	}
	for name, tc := range map[string]struct {
		edit          func(*cognitomfa.UserContext)
		admin, public bool // it will do
	}{
		"complete":           {func(*cognitomfa.UserContext) {}, true, true},
		"empty":              {only(cognitomfa.UserContext{}), false, false},
		"no address":         {at(""), false, true},
		"no server":          {func(u *cognitomfa.UserContext) { u.ServerName = "" }, false, true},
		"no path":            {func(u *cognitomfa.UserContext) { u.ServerPath = "" }, false, true},
		"no header":          {func(u *cognitomfa.UserContext) { u.Header = nil }, false, true},
		"an empty header":    {func(u *cognitomfa.UserContext) { u.Header = http.Header{} }, true, true},
		"no fingerprint":     {func(u *cognitomfa.UserContext) { u.EncodedData = "" }, true, true},
		"only the address":   {only(cognitomfa.UserContext{IPAddress: "2001:db8::1"}), false, true},
		"only fingerprint":   {only(cognitomfa.UserContext{EncodedData: "f"}), false, true},
		"a port":             {at("192.0.2.1:443"), false, false},
		"IPv6 and a port":    {at("[2001:db8::1]:443"), false, false},
		"a list":             {at("192.0.2.1, 192.0.2.2"), false, false},
		"a name":             {at("localhost"), false, false},
		"an IPv6 address":    {at("2001:db8::1"), true, true},
		"an IPv4 in an IPv6": {at("::ffff:192.0.2.1"), true, true},
	} {
		for public, good := range map[bool]bool{false: tc.admin, true: tc.public} {
			srv, _ := newPool(t)
			client := newClient(t, srv.Client(), edited(configOf(srv), inPublic(public)))
			given := complete()
			tc.edit(given)
			outcome, err := client.SignIn(t.Context(), "alice", password, from(given))
			if good {
				as[*cognitomfa.Tokens](t, outcome, err)
				continue
			}
			require.ErrorIs(t, err, cognitomfa.ErrConfig, "%s, public %v", name, public)
			assert.ErrorContains(t, err, "UserContext", name)
			assert.NotContains(t, err.Error(), "192.0.2", name)
			assert.Empty(t, srv.Calls(), name)
			ch := &cognitomfa.MFAChallenge{Username: "alice", Session: cognitomfa.NewSecret("s")}
			_, err = client.RespondMFA(t.Context(), ch, "123456", func(o *cognitomfa.AnswerOptions) {
				o.Context = given
			})
			require.ErrorIs(t, err, cognitomfa.ErrConfig, name)
			assert.Empty(t, srv.Calls(), name)
		}
	}
}

// What a request tells about the browser is taken; what may be a secret is not.
func TestContextFromRequest(t *testing.T) {
	t.Parallel()
	const page = "https://login.example.com/sign-in?next=%2Fsecret"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, page, nil)
	r.RemoteAddr = "198.51.100.7:4711"
	for name, value := range map[string]string{
		"User-Agent": "Browser/1.0", "Accept-Language": "de", "Accept": "text/html",
		"Sec-Ch-Ua-Platform": `"Linux"`,
		"Cookie":             "session=secret", "Authorization": "Bearer secret",
		"Proxy-Authorization": "Basic secret", "X-Api-Key": "secret", "X-Csrf-Token": "secret",
		"X-Amzn-Oidc-Data": "secret", "X-Forwarded-Access-Token": "secret",
		"Cf-Access-Jwt-Assertion": "secret", "X-Forwarded-For": "203.0.113.9",
		"Referer": "https://example.com/?code=secret", "Sec-Websocket-Key": "secret",
		"Accept-Encoding": strings.Repeat("x", 4097),
	} {
		r.Header.Set(name, value)
	}
	got := cognitomfa.ContextFromRequest(r, "192.0.2.1")
	assert.Equal(t, &cognitomfa.UserContext{
		IPAddress: "192.0.2.1", ServerName: "login.example.com", ServerPath: "/sign-in",
		Header: http.Header{
			"User-Agent": {"Browser/1.0"}, "Accept-Language": {"de"}, "Accept": {"text/html"},
			"Sec-Ch-Ua-Platform": {`"Linux"`},
		},
	}, got)

	// Whatever a client sends, its sign-in is not the operator's fault.
	bare := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for _, r := range []*http.Request{{}, {Header: http.Header{}}, bare} {
		r.Host = ""
		client := newClient(t, &double{signIn: func(in *initiateIn) (*initiateOut, error) {
			assert.NotNil(t, in.ContextData.HttpHeaders, "the SDK requires it")
			assert.Equal(t, "/", aws.ToString(in.ContextData.ServerPath))
			assert.NotEmpty(t, aws.ToString(in.ContextData.ServerName))
			return signedIn, nil
		}}, config)
		given := cognitomfa.ContextFromRequest(r, "192.0.2.1")
		require.NoError(t, noOutcome(client.SignIn(t.Context(), "alice", password, from(given))))
	}
}
