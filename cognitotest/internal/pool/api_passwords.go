package pool

import (
	"errors"
	"slices"
	"time"
)

// See FIDELITY.md, "Passwords".

// passwordCodeLife is how long a code for a new password is valid.
const passwordCodeLife = time.Hour

var (
	errAdminRecovery = &Error{notAuthorized, "Contact administrator to reset password."}
	errNoReset       = &Error{notAuthorized, "User password cannot be reset in the current state."}
	errNoRecovery    = invalidParameter(
		"Cannot reset password for the user as there is no registered/verified email or phone_number")
)

// forgotPassword sends a code for ConfirmForgotPassword. A client that hides who exists does not
// learn either that a user has no address to send to.
func forgotPassword(c *caller, in *nameRequest) (*deliveryResponse, error) {
	if c.user == nil {
		return simulateRecovery(c, in.Username)
	}
	delivery, err := sendRecovery(c)
	switch {
	case errors.Is(err, errNoRecovery) && !c.client.reveal:
		return simulateRecovery(c, in.Username)
	case err != nil:
		return nil, err
	}
	return &deliveryResponse{delivery}, nil
}

// simulateRecovery returns the response for a user who must look like any other: the one that most
// users of the pool would get.
func simulateRecovery(c *caller, username string) (*deliveryResponse, error) {
	set := c.pool.settings()
	switch {
	case len(set.recovery) == 0:
		return &deliveryResponse{c.simulateDelivery(username, set.autoVerified)}, nil
	case set.recovery[0] == recoveryAdmin:
		return nil, errAdminRecovery
	default:
		return &deliveryResponse{c.simulateDelivery(username, set.recovery)}, nil
	}
}

// sendRecovery sends the code for a new password. It returns an error if the user has never chosen
// one.
func sendRecovery(c *caller) (*codeDelivery, error) {
	if c.user.status == userMustChange || c.user.status == userExternal {
		return nil, errNoReset
	}
	attribute, err := recovery(c)
	if err != nil {
		return nil, err
	}
	return c.sendCode(codePassword, attribute, passwordCodeLife), nil
}

// recovery returns the attribute whose address gets the code: the first verified one of those that
// the pool lists or, if it lists none, the phone number before the email address. It skips an
// address that is a second factor: otherwise one factor would do for both.
func recovery(c *caller) (string, error) {
	mechanisms := c.pool.settings().recovery
	if len(mechanisms) == 0 {
		mechanisms = []string{"phone_number", "email"}
	}
	u, factors := c.user, c.factors(c.pool.mfaConfig())
	isFactor := func(attribute string) bool {
		return slices.ContainsFunc(factors,
			func(method string) bool { return addressOf(method) == attribute })
	}
	for _, attribute := range mechanisms {
		switch {
		case attribute == recoveryAdmin:
			return "", errAdminRecovery
		case isFactor(attribute):
		case u.attributes.get(attribute) != "" && u.attributes.verified(attribute):
			return attribute, nil
		}
	}
	return "", errNoRecovery
}

// checkPassword checks a new password of the user against the policy and the last passwords, the
// current one included.
func (c *caller) checkPassword(password string) error {
	policy := c.pool.settings().policy
	if err := policy.check(password); err != nil {
		return err
	}
	last := append([]string{c.user.password}, c.user.passwords...)
	if slices.Contains(last[:min(policy.PasswordHistorySize, len(last))], password) {
		return &Error{
			"PasswordHistoryPolicyViolationException", "Password has previously been used.",
		}
	}
	return nil
}

type confirmForgotPasswordRequest struct {
	ConfirmationCode string
	Password         string
}

// confirmForgotPassword sets a new password with a code of ForgotPassword or
// AdminResetUserPassword. The code is used up only on success.
func confirmForgotPassword(c *caller, in *confirmForgotPasswordRequest) (*none, error) {
	if c.user == nil {
		return nil, errConfirmCode
	}
	now := c.Now()
	if _, err := c.user.checkCode(codePassword, in.ConfirmationCode, now); err != nil {
		return nil, err
	}
	switch c.user.status {
	case userUnconfirmed:
		return nil, errNotConfirmed
	case userMustChange:
		return nil, errNoReset
	}
	if err := c.checkPassword(in.Password); err != nil {
		return nil, err
	}
	delete(c.user.codes, codePassword)
	c.user.setPassword(in.Password, userConfirmed, now)
	return &none{}, nil
}

// resetPassword invalidates the password, and the sign-ins that began with it, until
// ConfirmForgotPassword sets another.
func resetPassword(c *caller, _ *none) (*none, error) {
	if c.user.status == userUnconfirmed {
		return nil, errNoReset
	}
	if _, err := sendRecovery(c); err != nil {
		return nil, err
	}
	c.user.status = userResetRequired
	c.user.endSessions()
	c.touch()
	return &none{}, nil
}

type setPasswordRequest struct {
	Password  string
	Permanent bool
}

func setPassword(c *caller, in *setPasswordRequest) (*none, error) {
	if err := c.checkPassword(in.Password); err != nil {
		return nil, err
	}
	status := userMustChange
	if in.Permanent {
		status = userConfirmed
	}
	c.user.setPassword(in.Password, status, c.Now())
	return &none{}, nil
}

type changePasswordRequest struct {
	PreviousPassword, ProposedPassword string
}

// changePassword changes the password of a user who is signed in. A wrong old password counts as at
// sign-in.
func changePassword(c *caller, in *changePasswordRequest) (*none, error) {
	now := c.Now()
	switch {
	case c.user.status == userResetRequired:
		return nil, errPasswordReset
	case c.user.lockedOut(now):
		return nil, errLockedOut
	case c.user.password != in.PreviousPassword:
		c.user.failed(now)
		return nil, errCredentials
	}
	if err := c.checkPassword(in.ProposedPassword); err != nil {
		return nil, err
	}
	c.user.setPassword(in.ProposedPassword, userConfirmed, now)
	return &none{}, nil
}
