package cognitotest

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// recoveryAdmin is the recovery mechanism that leaves it to administrators.
const recoveryAdmin = "admin_only"

type forgotPasswordRequest struct {
	ClientID   string `json:"ClientId"`
	Username   string
	SecretHash string
}

// forgotPassword sends a code that ConfirmForgotPassword takes. A client that hides who exists is not told either that a user has no address to
// send to.
func (b *backend) forgotPassword(in *forgotPasswordRequest) (*deliveryResponse, error) {
	c, u, err := b.lockNamed(in.ClientID, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return b.simulateRecovery(c.pool, in.Username)
	}
	defer u.mu.Unlock()
	delivery, err := b.sendRecovery(u)
	switch {
	case errors.Is(err, errNoRecovery) && !c.reveal:
		return b.simulateRecovery(c.pool, in.Username)
	case err != nil:
		return nil, err
	}
	return &deliveryResponse{delivery}, nil
}

// simulateRecovery is the answer of ForgotPassword for whoever must not be told from others: as the pool would answer most.
func (b *backend) simulateRecovery(p *pool, username string) (*deliveryResponse, error) {
	set := p.settings()
	switch {
	case len(set.recovery) == 0:
		return b.simulate(p, username, set.autoVerified), nil
	case set.recovery[0] == recoveryAdmin:
		return nil, errAdminRecovery
	default:
		return b.simulate(p, username, set.recovery), nil
	}
}

// sendRecovery sends the code that gives the user, whose lock is held, a new password. Whoever never had one of their own cannot have lost it.
func (b *backend) sendRecovery(u *user) (*codeDelivery, error) {
	if u.status == userMustChange {
		return nil, errNoReset
	}
	attribute, err := u.recovery()
	if err != nil {
		return nil, err
	}
	return b.sendCode(u, codePassword, attribute, passwordCodeLife), nil
}

// recovery is the attribute whose address gets the code: the first verified one of those that the pool names or, if it names none, the phone
// number before the e-mail address. A phone that is the second factor is no way around the first.
func (u *user) recovery() (string, error) {
	mechanisms := u.pool.settings().recovery
	named := len(mechanisms) > 0
	if !named {
		mechanisms = []string{"phone_number", "email"}
	}
	for _, attribute := range mechanisms {
		switch {
		case attribute == recoveryAdmin:
			return "", errAdminRecovery
		case named && attribute == "phone_number" && slices.Contains(u.methods, methodSMS):
		case u.attributes.get(attribute) != "" && u.attributes.verified(attribute):
			return attribute, nil
		}
	}
	return "", errNoRecovery
}

// accountRecoverySetting says how users of a pool get a new password.
type accountRecoverySetting struct {
	RecoveryMechanisms []recoveryMechanism `json:",omitempty"`
}

type recoveryMechanism struct {
	Priority int
	Name     string
}

// attributes lists the mechanisms as attributes, the most important first.
func (s accountRecoverySetting) attributes() ([]string, error) {
	names := map[string]string{"verified_email": "email", "verified_phone_number": "phone_number", recoveryAdmin: recoveryAdmin}
	sorted := slices.SortedStableFunc(slices.Values(s.RecoveryMechanisms), func(a, b recoveryMechanism) int { return cmp.Compare(a.Priority, b.Priority) })
	var attributes []string
	for _, mechanism := range sorted {
		attribute, known := names[mechanism.Name]
		if !known {
			return nil, invalidParameter("There is no account recovery mechanism %q.", clip(mechanism.Name))
		}
		attributes = append(attributes, attribute)
	}
	return attributes, nil
}

// recoverySetting is the reverse of attributes.
func recoverySetting(attributes []string) *accountRecoverySetting {
	if len(attributes) == 0 {
		return nil
	}
	names := map[string]string{"email": "verified_email", "phone_number": "verified_phone_number", recoveryAdmin: recoveryAdmin}
	s := &accountRecoverySetting{}
	for i, attribute := range attributes {
		s.RecoveryMechanisms = append(s.RecoveryMechanisms, recoveryMechanism{i + 1, names[attribute]})
	}
	return s
}

type confirmForgotPasswordRequest struct {
	ClientID         string `json:"ClientId"`
	Username         string
	ConfirmationCode string
	Password         string
	SecretHash       string
}

// confirmForgotPassword sets a new password for a code of ForgotPassword or of AdminResetUserPassword. The code is spent when that went well.
func (b *backend) confirmForgotPassword(in *confirmForgotPasswordRequest) (*empty, error) {
	_, u, err := b.lockNamed(in.ClientID, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, errConfirmCode
	}
	defer u.mu.Unlock()
	now := b.time()
	if _, err := u.checkCode(codePassword, in.ConfirmationCode, now); err != nil {
		return nil, err
	}
	switch u.status {
	case userUnconfirmed:
		return nil, errNotConfirmed
	case userMustChange:
		return nil, errNoReset
	}
	if err := u.pool.settings().policy.check(in.Password); err != nil {
		return nil, err
	}
	delete(u.codes, codePassword)
	u.setPassword(in.Password, userConfirmed, now)
	return &empty{}, nil
}

// adminResetUserPassword bars the old password, and ends the sign-ins that began with it, until ConfirmForgotPassword sets another.
func (b *backend) adminResetUserPassword(in *userRequest) (*empty, error) {
	return b.administer(in, func(u *user, _ time.Time) error {
		if u.status == userUnconfirmed {
			return errNoReset
		}
		if _, err := b.sendRecovery(u); err != nil {
			return err
		}
		u.status, u.sessions = userResetRequired, nil
		return nil
	})
}

type changePasswordRequest struct {
	AccessToken, PreviousPassword, ProposedPassword string
}

// changePassword replaces the password of a user who is signed in. Wrong guesses at the old one count as at sign-in.
func (b *backend) changePassword(in *changePasswordRequest) (*empty, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	now := b.time()
	switch {
	case u.status == userResetRequired:
		return nil, errPasswordReset
	case u.lockedOut(now):
		return nil, errLockedOut
	case u.password != in.PreviousPassword:
		u.failed(now)
		return nil, errCredentials
	}
	if err := u.pool.settings().policy.check(in.ProposedPassword); err != nil {
		return nil, err
	}
	u.setPassword(in.ProposedPassword, userConfirmed, now)
	return &empty{}, nil
}
