package cognitotest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Many users enroll and sign in at once, while others are added, the pool is read, and its
// configuration changes. Each gets their own tokens.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	srv := start(t)
	const users = 24
	var wg sync.WaitGroup
	for i := range users {
		wg.Go(func() {
			name := fmt.Sprintf("user%d", i)
			srv.AddUser(
				cognitotest.User{Username: name, Password: password, Email: name + "@example.com"})
			client := srv.Client()
			parameters := map[string]string{"USERNAME": name, "PASSWORD": password}
			first, err := client.InitiateAuth(t.Context(),
				&cognitoidentityprovider.InitiateAuthInput{
					ClientId: &srv.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
					AuthParameters: parameters,
				})
			if !assert.NoError(t, err) || !assert.NotNil(t, first.AuthenticationResult) {
				return
			}
			access := first.AuthenticationResult.AccessToken
			_, err = client.AssociateSoftwareToken(
				t.Context(),
				&cognitoidentityprovider.AssociateSoftwareTokenInput{AccessToken: access},
			)
			assert.NoError(t, err)
			code := srv.Code(name)
			_, err = client.VerifySoftwareToken(t.Context(),
				&cognitoidentityprovider.VerifySoftwareTokenInput{
					AccessToken: access, UserCode: &code,
				})
			assert.NoError(t, err)
			_, err = client.SetUserMFAPreference(t.Context(),
				&cognitoidentityprovider.SetUserMFAPreferenceInput{
					AccessToken: access,
					SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{
						Enabled: true, PreferredMfa: true,
					},
				})
			assert.NoError(t, err)

			second, err := client.InitiateAuth(t.Context(),
				&cognitoidentityprovider.InitiateAuthInput{
					ClientId: &srv.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
					AuthParameters: parameters,
				})
			if !assert.NoError(t, err) {
				return
			}
			last, err := client.RespondToAuthChallenge(
				t.Context(), &cognitoidentityprovider.RespondToAuthChallengeInput{
					ClientId: &srv.ClientID, ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa,
					Session: second.Session,
					ChallengeResponses: map[string]string{
						"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": srv.NextCode(name),
					},
				},
			)
			if assert.NoError(t, err) {
				user, err := client.GetUser(t.Context(), &cognitoidentityprovider.GetUserInput{
					AccessToken: last.AuthenticationResult.AccessToken,
				})
				assert.NoError(t, err)
				assert.Equal(t, name, *user.Username)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			_, err := srv.Client().DescribeUserPool(
				t.Context(),
				&cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &srv.UserPoolID},
			)
			assert.NoError(t, err)
			_, err = srv.Client().SetUserPoolMfaConfig(t.Context(),
				&cognitoidentityprovider.SetUserPoolMfaConfigInput{
					UserPoolId: &srv.UserPoolID, MfaConfiguration: types.UserPoolMfaTypeOptional,
					SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
				})
			assert.NoError(t, err)
			srv.Calls()
			srv.Advance(time.Millisecond)
		}
	})
	wg.Wait()
	described := srv.must("DescribeUserPool", kv{"UserPoolId": srv.UserPoolID})
	assert.InDelta(t, users+1, described.body["UserPool"].(kv)["EstimatedNumberOfUsers"], 0)
}

// Concurrent changes to one user neither deadlock nor leave an inconsistent state.
func TestConcurrentChangesToOneUser(t *testing.T) {
	t.Parallel()
	srv := start(t,
		func(o *options) { o.AliasAttributes, o.Email = []types.AliasAttributeType{"email"}, true })
	user := kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "GroupName": "staff"}
	var wg sync.WaitGroup
	for _, work := range []func(){
		func() {
			srv.call("AdminCreateUser",
				kv{"UserPoolId": srv.UserPoolID, "Username": "bob", "UserAttributes": []kv{
					{"Name": "email", "Value": "bob@example.com"},
					{"Name": "email_verified", "Value": "true"},
				}})
		},
		func() { srv.call("AdminDeleteUser", user) },
		func() { srv.call("AdminGetUser", user) },
		func() {
			srv.call("AdminSetUserPassword", kv{
				"UserPoolId": srv.UserPoolID, "Username": "bob@example.com", "Password": password,
				"Permanent": true,
			})
		},
		func() { srv.signIn("bob@example.com", password) },
		func() { srv.call("AdminUserGlobalSignOut", user) },
		func() {
			srv.call("AdminUpdateUserAttributes", kv{
				"UserPoolId": srv.UserPoolID, "Username": "bob",
				"UserAttributes": []kv{{"Name": "email", "Value": "b@example.com"}},
			})
		},
		func() {
			srv.call("CreateGroup", user)
			srv.call("AdminAddUserToGroup", user)
			srv.call("ListUsersInGroup", user)
		},
		func() { srv.call("AdminListGroupsForUser", user); srv.call("DeleteGroup", user) },
		func() { srv.must("ListUsers", kv{"UserPoolId": srv.UserPoolID, "Filter": `email ^= "b"`}) },
		func() { srv.must("UpdateUserPool", mailing(kv{"UserPoolId": srv.UserPoolID})) },
		func() {
			srv.must("UpdateUserPoolClient", kv{
				"UserPoolId": srv.UserPoolID, "ClientId": srv.ClientID,
				"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"},
			})
		},
		func() {
			srv.forgot("bob@example.com")
			srv.call("ResendConfirmationCode", kv{"ClientId": srv.ClientID, "Username": "bob"})
		},
	} {
		wg.Go(func() {
			for range 20 {
				work()
			}
		})
	}
	wg.Wait()
	srv.must("AdminGetUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
}

// BenchmarkSignIn measures sign-ins with password and code, over HTTP and the SDK, with few and
// with many users in the pool. It runs rounds of parallel sign-ins on both servers in turn, and
// reports the median rate of each and their ratio. Signing the two tokens is the larger part of the
// cost.
func BenchmarkSignIn(b *testing.B) {
	const few, many, round = 100, 100_000, 100
	pools := []int{few, many}
	servers := make([]*cognitotest.Server, len(pools))
	rates := make([][]float64, len(pools))
	for i, users := range pools {
		servers[i] = cognitotest.NewServer()
		defer servers[i].Close()
		addUsers(servers[i], users)
	}
	runtime.GC()
	for turn := 0; b.Loop(); turn++ {
		for i, srv := range servers {
			srv.Advance(2 * time.Minute) // whoever's turn comes again, the last code is long past
			begin := time.Now()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range runtime.GOMAXPROCS(0) {
				wg.Go(func() {
					for k := next.Add(1); k <= round; k = next.Add(1) {
						assert.NoError(b,
							signInWithCode(b.Context(), srv,
								userName((turn*round+int(k))%pools[i])))
					}
				})
			}
			wg.Wait()
			rates[i] = append(rates[i], round/time.Since(begin).Seconds())
		}
	}
	for i, users := range pools {
		slices.Sort(rates[i])
		b.ReportMetric(rates[i][len(rates[i])/2], fmt.Sprintf("users=%d/s", users))
	}
	b.ReportMetric(rates[1][len(rates[1])/2]/rates[0][len(rates[0])/2], "many/few")
}

func signInWithCode(ctx context.Context, srv *cognitotest.Server, name string) error {
	client := srv.Client()
	first, err := client.InitiateAuth(ctx, &cognitoidentityprovider.InitiateAuthInput{
		ClientId: &srv.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	if err != nil {
		return err
	}
	_, err = client.RespondToAuthChallenge(ctx,
		&cognitoidentityprovider.RespondToAuthChallengeInput{
			ClientId: &srv.ClientID, ChallengeName: first.ChallengeName, Session: first.Session,
			ChallengeResponses: map[string]string{
				"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": srv.Code(name),
			},
		})
	return err
}

// BenchmarkAddUser reports the time and memory of a user with an authenticator.
func BenchmarkAddUser(b *testing.B) {
	const users = 10_000
	for b.Loop() {
		srv := cognitotest.NewServer()
		before := heap()
		addUsers(srv, users)
		b.ReportMetric(float64(heap()-before)/users, "B/user")
		srv.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/users, "µs/user")
}

// BenchmarkStart measures the time from NewServer to the response of the first sign-in, after the
// process has loaded its keys.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		srv := cognitotest.NewServer()
		srv.AddUser(cognitotest.User{Username: "alice", Password: password})
		_, err := srv.Client().InitiateAuth(b.Context(), &cognitoidentityprovider.InitiateAuthInput{
			ClientId: &srv.ClientID, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
		})
		require.NoError(b, err)
		srv.Close()
	}
}

func userName(i int) string { return fmt.Sprintf("user%06d", i) }

func addUsers(srv *cognitotest.Server, n int) {
	for i := range n {
		srv.AddUser(cognitotest.User{
			Username: userName(i), Password: password, Email: userName(i) + "@example.com",
			TOTP: secret,
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkCall measures calls without a network: a cheap one by a token and by an administrator, a
// sign-in that ends with tokens, and one that ends with a challenge.
func BenchmarkCall(b *testing.B) {
	srv := cognitotest.NewServer()
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, TOTP: secret})
	signIn := func(name string) string {
		return `{"ClientId":"` + srv.ClientID +
			`","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"` + name +
			`","PASSWORD":"` +
			password + `"}}`
	}
	for _, call := range []struct{ name, operation, body string }{
		{
			name: "GetUser", operation: "GetUser",
			body: `{"AccessToken":"` + *srv.IssueTokens("alice").AccessToken + `"}`,
		},
		{
			name: "AdminGetUser", operation: "AdminGetUser",
			body: `{"UserPoolId":"` + srv.UserPoolID + `","Username":"alice"}`,
		},
		{name: "tokens", operation: "InitiateAuth", body: signIn("alice")},
		{name: "challenge", operation: "InitiateAuth", body: signIn("bob")},
	} {
		b.Run(call.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				request := httptest.NewRequestWithContext(
					b.Context(), http.MethodPost, "/", strings.NewReader(call.body),
				)
				request.Header.Set("X-Amz-Target",
					"AWSCognitoIdentityProviderService."+call.operation)
				request.Header.Set("Authorization", "AWS4-HMAC-SHA256")
				recorder := httptest.NewRecorder()
				srv.ServeHTTP(recorder, request)
				if recorder.Code != http.StatusOK {
					b.Fatal(recorder.Body)
				}
			}
		})
	}
}

// BenchmarkOpenSessions measures how long it takes to begin a sign-in for a user with few open
// sessions and for one with many.
func BenchmarkOpenSessions(b *testing.B) {
	for _, open := range []int{100, 100_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			srv := cognitotest.NewServer(frozen)
			defer srv.Close()
			srv.AddUser(cognitotest.User{Username: "bob", Password: password, TOTP: secret})
			body := `{"ClientId":"` + srv.ClientID +
				`","AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"bob","PASSWORD":"` + password + `"}}`
			begin := func() {
				request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/",
					strings.NewReader(body))
				request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
				recorder := httptest.NewRecorder()
				srv.ServeHTTP(recorder, request)
				if recorder.Code != http.StatusOK {
					b.Fatal(recorder.Body)
				}
			}
			for range open {
				begin()
			}
			for b.Loop() {
				begin()
			}
		})
	}
}
