package cognitotest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const incorrect = "NotAuthorized: Incorrect username or password."

// srpClient is the client's half of SRP in Cognito's clients. It shares no code with the server: it
// hashes numbers as hexadecimal digits like the JavaScript clients, spells out HKDF, and computes
// the modulus from its definition.
type srpClient struct {
	n, a, A *big.Int
}

func newSRPClient() *srpClient {
	n := definedModulus()
	a := new(big.Int).SetBytes(sha256sum([]byte(time.Now().String())))
	return &srpClient{n: n, a: a, A: new(big.Int).Exp(big.NewInt(2), a, n)}
}

// definedModulus is 2^3072 - 2^3008 - 1 + 2^64 * ([2^2942 pi] + 1690314), from section 4 of RFC
// 3526.
func definedModulus() *big.Int {
	power := func(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), n) }
	const guard = 64
	arctanOfInverse := func(x int64) *big.Int {
		term := new(big.Int).Div(power(2942+guard), big.NewInt(x))
		sum := new(big.Int).Set(term)
		for i := int64(3); term.Sign() != 0; i += 2 {
			term.Div(term, big.NewInt(-x*x))
			sum.Add(sum, new(big.Int).Quo(term, big.NewInt(i)))
		}
		return sum
	}
	// Machin: pi = 16 arctan(1/5) - 4 arctan(1/239)
	pi := arctanOfInverse(5)
	pi.Mul(pi, big.NewInt(16)).Sub(pi,
		new(big.Int).Mul(arctanOfInverse(239), big.NewInt(4))).Rsh(pi, guard)

	n := pi.Add(pi, big.NewInt(1690314))
	n.Lsh(n, 64).Add(n, power(3072)).Sub(n, power(3008))
	return n.Sub(n, big.NewInt(1))
}

// padHex returns the digits of a number that are hashed: an even number of them, and not those of a
// negative number.
func padHex(x *big.Int) []byte {
	digits := x.Text(16)
	switch {
	case len(digits)%2 == 1:
		digits = "0" + digits
	case strings.ContainsRune("89abcdef", rune(digits[0])):
		digits = "00" + digits
	}
	raw := make([]byte, len(digits)/2)
	if _, err := fmt.Sscanf(digits, "%x", &raw); err != nil {
		panic(err)
	}
	return raw
}

func sha256sum(parts ...[]byte) []byte {
	sum := sha256.Sum256(slices.Concat(parts...))
	return sum[:]
}

func hmacSum(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(slices.Concat(parts...))
	return mac.Sum(nil)
}

func fromHex(tb testing.TB, digits string) *big.Int {
	tb.Helper()
	x, ok := new(big.Int).SetString(digits, 16)
	require.True(tb, ok, "%q", digits)
	return x
}

// key returns the client's key for a challenge's salt and public key.
func (s *srpClient) key(tb testing.TB, realm, name, password, salt, public string) []byte {
	tb.Helper()
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	two, B := big.NewInt(2), fromHex(tb, public)
	k := number(sha256sum(padHex(s.n), padHex(two)))
	u := number(sha256sum(padHex(s.A), padHex(B)))
	x := number(sha256sum(padHex(fromHex(tb, salt)), sha256sum([]byte(realm+name+":"+password))))
	// S = (B - k g^x) ^ (a + u x)
	base := new(big.Int).Exp(two, x, s.n)
	base.Sub(B, base.Mul(base, k)).Mod(base, s.n)
	shared := base.Exp(base, new(big.Int).Add(s.a, new(big.Int).Mul(u, x)), s.n)
	return hmacSum(hmacSum(padHex(u), padHex(shared)), []byte("Caldera Derived Key\x01"))[:16]
}

// srpStamp returns the server's time in the form that clients sign.
func (f fake) srpStamp() string {
	now := f.Now().UTC()
	return now.Format("Mon Jan ") + fmt.Sprint(now.Day()) + now.Format(" 15:04:05 UTC 2006")
}

// srpInit begins a sign-in by SRP.
func (f fake) srpInit(s *srpClient, username string) reply {
	f.t.Helper()
	return f.call("InitiateAuth",
		kv{"ClientId": f.ClientID, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": kv{
			"USERNAME": username, "SRP_A": s.A.Text(16), "SECRET_HASH": f.secretHash(username),
		}})
}

// srpClaim returns the answer to a PASSWORD_VERIFIER.
func (f fake) srpClaim(s *srpClient, challenge reply, password string) kv {
	f.t.Helper()
	return f.srpClaimAt(s, challenge, password, f.srpStamp())
}

// srpClaimAt returns the answer of a client with this time.
func (f fake) srpClaimAt(s *srpClient, challenge reply, password, stamp string) kv {
	f.t.Helper()
	require.Equal(f.t, "PASSWORD_VERIFIER", challenge.text("ChallengeName"), "%s", challenge.raw)
	parameter := func(name string) string { return challenge.text("ChallengeParameters", name) }
	_, realm, _ := strings.Cut(f.UserPoolID, "_")
	name := parameter("USER_ID_FOR_SRP")
	block, err := base64.StdEncoding.DecodeString(parameter("SECRET_BLOCK"))
	require.NoError(f.t, err)
	key := s.key(f.t, realm, name, password, parameter("SALT"), parameter("SRP_B"))
	return kv{
		"USERNAME": parameter("USERNAME"), "SECRET_HASH": f.secretHash(parameter("USERNAME")),
		"TIMESTAMP":                   stamp,
		"PASSWORD_CLAIM_SECRET_BLOCK": parameter("SECRET_BLOCK"),
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(hmacSum(
			key, []byte(realm+name), block, []byte(stamp),
		)),
	}
}

// srpAnswer sends an answer to a PASSWORD_VERIFIER, without a session.
func (f fake) srpAnswer(claim kv) reply {
	f.t.Helper()
	return f.call("RespondToAuthChallenge", kv{
		"ClientId": f.ClientID, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": claim,
	})
}

// srpSignIn signs in by SRP, and returns the response to the password.
func (f fake) srpSignIn(username, password string) reply {
	f.t.Helper()
	s := newSRPClient()
	return f.srpAnswer(f.srpClaim(s, f.srpInit(s, username), password))
}

func TestSRP(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		on     func(*options)
		user   cognitotest.User
		expect string // a challenge, or nothing for tokens
	}{
		"tokens":             {},
		"password not ASCII": {user: cognitotest.User{Password: "Grüße, Jürgen!1"}},
		"name not ASCII":     {user: cognitotest.User{Username: "björn"}},
		"with a secret":      {on: func(o *options) { o.ClientSecret = "0123456789abcdefghijklmnop" }},
		"name in other case": {
			on:   func(o *options) { o.CaseInsensitive = true },
			user: cognitotest.User{Username: "Bob"},
		},
		"by email": {
			on:   func(o *options) { o.UsernameAttributes = []types.UsernameAttributeType{"email"} },
			user: cognitotest.User{Username: "bob@example.com"},
		},
		"new password": {
			user:   cognitotest.User{Status: types.UserStatusTypeForceChangePassword},
			expect: "NEW_PASSWORD_REQUIRED",
		},
		"second factor":       {user: cognitotest.User{TOTP: secret}, expect: "SOFTWARE_TOKEN_MFA"},
		"second factor to be": {on: mfaOn, expect: "MFA_SETUP"},
		"older flow name": {on: func(o *options) {
			o.AuthFlows = []types.ExplicitAuthFlowsType{"USER_PASSWORD_AUTH"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := listen(t, func(o *options) {
				if tc.on != nil {
					tc.on(o)
				}
			})
			if tc.user.Username == "" {
				tc.user.Username = "bob"
			}
			if tc.user.Password == "" {
				tc.user.Password = password
			}
			srv.AddUser(tc.user)
			r := srv.srpSignIn(tc.user.Username, tc.user.Password)
			require.Empty(t, r.failure())
			assert.Equal(t, tc.expect, r.text("ChallengeName"))
			assert.Equal(t, tc.expect == "", r.access() != "", "tokens or a challenge")
			assert.Equal(t, tc.expect != "", r.session() != "")
			assert.Equal(t, incorrect, srv.srpSignIn(tc.user.Username, "wrong").failure())
		})
	}
}

// A PASSWORD_VERIFIER has the parameters that clients read, and no session.
func TestSRPChallenge(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.AliasAttributes = []types.AliasAttributeType{"email"} })
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Email: "bob@example.com"})
	s := newSRPClient()
	r := srv.srpInit(s, "bob@example.com")
	require.Equal(t, "PASSWORD_VERIFIER", r.text("ChallengeName"))
	assert.NotContains(t, r.body, "Session")
	parameters, _ := r.body["ChallengeParameters"].(kv)
	assert.Len(t, parameters, 5)
	assert.Equal(t, "bob", parameters["USERNAME"])
	assert.Equal(t, "bob", parameters["USER_ID_FOR_SRP"], "whatever the user typed")
	assert.Regexp(t, `^[1-9a-f][0-9a-f]{31}$`, parameters["SALT"])
	assert.Regexp(t, `^[0-9a-f]{700,768}$`, parameters["SRP_B"])
	assert.InDelta(t, 1200, len(r.text("ChallengeParameters", "SECRET_BLOCK")), 100)

	again := srv.srpInit(s, "bob")
	assert.Equal(t, parameters["SALT"], again.text("ChallengeParameters", "SALT"),
		"the user's salt stays")
	assert.NotEqual(
		t, parameters["SALT"], srv.srpInit(s, "alice").text("ChallengeParameters", "SALT"),
		"and is nobody else's",
	)
	assert.NotEqual(t, parameters["SRP_B"], again.text("ChallengeParameters", "SRP_B"),
		"the server's key does not")
}

// The same with the SDK, by an administrator.
func TestSRPOverTheSDK(t *testing.T) {
	t.Parallel()
	srv := start(t)
	s := newSRPClient()
	first, err := srv.Client().AdminInitiateAuth(t.Context(),
		&cognitoidentityprovider.AdminInitiateAuthInput{
			UserPoolId: &srv.UserPoolID, ClientId: &srv.ClientID,
			AuthFlow:       types.AuthFlowTypeUserSrpAuth,
			AuthParameters: map[string]string{"USERNAME": "alice", "SRP_A": s.A.Text(16)},
		})
	require.NoError(t, err)
	challenge := reply{body: kv{
		"ChallengeName": string(first.ChallengeName), "ChallengeParameters": kv{},
	}}
	for name, value := range first.ChallengeParameters {
		challenge.body["ChallengeParameters"].(kv)[name] = value
	}
	responses := map[string]string{}
	for name, value := range srv.srpClaim(s, challenge, password) {
		responses[name], _ = value.(string)
	}
	last, err := srv.Client().AdminRespondToAuthChallenge(
		t.Context(), &cognitoidentityprovider.AdminRespondToAuthChallengeInput{
			UserPoolId: &srv.UserPoolID, ClientId: &srv.ClientID,
			ChallengeName: types.ChallengeNameTypePasswordVerifier, ChallengeResponses: responses,
		},
	)
	require.NoError(t, err)
	require.NotNil(t, last.AuthenticationResult)
	user, err := srv.Client().GetUser(t.Context(), &cognitoidentityprovider.GetUserInput{
		AccessToken: last.AuthenticationResult.AccessToken,
	})
	require.NoError(t, err)
	assert.Equal(t, "alice", aws.ToString(user.Username))
}

// A custom flow may begin with the password. The script comes after it.
func TestCustomAuthWithSRP(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.Script("alice", cognitotest.Challenge{Answers: map[string]string{"ANSWER": "42"}})
	s := newSRPClient()
	begin := func(parameters kv) reply {
		parameters["CHALLENGE_NAME"] = "SRP_A"
		return srv.call("InitiateAuth", kv{
			"ClientId": srv.ClientID, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": parameters,
		})
	}
	r := srv.srpAnswer(
		srv.srpClaim(s, begin(kv{"USERNAME": "alice", "SRP_A": s.A.Text(16)}), password))
	require.Equal(t, "CUSTOM_CHALLENGE", r.text("ChallengeName"), "%s", r.raw)
	assert.NotEmpty(t,
		srv.respond("CUSTOM_CHALLENGE", r.session(), "alice", kv{"ANSWER": "42"}).access())

	wrong := srv.srpAnswer(
		srv.srpClaim(s, begin(kv{"USERNAME": "alice", "SRP_A": s.A.Text(16)}), "wrong"))
	assert.Equal(t, incorrect, wrong.failure())
	assert.Equal(t, "InvalidParameter: Missing required parameter SRP_A",
		begin(kv{"USERNAME": "alice"}).failure())
	assert.Equal(t, "InvalidParameter: Missing required parameter USERNAME",
		begin(kv{"SRP_A": "2"}).failure())
}

func TestSRPPublicKeys(t *testing.T) {
	t.Parallel()
	srv := start(t)
	n := definedModulus()
	const refused = "InvalidParameter: SRP_A is not a valid public key."
	for name, tc := range map[string]struct{ key, failure string }{
		"none":            {"", "InvalidParameter: Missing required parameter SRP_A"},
		"zero":            {"0", refused},
		"many zeros":      {strings.Repeat("0", 768), refused},
		"N":               {n.Text(16), refused},
		"2N":              {new(big.Int).Lsh(n, 1).Text(16), refused},
		"N+1":             {new(big.Int).Add(n, big.NewInt(1)).Text(16), refused},
		"N-1":             {new(big.Int).Sub(n, big.NewInt(1)).Text(16), ""},
		"one":             {"1", ""},
		"upper case":      {"ABCDEF", ""},
		"a zero in front": {"00ff", ""},
		"negative":        {"-2", refused},
		"signed":          {"+2", refused},
		"prefixed":        {"0x2", refused},
		"underscore":      {"1_0", refused},
		"blank":           {" ", refused},
		"not hexadecimal": {"xyz", refused},
		"not ASCII":       {"１２", refused},
		"longer than N":   {strings.Repeat("0", 770) + "2", refused},
		"huge":            {strings.Repeat("f", 100_000), refused},
	} {
		for _, username := range []string{"alice", "nobody"} {
			r := srv.call("InitiateAuth", kv{
				"ClientId": srv.ClientID, "AuthFlow": "USER_SRP_AUTH",
				"AuthParameters": kv{"USERNAME": username, "SRP_A": tc.key},
			})
			assert.Equal(t, tc.failure, r.failure(), "%s, %s", name, username)
			assert.Equal(t, tc.failure == "", r.text("ChallengeName") == "PASSWORD_VERIFIER",
				"%s, %s", name, username)
		}
	}
}

func TestSRPAnswers(t *testing.T) {
	t.Parallel()
	const (
		signature = "InvalidParameter: PASSWORD_CLAIM_SIGNATURE is not valid Base64."
		stamp     = "InvalidParameter: TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
		missing   = "InvalidParameter: Missing required parameter "
	)
	// The 5th of a month, where a leading zero would matter.
	srv := start(t, func(o *options) {
		o.Now = func() time.Time { return time.Date(2026, 9, 5, 8, 5, 9, 0, time.UTC) }
	})
	srv.AddUser(cognitotest.User{Username: "mallory", Password: password})
	s := newSRPClient()
	mallory := srv.srpClaim(s, srv.srpInit(s, "mallory"), password)
	block := func(change func([]byte) []byte) func(kv) {
		return func(claim kv) {
			raw, err := base64.StdEncoding.DecodeString(
				claim["PASSWORD_CLAIM_SECRET_BLOCK"].(string))
			require.NoError(t, err)
			claim["PASSWORD_CLAIM_SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(change(raw))
		}
	}
	set := func(name string, value any) func(kv) { return func(claim kv) { claim[name] = value } }
	other := start(t)

	for name, tc := range map[string]struct {
		change  func(kv)
		failure string
	}{
		"no signature": {
			set("PASSWORD_CLAIM_SIGNATURE", ""), missing + "PASSWORD_CLAIM_SIGNATURE",
		},
		"no block": {
			set("PASSWORD_CLAIM_SECRET_BLOCK", ""), missing + "PASSWORD_CLAIM_SECRET_BLOCK",
		},
		"no time":              {set("TIMESTAMP", ""), missing + "TIMESTAMP"},
		"no name":              {set("USERNAME", ""), missing + "USERNAME"},
		"signature not Base64": {set("PASSWORD_CLAIM_SIGNATURE", "%%%%"), signature},
		"signature cut off":    {set("PASSWORD_CLAIM_SIGNATURE", "AAA"), signature},
		"signature too short":  {set("PASSWORD_CLAIM_SIGNATURE", "AAAA"), incorrect},
		"signature of zeros": {
			set("PASSWORD_CLAIM_SIGNATURE", base64.StdEncoding.EncodeToString(make([]byte, 32))),
			incorrect,
		},
		"signature huge": {
			set("PASSWORD_CLAIM_SIGNATURE", strings.Repeat("A", 100_000)), incorrect,
		},
		"signature of mallory": {set("PASSWORD_CLAIM_SIGNATURE",
			mallory["PASSWORD_CLAIM_SIGNATURE"]), incorrect},
		"block not Base64": {set("PASSWORD_CLAIM_SECRET_BLOCK", "%%%%"), incorrect},
		"block too short":  {set("PASSWORD_CLAIM_SECRET_BLOCK", "AAAA"), incorrect},
		"block of zeros": {
			set("PASSWORD_CLAIM_SECRET_BLOCK", strings.Repeat("A", 1200)), incorrect,
		},
		"block huge": {set("PASSWORD_CLAIM_SECRET_BLOCK",
			strings.Repeat("A", 100_000)), incorrect},
		"block with a flipped bit": {
			block(func(raw []byte) []byte { raw[500] ^= 1; return raw }), incorrect,
		},
		"block shortened":  {block(func(raw []byte) []byte { return raw[:len(raw)-1] }), incorrect},
		"block lengthened": {block(func(raw []byte) []byte { return append(raw, 0) }), incorrect},
		"block of mallory": {
			set("PASSWORD_CLAIM_SECRET_BLOCK", mallory["PASSWORD_CLAIM_SECRET_BLOCK"]), incorrect,
		},
		"block of another server": {
			set("PASSWORD_CLAIM_SECRET_BLOCK",
				other.srpInit(s, "alice").text("ChallengeParameters", "SECRET_BLOCK")),
			incorrect,
		},
		"block that is a session": {set("PASSWORD_CLAIM_SECRET_BLOCK", func() string {
			srv := withTOTP(t)
			return strings.TrimPrefix(srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session(),
				"AYABe")
		}()), incorrect},
		"everything of mallory but the name": {func(claim kv) {
			for name, value := range mallory {
				if name != "USERNAME" {
					claim[name] = value
				}
			}
		}, incorrect},
		"name of mallory":        {set("USERNAME", "mallory"), incorrect},
		"name of nobody":         {set("USERNAME", "nobody"), incorrect},
		"time of another second": {set("TIMESTAMP", "Sat Sep 5 08:05:10 UTC 2026"), incorrect},
		"time in ISO 8601":       {set("TIMESTAMP", "2026-09-05T08:05:09Z"), stamp},
		"time of another zone":   {set("TIMESTAMP", "Sat Sep 5 08:05:09 IST 2026"), stamp},
		"time by offset":         {set("TIMESTAMP", "Sat Sep 5 08:05:09 +00:00 2026"), stamp},
		"time in German":         {set("TIMESTAMP", "Sa Sep 5 08:05:09 UTC 2026"), stamp},
		"time that never was":    {set("TIMESTAMP", "Sat Sep 31 08:05:09 UTC 2026"), stamp},
		"time with a tail":       {set("TIMESTAMP", "Sat Sep 5 08:05:09 UTC 2026 "), stamp},
		"time huge":              {set("TIMESTAMP", strings.Repeat("Sat ", 30_000)), stamp},
	} {
		t.Run(name, func(t *testing.T) {
			srv := srv.in(t)
			challenge := srv.srpInit(s, "alice")
			claim := srv.srpClaim(s, challenge, password)
			tc.change(claim)
			assert.Equal(t, tc.failure, srv.srpAnswer(claim).failure())
			assert.NotEmpty(
				t, srv.srpAnswer(srv.srpClaim(s, challenge, password)).access(),
				"a wrong answer does not use the challenge up",
			)
		})
	}
}

// Clients sign the canonical form of a time, even if they send another.
func TestSRPTimestampForm(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) {
		o.Now = func() time.Time { return time.Date(2026, 9, 5, 8, 5, 9, 0, time.UTC) }
	})
	s := newSRPClient()
	for stamp, failure := range map[string]string{
		"Sat Sep 5 08:05:09 UTC 2026":   "",
		"Sat Sep 05 08:05:09 UTC 2026":  incorrect,
		"Sun Sep 5 08:05:09 UTC 2026":   incorrect,
		"sat sep 5 08:05:09 UTC 2026":   incorrect,
		"Sat Sep 5 08:05:09.0 UTC 2026": incorrect,
		"Sat Sep  5 08:05:09 UTC 2026":  incorrect,
		"Sat Sep 5 08:05:09 UTC 1926":   incorrect,
		"Tue Sep 5 08:05:09 UTC 9999":   incorrect,
	} {
		claim := srv.srpClaimAt(s, srv.srpInit(s, "alice"), password, stamp)
		assert.Equal(t, failure, srv.srpAnswer(claim).failure(), stamp)
		require.NotEmpty(t, srv.srpSignIn("alice", password).access())
	}
}

// A client's clock may be off by five minutes. After Advance, the clock without it is accepted as
// well.
func TestSRPTimestampRange(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 9, 5, 8, 5, 9, 0, time.UTC)
	srv := start(t, func(o *options) { o.Now = func() time.Time { return clock } })
	signed := func(off time.Duration) string {
		s := newSRPClient()
		challenge := srv.srpInit(s, "alice")
		clock = clock.Add(off)
		claim := srv.srpClaim(s, challenge, password)
		clock = clock.Add(-off)
		return srv.srpAnswer(claim).failure()
	}
	for off, failure := range map[time.Duration]string{
		0: "", 5 * time.Minute: "", -5 * time.Minute: "",
		5*time.Minute + time.Second: incorrect, -5*time.Minute - time.Second: incorrect,
		24 * time.Hour: incorrect,
	} {
		assert.Equal(t, failure, signed(off), off)
	}
	srv.Advance(time.Hour)
	assert.Empty(t, signed(0))
	assert.Empty(t, signed(-time.Hour))
	assert.Equal(t, incorrect, signed(-30*time.Minute))
}

func TestSRPChallengeIsUsedOnce(t *testing.T) {
	t.Parallel()
	srv := start(t)
	s := newSRPClient()
	older, newer := srv.srpInit(s, "alice"), srv.srpInit(s, "alice")
	claim := srv.srpClaim(s, newer, password)
	require.NotEmpty(t, srv.srpAnswer(claim).access())
	assert.Equal(t, usedSession, srv.srpAnswer(claim).failure())
	assert.NotEmpty(t, srv.srpAnswer(srv.srpClaim(s, older, password)).access(),
		"each is good by itself")

	unanswered := srv.srpInit(s, "alice")
	srv.Advance(3*time.Minute - time.Millisecond)
	onTime := srv.srpInit(s, "alice")
	srv.Advance(time.Millisecond)
	assert.Equal(t, expiredSession, srv.srpAnswer(srv.srpClaim(s, unanswered, password)).failure())
	assert.NotEmpty(t, srv.srpAnswer(srv.srpClaim(s, onTime, password)).access())
}

// A challenge belongs to the client that it was given to.
func TestSRPChallengeIsBoundToItsClient(t *testing.T) {
	t.Parallel()
	srv := start(t)
	s := newSRPClient()
	other := srv.must("CreateUserPoolClient", kv{
		"UserPoolId": srv.UserPoolID, "ClientName": "other",
	}).text("UserPoolClient", "ClientId")
	claim := srv.srpClaim(s, srv.srpInit(s, "alice"), password)
	answer := func(clientID string) reply {
		return srv.call("RespondToAuthChallenge", kv{
			"ClientId": clientID, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": claim,
		})
	}
	assert.Equal(t, incorrect, answer(other).failure())
	assert.NotEmpty(t, answer(srv.ClientID).access())
}

// The password must be right both at the challenge and at the answer.
func TestSRPPasswordChangedMeanwhile(t *testing.T) {
	t.Parallel()
	srv := start(t)
	s := newSRPClient()
	const changed = "Changed1!"
	before, after := srv.srpInit(s, "alice"), srv.srpInit(s, "alice")
	srv.must("AdminSetUserPassword", kv{
		"UserPoolId": srv.UserPoolID, "Username": "alice", "Password": changed, "Permanent": true,
	})
	assert.Equal(t, incorrect, srv.srpAnswer(srv.srpClaim(s, before, password)).failure())
	assert.Equal(t, incorrect, srv.srpAnswer(srv.srpClaim(s, after, changed)).failure())
	assert.NotEmpty(t, srv.srpSignIn("alice", changed).access())
}

func TestSRPUserGoneMeanwhile(t *testing.T) {
	t.Parallel()
	srv := start(t)
	s := newSRPClient()
	challenge := srv.srpInit(s, "alice")
	srv.must("AdminDeleteUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	assert.Equal(t, incorrect, srv.srpAnswer(srv.srpClaim(s, challenge, password)).failure())
}

// The state of a user shows only after the right password, unless the client reveals who exists.
func TestSRPStates(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user    cognitotest.User
		failure string
	}{
		"disabled": {cognitotest.User{Disabled: true}, "NotAuthorized: User is disabled."},
		"unconfirmed": {
			cognitotest.User{Status: types.UserStatusTypeUnconfirmed},
			"UserNotConfirmed: User is not confirmed.",
		},
		"reset required": {
			cognitotest.User{Status: types.UserStatusTypeResetRequired},
			"PasswordResetRequired: Password reset required for the user",
		},
	} {
		tc.user.Username, tc.user.Password = "bob", password
		hiding, telling := listen(t), listen(t, func(o *options) { o.RevealUsers = true })
		hiding.AddUser(tc.user)
		telling.AddUser(tc.user)
		assert.Equal(t, tc.failure, hiding.srpSignIn("bob", password).failure(), name)
		assert.Equal(t, incorrect, hiding.srpSignIn("bob", "wrong").failure(), name)
		assert.Equal(t, tc.failure, telling.srpSignIn("bob", password).failure(), name)
		assert.Equal(t, tc.failure, telling.srpSignIn("bob", "wrong").failure(), name)
	}
}

// Wrong passwords count by SRP as well.
func TestSRPLockout(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen)
	for range 3 {
		srv.srpSignIn("alice", "wrong")
	}
	assert.Equal(t, incorrect, srv.signIn("alice", "wrong").failure())
	assert.Equal(t, incorrect, srv.srpSignIn("alice", "wrong").failure())
	assert.Equal(t, "NotAuthorized: Password attempts exceeded",
		srv.srpSignIn("alice", password).failure())
	assert.Equal(t, 5, srv.User("alice").FailedPasswordTries)
	srv.Advance(time.Second)
	assert.NotEmpty(t, srv.srpSignIn("alice", password).access())
	assert.Zero(t, srv.User("alice").FailedPasswordTries)
}

// A challenge for an unknown name looks like any other, has the same salt each time, and ends like
// a wrong password.
func TestSRPSimulatedChallenge(t *testing.T) {
	t.Parallel()
	byEmail := func(o *options) { o.UsernameAttributes = []types.UsernameAttributeType{"email"} }
	srv := start(t, byEmail)
	s := newSRPClient()
	realOne, simulated := srv.srpInit(s, "alice@example.com"), srv.srpInit(s, "nobody@example.com")
	require.Equal(t, 200, simulated.status)
	require.Len(t, simulated.body, len(realOne.body))
	parameters, _ := simulated.body["ChallengeParameters"].(kv)
	require.Len(t, parameters, 5)
	for name, value := range realOne.body["ChallengeParameters"].(kv) {
		assert.InDelta(t, len(value.(string)), len(simulated.text("ChallengeParameters", name)), 8,
			name)
	}
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		parameters["USERNAME"])
	assert.Equal(t, parameters["USERNAME"], parameters["USER_ID_FOR_SRP"])
	assert.Regexp(t, `^[1-9a-f][0-9a-f]{31}$`, parameters["SALT"])

	again, other := srv.srpInit(s, "nobody@example.com"), srv.srpInit(s, "nobody@example.org")
	for _, name := range []string{"USERNAME", "SALT"} {
		assert.Equal(t, parameters[name], again.text("ChallengeParameters", name))
		assert.NotEqual(t, parameters[name], other.text("ChallengeParameters", name))
	}
	assert.NotEqual(t, parameters["SRP_B"], again.text("ChallengeParameters", "SRP_B"))

	for _, change := range []func(kv){
		func(kv) {},
		func(claim kv) { claim["TIMESTAMP"] = "now" },
		func(claim kv) { claim["PASSWORD_CLAIM_SIGNATURE"] = "%" },
		func(claim kv) { claim["PASSWORD_CLAIM_SECRET_BLOCK"] = "%" },
		func(claim kv) { claim["USERNAME"] = "nobody@example.com" },
	} {
		wrong, invented := srv.srpClaim(s, realOne, "wrong"), srv.srpClaim(s, simulated, "wrong")
		change(wrong)
		change(invented)
		assert.Equal(t, srv.srpAnswer(wrong).failure(), srv.srpAnswer(invented).failure())
	}
	srv.Advance(3 * time.Minute)
	assert.Equal(t, expiredSession, srv.srpAnswer(srv.srpClaim(s, simulated, "wrong")).failure())

	telling := start(t, byEmail, func(o *options) { o.RevealUsers = true })
	assert.Equal(t, "UserNotFound: User does not exist.",
		telling.srpInit(s, "nobody@example.com").failure())
}

// A challenge for an unknown name stays useless after a user of that name is created.
func TestSRPUserComesMeanwhile(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	s := newSRPClient()
	challenge := srv.srpInit(s, "bob")
	srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	claim := srv.srpClaim(s, challenge, password)
	assert.Equal(t, incorrect, srv.srpAnswer(claim).failure())
	claim["USERNAME"] = "bob"
	assert.Equal(t, incorrect, srv.srpAnswer(claim).failure())
}

// Concurrent exchanges do not affect each other.
func TestSRPManyAtOnce(t *testing.T) {
	t.Parallel()
	srv := start(t)
	results := make(chan string)
	for range 8 {
		go func() { results <- srv.srpSignIn("alice", password).access() }()
	}
	seen := map[string]bool{}
	for range 8 {
		seen[<-results] = true
	}
	assert.Len(t, seen, 8)
	assert.NotContains(t, seen, "")
}

// Only the right answer to a PASSWORD_VERIFIER leads to tokens.
func FuzzSRPAnswer(f *testing.F) {
	srv := start(f, frozen)
	s := newSRPClient()
	claim := srv.srpClaim(s, srv.srpInit(s, "alice"), password)
	text := func(name string) string { return claim[name].(string) }
	right := text("PASSWORD_CLAIM_SIGNATURE")
	f.Add("alice", "AAAA", text("PASSWORD_CLAIM_SECRET_BLOCK"), text("TIMESTAMP"))
	f.Add("nobody", right, "", "Sat Sep 05 08:05:09 UTC 2026")
	f.Add("alice", right, "AAAA", text("TIMESTAMP"))
	f.Add("", "\xff", "\x00", "Mon")
	f.Fuzz(func(t *testing.T, username, signature, block, stamp string) {
		r := srv.in(t).srpAnswer(kv{
			"USERNAME": username, "PASSWORD_CLAIM_SIGNATURE": signature,
			"PASSWORD_CLAIM_SECRET_BLOCK": block, "TIMESTAMP": stamp,
		})
		assert.Contains(
			t, []string{"NotAuthorizedException", "InvalidParameterException"}, r.text("__type"),
			"%s",
			r.raw,
		)
	})
}

// BenchmarkSRP measures a sign-in by SRP. Most of the time is arithmetic, about half of it the
// client's.
func BenchmarkSRP(b *testing.B) {
	srv := start(b)
	s := newSRPClient()
	for b.Loop() {
		require.NotEmpty(b,
			srv.srpAnswer(srv.srpClaim(s, srv.srpInit(s, "alice"), password)).access())
	}
}
