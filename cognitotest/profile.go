package cognitotest

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type tokenRequest struct {
	AccessToken string
}

// empty is the answer of calls that have nothing to say.
type empty struct{}

type getUserResponse struct {
	Username            string
	UserAttributes      attributes
	PreferredMfaSetting string   `json:",omitempty"`
	UserMFASettingList  []string `json:",omitempty"`
}

func (b *backend) getUser(in *tokenRequest) (*getUserResponse, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	return &getUserResponse{u.name, u.listed(), u.preferred, slices.Clone(u.methods)}, nil
}

type adminGetUserResponse struct {
	Username             string
	UserAttributes       attributes
	UserCreateDate       timestamp
	UserLastModifiedDate timestamp
	Enabled              bool
	UserStatus           types.UserStatusType
	PreferredMfaSetting  string   `json:",omitempty"`
	UserMFASettingList   []string `json:",omitempty"`
}

func (b *backend) adminGetUser(in *userRequest) (*adminGetUserResponse, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	return &adminGetUserResponse{
		Username: u.name, UserAttributes: u.listed(), UserCreateDate: timestamp(u.created), UserLastModifiedDate: timestamp(u.modified),
		Enabled: !u.disabled, UserStatus: u.status, PreferredMfaSetting: u.preferred, UserMFASettingList: slices.Clone(u.methods),
	}, nil
}

type authFactorsResponse struct {
	Username                  string
	PreferredMfaSetting       string   `json:",omitempty"`
	UserMFASettingList        []string `json:",omitempty"`
	ConfiguredUserAuthFactors []types.AuthFactorType
}

func (b *backend) getUserAuthFactors(in *tokenRequest) (*authFactorsResponse, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	return u.authFactors(), nil
}

func (b *backend) adminGetUserAuthFactors(in *userRequest) (*authFactorsResponse, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	return u.authFactors(), nil
}

// authFactors lists the factors that are set up. An authenticator is among them although it is never a first factor.
func (u *user) authFactors() *authFactorsResponse {
	out := &authFactorsResponse{Username: u.name, PreferredMfaSetting: u.preferred, UserMFASettingList: slices.Clone(u.methods)}
	if u.password != "" {
		out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors, types.AuthFactorTypePassword)
	}
	for _, factor := range u.codeFactors() {
		out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors, types.AuthFactorType(factor))
	}
	if u.verified != nil {
		out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors, types.AuthFactorTypeSoftwareToken)
	}
	return out
}

func (b *backend) globalSignOut(in *tokenRequest) (*empty, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	u.revokeAll(b.time())
	return &empty{}, nil
}

func (b *backend) deleteUser(in *tokenRequest) (*empty, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	u.delete()
	return &empty{}, nil
}

// delete takes the user, whose lock is held, out of its pool. Who waits for the lock finds it gone.
func (u *user) delete() {
	u.deleted = true
	u.pool.remove(u)
}
