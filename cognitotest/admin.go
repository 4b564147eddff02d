package cognitotest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// newUser makes a user that is not in its pool yet. In a pool whose users sign in by e-mail or phone number the given name is that address,
// and the user name is made up.
func (b *backend) newUser(p *pool, name, password string, status types.UserStatusType, given attributes) (*user, error) {
	if err := given.check(); err != nil {
		return nil, err
	}
	now := b.time()
	u := &user{
		pool: p, name: p.key(name), sub: newUUID(), created: now, modified: now,
		status: status, password: password, passwordSet: now,
	}
	for _, item := range given {
		u.attributes.set(item.Name, item.Value)
	}
	for _, attr := range p.aliasAttributes {
		if isAddress(attr, name) {
			kind := strings.ReplaceAll(attr, "_", " ")
			return nil, invalidParameter("Username cannot be of %s format, since user pool is configured for %s alias.", kind, kind)
		}
	}
	if len(p.usernameAttributes) > 0 {
		attr, err := p.addressKind(name)
		if err != nil {
			return nil, err
		}
		u.name = u.sub
		if u.attributes.get(attr) == "" {
			u.attributes.set(attr, p.key(name))
		}
	}
	return u, nil
}

// addressKind tells which of the attributes that users of the pool sign in by a name is.
func (p *pool) addressKind(name string) (string, error) {
	for _, attr := range p.usernameAttributes {
		if isAddress(attr, name) {
			return attr, nil
		}
	}
	if len(p.usernameAttributes) > 1 {
		return "", invalidParameter("Username should be either an email or a phone number.")
	}
	if p.usernameAttributes[0] == "phone_number" {
		return "", invalidParameter("Username should be a phone number.")
	}
	return "", invalidParameter("Username should be an email.")
}

type adminCreateUserRequest struct {
	UserPoolID             string `json:"UserPoolId"`
	Username               string
	TemporaryPassword      string
	UserAttributes         attributes
	ForceAliasCreation     bool
	MessageAction          types.MessageActionType
	DesiredDeliveryMediums []string
}

type userType struct {
	Username             string
	Attributes           attributes
	UserCreateDate       timestamp
	UserLastModifiedDate timestamp
	Enabled              bool
	UserStatus           types.UserStatusType
}

type adminCreateUserResponse struct {
	User userType
}

// adminCreateUser makes a user who must change the password at the first sign-in. The temporary one is sent, unless that is suppressed. Where
// users may do without a password and none is given, the user has none.
func (b *backend) adminCreateUser(in *adminCreateUserRequest) (*adminCreateUserResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	if in.MessageAction == types.MessageActionTypeResend {
		return b.resendInvitation(in)
	}
	password, status := cmp.Or(in.TemporaryPassword, newPassword()), userMustChange
	if err := p.settings().policy.check(password); err != nil {
		return nil, err
	}
	if err := p.checkNew(in.UserAttributes, false); err != nil {
		return nil, err
	}
	if in.TemporaryPassword == "" && p.passwordless() {
		password, status = "", userConfirmed
	}
	u, err := b.newUser(p, in.Username, password, status, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := p.add(u, errUserExists, in.ForceAliasCreation); err != nil {
		return nil, err
	}
	if in.MessageAction != types.MessageActionTypeSuppress && password != "" {
		b.invite(u, in.DesiredDeliveryMediums)
	}
	return &adminCreateUserResponse{u.wire()}, nil
}

func (b *backend) resendInvitation(in *adminCreateUserRequest) (*adminCreateUserResponse, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if u.status != userMustChange {
		return nil, &apiError{typeUnsupportedUserState, "Resend not possible. User status is not FORCE_CHANGE_PASSWORD"}
	}
	password := cmp.Or(in.TemporaryPassword, newPassword())
	if err := u.pool.settings().policy.check(password); err != nil {
		return nil, err
	}
	u.setPassword(password, userMustChange, b.time())
	b.invite(u, in.DesiredDeliveryMediums)
	return &adminCreateUserResponse{u.wire()}, nil
}

// invite sends the temporary password, by SMS unless only e-mail is asked for, as the service does.
func (b *backend) invite(u *user, mediums []string) {
	if slices.Contains(mediums, "EMAIL") {
		u.deliver("EMAIL", u.attributes.get("email"), u.password, b.time())
	}
	if len(mediums) == 0 || slices.Contains(mediums, "SMS") {
		u.deliver("SMS", u.attributes.get("phone_number"), u.password, b.time())
	}
}

func (u *user) wire() userType {
	return userType{u.name, u.listed(), timestamp(u.created), timestamp(u.modified), !u.disabled, u.status}
}

type adminSetPasswordRequest struct {
	UserPoolID string `json:"UserPoolId"`
	Username   string
	Password   string
	Permanent  bool
}

func (b *backend) adminSetUserPassword(in *adminSetPasswordRequest) (*empty, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if err := u.pool.settings().policy.check(in.Password); err != nil {
		return nil, err
	}
	status := userMustChange
	if in.Permanent {
		status = userConfirmed
	}
	u.setPassword(in.Password, status, b.time())
	return &empty{}, nil
}

// administer is the form of the calls that change one thing about a user and answer nothing.
func (b *backend) administer(in *userRequest, change func(*user, time.Time) error) (*empty, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	now := b.time()
	if err := change(u, now); err != nil {
		return nil, err
	}
	u.modified = now
	return &empty{}, nil
}

func (b *backend) adminDisableUser(in *userRequest) (*empty, error) {
	return b.administer(in, func(u *user, now time.Time) error {
		u.disabled = true
		u.revokeAll(now)
		return nil
	})
}

func (b *backend) adminEnableUser(in *userRequest) (*empty, error) {
	return b.administer(in, func(u *user, _ time.Time) error {
		u.disabled = false
		return nil
	})
}

func (b *backend) adminUserGlobalSignOut(in *userRequest) (*empty, error) {
	return b.administer(in, func(u *user, now time.Time) error {
		u.revokeAll(now)
		return nil
	})
}

func (b *backend) adminConfirmSignUp(in *userRequest) (*empty, error) {
	return b.administer(in, func(u *user, _ time.Time) error { return u.confirmSignUp() })
}

func (b *backend) adminDeleteUser(in *userRequest) (*empty, error) {
	return b.administer(in, func(u *user, _ time.Time) error {
		u.delete()
		return nil
	})
}
