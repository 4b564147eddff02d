package cognitomfa

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// ResetOptions are the options of [Client.ResetTOTP].
type ResetOptions struct {
	// SignOut also ends all of the user's sessions, which is right if the lost phone may be in the
	// wrong hands. Tokens issued in the same second may be ended with them. The default is false.
	SignOut bool
}

// ResetTOTP removes the authenticator of users who have lost theirs. Make sure beforehand that it
// is they who ask. A pool that requires MFA then lets them set up a new one at the next sign-in; in
// other pools they sign in without a code. It is [ErrUserNotFound] for an unknown user. For a user
// without an authenticator it is [ErrNotEnrolled], and NextStep says to give up: there is nothing
// to reset, and with SignOut the sessions have ended all the same. After any other error, make the
// same call again.
//
// To let users help themselves, keep recovery codes in the application: at Verify, make ten random
// codes of at least 64 bits, show them once, and store only a salted, slow hash of each (such as
// Argon2id). When a user who has given the password enters one of them in place of the
// authenticator's code, compare it in constant time, delete it before anything else, call ResetTOTP
// and let the user sign in and enroll again. Limit the attempts of each user, and tell the user by
// email that a code was used.
//
// It makes one call, AdminDeleteSoftwareToken (IAM action cognito-idp:AdminDeleteSoftwareToken on
// the pool). With SignOut it makes SignOutUser's call first, so that a repeated call always
// finishes the job.
func (c *Client) ResetTOTP(
	ctx context.Context, username string, optFns ...func(*ResetOptions),
) error {
	cl := newCall("reset totp", byIAM)
	cl.cutOff = true
	if err := c.nameable(cl, username); err != nil {
		return err
	}
	if resolve(optFns).SignOut {
		if err := c.signOutUser(ctx, cl.then(byIAM), username); err != nil {
			return err
		}
	}
	_, err := c.api.AdminDeleteSoftwareToken(ctx, &cip.AdminDeleteSoftwareTokenInput{
		UserPoolId: c.userPoolID, Username: &username,
	}, cl.follow)
	if err == nil {
		return nil
	}
	err = cl.fail(ctx, err)
	var e *Error
	if errors.As(err, &e) && errors.Is(e.Kind, ErrNotEnrolled) {
		if cl.lost {
			return nil // An earlier try, whose response was lost, has deleted it.
		}
		e.step = StepGiveUp
	}
	return err
}

// SignOutUser ends all sign-ins of a user, on all devices: Cognito no longer accepts their tokens.
// Services that verify access tokens offline accept those until they expire. Tokens issued in the
// same second may be ended as well. It is [ErrUserNotFound] for an unknown user.
//
// It makes one call, AdminUserGlobalSignOut (IAM action cognito-idp:AdminUserGlobalSignOut on the
// pool).
func (c *Client) SignOutUser(ctx context.Context, username string) error {
	cl := newCall("sign out user", byIAM)
	if err := c.nameable(cl, username); err != nil {
		return err
	}
	return c.signOutUser(ctx, cl, username)
}

func (c *Client) signOutUser(ctx context.Context, cl *call, username string) error {
	_, err := c.api.AdminUserGlobalSignOut(ctx, &cip.AdminUserGlobalSignOutInput{
		UserPoolId: c.userPoolID, Username: &username,
	}, cl.follow)
	if err != nil {
		return cl.fail(ctx, err)
	}
	return nil
}

// UserStatus returns the state of a user's MFA and account, for a support desk. As in
// [Client.Status], nothing may be listed for users who are asked for a code because the pool
// requires MFA. It is [ErrUserNotFound] for an unknown user.
//
// It makes one call, AdminGetUser (IAM action cognito-idp:AdminGetUser on the pool). Cognito counts
// a user who is looked up as active in the month, which it bills.
func (c *Client) UserStatus(ctx context.Context, username string) (*Status, error) {
	cl := newCall("user status", byIAM)
	if err := c.nameable(cl, username); err != nil {
		return nil, err
	}
	return c.userStatus(ctx, cl, username)
}

func (c *Client) userStatus(ctx context.Context, cl *call, username string) (*Status, error) {
	out, err := c.api.AdminGetUser(ctx, &cip.AdminGetUserInput{
		UserPoolId: c.userPoolID, Username: &username,
	}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	if aws.ToString(out.Username) == "" {
		return nil, cl.unusable("the response names no user")
	}
	return &Status{
		Username:   *out.Username,
		Enabled:    methods(out.UserMFASettingList),
		Preferred:  methodOf(aws.ToString(out.PreferredMfaSetting)),
		UserStatus: string(out.UserStatus),
		Disabled:   !out.Enabled,
	}, nil
}

// nameable returns an error if an administrator's call lacks the pool or the user.
func (c *Client) nameable(cl *call, username string) error {
	switch {
	case *c.userPoolID == "":
		return cl.refuse(ErrConfig, "set Config.UserPoolID")
	case username == "":
		return cl.refuse(ErrUserNotFound, "")
	}
	return nil
}

// ListOptions are the options of [Client.UsersWithoutMFA].
type ListOptions struct {
	// PerSecond is the most calls per second to make. The default is 10; Cognito allows a Region's
	// accounts 120 lookups and 30 lists a second, which sign-ins share.
	PerSecond float64
	// From resumes where an earlier walk stopped: the last value that Page was called with. The
	// default is the first user.
	From string
	// Page, if set, is called before each page of up to 60 users, with the value of From that
	// begins with that page ("" for the first), and with how many users were looked up so far.
	Page func(from string, users int)
}

// UsersWithoutMFA walks through the pool's users and yields those for whom no method is turned on,
// whether or not they are disabled or confirmed. As in [Client.Status], a user who has set up an
// authenticator without a preference call, on the hosted pages for instance, is among them.
//
// An error ends the walk: it is the last that is yielded. To go on, walk again from the last page.
// A canceled context ends it with an error that wraps the context's. Breaking out of the loop is
// fine.
//
// For each page of 60 users it makes one call, ListUsers, and for each user another, AdminGetUser
// (IAM actions cognito-idp:ListUsers and cognito-idp:AdminGetUser on the pool), since no list shows
// methods. At the default rate that is 10,000 users in 17 minutes. Cognito counts each user who is
// looked up as active in the month, which it bills: a nightly walk bills all users.
func (c *Client) UsersWithoutMFA(
	ctx context.Context, optFns ...func(*ListOptions),
) iter.Seq2[*Status, error] {
	return func(yield func(*Status, error) bool) {
		w := walk{client: c, opts: resolve(optFns)}
		visit := func(s *Status) bool { return len(s.Enabled) > 0 || yield(s, nil) }
		if err := w.each(ctx, visit); err != nil {
			yield(nil, err)
		}
	}
}

// walk is one walk through the users of a pool.
type walk struct {
	client *Client
	opts   ListOptions
	seen   int
	next   time.Time // when the next call may be made
}

const defaultPerSecond = 10

// each looks up every user until visit returns false.
func (w *walk) each(ctx context.Context, visit func(*Status) bool) error {
	cl := newCall("users without mfa", byIAM)
	switch {
	case *w.client.userPoolID == "":
		return cl.refuse(ErrConfig, "set Config.UserPoolID")
	case w.opts.PerSecond < 0:
		return cl.refuse(ErrConfig, "ListOptions.PerSecond is negative")
	case w.opts.PerSecond == 0:
		w.opts.PerSecond = defaultPerSecond
	}
	for from := w.opts.From; ; {
		if w.opts.Page != nil {
			w.opts.Page(from, w.seen)
		}
		page, err := w.page(ctx, cl.then(byIAM), from)
		if err != nil {
			return err
		}
		for _, user := range page.Users {
			s, err := w.lookUp(ctx, cl.then(byIAM), user)
			switch {
			case errors.Is(err, ErrUserNotFound):
				continue // The user was deleted meanwhile.
			case err != nil:
				return err
			}
			w.seen++
			if !visit(s) {
				return nil
			}
		}
		if from = aws.ToString(page.PaginationToken); from == "" {
			return nil
		}
	}
}

// page lists the users of one page, without their attributes but for sub, which everybody has.
func (w *walk) page(
	ctx context.Context, cl *call, from string,
) (*cip.ListUsersOutput, error) {
	if err := w.pace(ctx, cl); err != nil {
		return nil, err
	}
	page, err := w.client.api.ListUsers(ctx, &cip.ListUsersInput{
		UserPoolId:      w.client.userPoolID,
		AttributesToGet: []string{"sub"},
		PaginationToken: optional(from),
	}, cl.follow)
	switch {
	case err != nil:
		return nil, cl.fail(ctx, err)
	case page.Users == nil: // Without users the list is empty, not missing.
		return nil, cl.unusable("the response has no list of users")
	}
	return page, nil
}

func (w *walk) lookUp(ctx context.Context, cl *call, user types.UserType) (*Status, error) {
	if err := w.pace(ctx, cl); err != nil {
		return nil, err
	}
	return w.client.userStatus(ctx, cl, aws.ToString(user.Username))
}

// pace waits until the next call may be made, or the context ends.
func (w *walk) pace(ctx context.Context, cl *call) error {
	if err := ctx.Err(); err != nil {
		return cl.fail(ctx, err)
	}
	now := time.Now()
	if wait := w.next.Sub(now); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return cl.fail(ctx, ctx.Err())
		}
		now = w.next
	}
	w.next = now.Add(time.Duration(float64(time.Second) / w.opts.PerSecond))
	return nil
}
