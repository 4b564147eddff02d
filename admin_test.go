package cognitomfa_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func signOutToo(o *cognitomfa.ResetOptions) { o.SignOut = true }

func TestResetTOTP(t *testing.T) {
	t.Parallel()
	for _, signOut := range []bool{false, true} {
		srv, client := newPool(t, mfaRequired)
		access := setUpAlice(t, srv, client).Access.Reveal()
		takeCalls(srv)

		err := client.ResetTOTP(t.Context(), "alice", func(o *cognitomfa.ResetOptions) {
			o.SignOut = signOut
		})
		require.NoError(t, err)
		want := []string{"AdminDeleteSoftwareToken"}
		if signOut {
			want = slices.Insert(want, 0, "AdminUserGlobalSignOut")
		}
		assert.Equal(t, want, takeCalls(srv))
		_, err = client.Status(t.Context(), access)
		assert.Equal(t, signOut, err != nil, "the sessions end only if asked")
		outcome, err := client.SignIn(t.Context(), "alice", password)
		as[*cognitomfa.SetupChallenge](t, outcome, err)
	}

	_, client := newPool(t)
	require.ErrorIs(t, client.ResetTOTP(t.Context(), "nobody"), cognitomfa.ErrUserNotFound)
	require.ErrorIs(t, client.ResetTOTP(t.Context(), "no body\n"), cognitomfa.ErrUserNotFound)
	err := client.ResetTOTP(t.Context(), "alice")
	require.ErrorIs(t, err, cognitomfa.ErrNotEnrolled)
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err), "there is nothing to reset")
}

// If Cognito throttles the sign-out, the authenticator is not removed yet, so a repeated call does
// both.
func TestResetTOTPAfterAThrottledSignOut(t *testing.T) {
	t.Parallel()
	srv, _ := newPoolWith(t, totpUser)
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	thief := *srv.IssueTokens("alice").AccessToken
	srv.Advance(2 * time.Second)
	srv.Fail("AdminUserGlobalSignOut", times(3, cognitotest.Throttle())...)
	err := client.ResetTOTP(t.Context(), "alice", signOutToo)
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	assert.True(t, srv.User("alice").TOTP, "nothing has happened yet")
	require.NoError(t, client.ResetTOTP(t.Context(), "alice", signOutToo))
	assert.False(t, srv.User("alice").TOTP)
	_, err = client.Status(t.Context(), thief)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)

	// Users without an authenticator are signed out, too.
	thief = *srv.IssueTokens("alice").AccessToken
	srv.Advance(2 * time.Second)
	err = client.ResetTOTP(t.Context(), "alice", signOutToo)
	require.ErrorIs(t, err, cognitomfa.ErrNotEnrolled)
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
	_, err = client.Status(t.Context(), thief)
	require.ErrorIs(t, err, cognitomfa.ErrAccessToken)
}

func TestUserStatus(t *testing.T) {
	t.Parallel()
	user := totpEmailUser
	user.Preferred = "EMAIL_OTP"
	srv, client := newPoolWith(t, user, emailMFA)
	s, err := client.UserStatus(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, &cognitomfa.Status{
		Username:   "alice",
		Enabled:    totpAndEmail,
		Preferred:  cognitomfa.MethodEmail,
		UserStatus: "CONFIRMED",
	}, s)

	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password,
		Status: types.UserStatusTypeForceChangePassword, Disabled: true,
	})
	s, err = client.UserStatus(t.Context(), "bob")
	require.NoError(t, err)
	assert.Equal(t, &cognitomfa.Status{
		Username: "bob", UserStatus: "FORCE_CHANGE_PASSWORD", Disabled: true,
	}, s)

	_, err = client.UserStatus(t.Context(), "nobody")
	require.ErrorIs(t, err, cognitomfa.ErrUserNotFound)
	require.ErrorIs(t, client.SignOutUser(t.Context(), "nobody"), cognitomfa.ErrUserNotFound)
}

// unpaced lists users without a pause between the calls.
func unpaced(o *cognitomfa.ListOptions) { o.PerSecond = 1e6 }

// lastUserWithoutMFA returns the last value that UsersWithoutMFA yields.
func lastUserWithoutMFA(
	t *testing.T, client *cognitomfa.Client, optFns ...func(*cognitomfa.ListOptions),
) (status *cognitomfa.Status, err error) {
	t.Helper()
	for status, err = range client.UsersWithoutMFA(t.Context(), optFns...) {
		assert.Equal(t, err == nil, status != nil, "a user or an error")
	}
	return status, err
}

// newCrowd returns a pool of 130 users. Every second one has an authenticator.
func newCrowd(t *testing.T) (*cognitotest.Server, *cognitomfa.Client) {
	t.Helper()
	srv := newServer(t)
	for i := range 130 {
		user := cognitotest.User{Username: fmt.Sprintf("user-%03d", i), Password: password}
		if i%2 == 0 {
			user.TOTP = totpKey
		}
		srv.AddUser(user)
	}
	return srv, newClient(t, srv.Client(), configOf(srv))
}

func TestUsersWithoutMFA(t *testing.T) {
	t.Parallel()
	srv, client := newCrowd(t)
	var pages, names []string
	notePages := func(o *cognitomfa.ListOptions) {
		o.Page = func(from string, users int) {
			require.Equal(t, 60*len(pages), users)
			require.Less(t, len(pages), 3, "there are three pages")
			pages = append(pages, from)
		}
	}
	for s, err := range client.UsersWithoutMFA(t.Context(), unpaced, notePages) {
		require.NoError(t, err)
		names = append(names, s.Username)
	}
	assert.Len(t, names, 65)
	assert.Len(t, pages, 3)
	assert.Empty(t, pages[0])
	assert.Len(t, takeCalls(srv), 133, "a list for each page, and each user once")

	// From continues at the start of a page.
	var rest []string
	fromThird := func(o *cognitomfa.ListOptions) { o.From = pages[2] }
	for s, err := range client.UsersWithoutMFA(t.Context(), unpaced, fromThird) {
		require.NoError(t, err)
		rest = append(rest, s.Username)
	}
	assert.Equal(t, names[60:], rest)
}

func TestUsersWithoutMFAStopsWhereTheCallerStops(t *testing.T) {
	t.Parallel()
	srv, client := newCrowd(t)
	for _, err := range client.UsersWithoutMFA(t.Context(), unpaced) {
		require.NoError(t, err)
		break
	}
	assert.Equal(t, []string{"ListUsers", "AdminGetUser", "AdminGetUser"}, takeCalls(srv))
}

// A user who was deleted in the meantime is skipped. Any other error ends the iteration.
func TestUsersWithoutMFAEndsWithAnError(t *testing.T) {
	t.Parallel()
	srv, client := newCrowd(t)
	srv.Fail("AdminGetUser",
		cognitotest.Error("UserNotFoundException", "User does not exist."),
		cognitotest.Fault{},
		cognitotest.Error("AccessDeniedException", "no"))
	_, err := lastUserWithoutMFA(t, client, unpaced)
	require.ErrorIs(t, err, cognitomfa.ErrConfig)
	assert.ErrorContains(t, err, "cognito-idp:AdminGetUser")
	assert.Len(t, takeCalls(srv), 4, "the list and three users")

	_, err = lastUserWithoutMFA(t, client, func(o *cognitomfa.ListOptions) { o.PerSecond = -1 })
	require.ErrorIs(t, err, cognitomfa.ErrConfig)
	assert.Empty(t, takeCalls(srv))
}

// A missing list must not look as if all users had MFA: only an empty list means that.
func TestUsersWithoutMFANeedsAList(t *testing.T) {
	t.Parallel()
	for name, users := range map[string][]types.UserType{"missing": nil, "empty": {}} {
		client := newClient(t, &double{list: func(in *listIn) (*listOut, error) {
			assert.Equal(t, []string{"sub"}, in.AttributesToGet, "no personal data is asked for")
			return &listOut{Users: users}, nil
		}}, config)
		_, err := lastUserWithoutMFA(t, client)
		if users == nil {
			require.ErrorIs(t, err, cognitomfa.ErrUnavailable, name)
		} else {
			require.NoError(t, err, name)
		}
	}
}

// crowdDouble returns a pool of three users on two pages, and the times of its calls, counted from
// the start of the test.
func crowdDouble(t *testing.T) (*double, *[]time.Duration) {
	t.Helper()
	start := time.Now()
	var at []time.Duration
	return &double{
		list: func(in *listIn) (*listOut, error) {
			at = append(at, time.Since(start))
			if aws.ToString(in.PaginationToken) == "second" {
				return &listOut{Users: []types.UserType{{Username: aws.String("carol")}}}, nil
			}
			return &listOut{
				Users: []types.UserType{
					{Username: aws.String("alice")}, {Username: aws.String("bob")},
				},
				PaginationToken: aws.String("second"),
			}, nil
		},
		adminGetUser: func(in *adminGetUserIn) (*adminGetUserOut, error) {
			at = append(at, time.Since(start))
			return &adminGetUserOut{Username: in.Username, Enabled: true}, nil
		},
	}, &at
}

func TestUsersWithoutMFAPace(t *testing.T) {
	t.Parallel()
	for perSecond, pause := range map[float64]time.Duration{
		0:    100 * time.Millisecond, // the default
		4:    250 * time.Millisecond,
		0.01: 100 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) { // Its clock advances while all goroutines wait.
			api, at := crowdDouble(t)
			client := newClient(t, api, config)
			_, err := lastUserWithoutMFA(t, client, func(o *cognitomfa.ListOptions) {
				o.PerSecond = perSecond
			})
			require.NoError(t, err)
			assert.Equal(t, []time.Duration{0, pause, 2 * pause, 3 * pause, 4 * pause}, *at)
		})
	}
}

// The context also ends the pause between two calls.
func TestUsersWithoutMFAEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api, at := crowdDouble(t)
		client := newClient(t, api, config)
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		var names []string
		var last error
		for s, err := range client.UsersWithoutMFA(ctx) {
			if last = err; err == nil {
				names = append(names, s.Username)
			}
		}
		require.ErrorIs(t, last, context.DeadlineExceeded)
		require.ErrorIs(t, last, cognitomfa.ErrUnavailable)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(last))
		assert.Equal(t, []string{"alice"}, names)
		assert.Len(t, *at, 2)
	})
}

// The SDK repeated the sign-out, whose response was lost. The removal was sent only once, so a
// missing authenticator is still ErrNotEnrolled.
func TestResetTOTPAfterALostSignOut(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	client := newClient(t, srv.Client(quickRetries), configOf(srv))
	srv.Fail("AdminUserGlobalSignOut", cognitotest.DropAfter())
	err := client.ResetTOTP(t.Context(), "alice", signOutToo)
	require.ErrorIs(t, err, cognitomfa.ErrNotEnrolled)
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
}
