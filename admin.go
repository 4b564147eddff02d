package cognitomfa

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// ResetOptions are the options of [Client.ResetTOTP].
type ResetOptions struct {
	// SignOut also ends all of the user's sessions, which is right if the lost device may be in the wrong hands. The default is false.
	SignOut bool
}

// ResetTOTP forgets the authenticator of a user who has lost it, whoever he is: make sure beforehand that it is he who asks. A pool that demands MFA then
// lets him set a new one up at the next sign-in; in other pools he signs in without a code. It is [ErrUserNotFound] for an unknown user and
// [ErrNotEnrolled] for one without an authenticator.
//
// For users who shall help themselves, keep recovery codes in the application: at Verify, make ten random codes of at least 64 bits, show them once, and store
// only a salted, slow hash of each (such as Argon2id) beside the user name. When a user has given his password and then, in place of the authenticator's
// code, one of these, compare it in constant time, delete it before anything else, call ResetTOTP and let him sign in and enroll again. Count failed
// attempts per user, and tell him by e-mail that a code was used.
//
// It makes one call, AdminDeleteSoftwareToken (IAM action cognito-idp:AdminDeleteSoftwareToken on the pool), and with SignOut a second,
// AdminUserGlobalSignOut (IAM action cognito-idp:AdminUserGlobalSignOut).
func (c *Client) ResetTOTP(ctx context.Context, username string, optFns ...func(*ResetOptions)) error {
	cl := call{"reset totp", byIAM}
	if *c.userPoolID == "" {
		return &Error{Op: cl.op, Kind: ErrConfig, Err: errors.New("it needs Config.UserPoolID")}
	}
	if username == "" {
		return &Error{Op: cl.op, Kind: ErrUserNotFound}
	}
	var again watchingRetryer
	_, err := c.api.AdminDeleteSoftwareToken(ctx, &cognitoidentityprovider.AdminDeleteSoftwareTokenInput{
		UserPoolId: c.userPoolID, Username: &username,
	}, again.watch)
	if err != nil {
		err = cl.fail(err)
		if !again.lost || !errors.Is(err, ErrNotEnrolled) {
			return err
		}
		// An earlier try, whose answer was lost, has deleted it.
	}
	if !resolve(optFns).SignOut {
		return nil
	}
	_, err = c.api.AdminUserGlobalSignOut(ctx, &cognitoidentityprovider.AdminUserGlobalSignOutInput{UserPoolId: c.userPoolID, Username: &username})
	if err != nil {
		return cl.fail(err)
	}
	return nil
}
