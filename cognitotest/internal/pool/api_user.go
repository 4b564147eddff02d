package pool

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type getUserResponse struct {
	Username            string
	UserAttributes      attributes
	PreferredMfaSetting string   `json:",omitempty"`
	UserMFASettingList  []string `json:",omitempty"`
}

// getUser returns the user, with the attributes that the app client may read.
func getUser(c *caller, _ *none) (*getUserResponse, error) {
	out := describeUser(c)
	out.UserAttributes = c.client.readable(out.UserAttributes)
	return out, nil
}

func describeUser(c *caller) *getUserResponse {
	return &getUserResponse{
		Username: c.user.name, UserAttributes: c.user.listed(),
		PreferredMfaSetting: c.user.preferred, UserMFASettingList: slices.Clone(c.user.methods),
	}
}

type adminGetUserResponse struct {
	getUserResponse

	UserCreateDate       timestamp
	UserLastModifiedDate timestamp
	Enabled              bool
	UserStatus           types.UserStatusType
}

func adminGetUser(c *caller, _ *none) (*adminGetUserResponse, error) {
	return &adminGetUserResponse{
		getUserResponse: *describeUser(c), Enabled: !c.user.disabled, UserStatus: c.user.status,
		UserCreateDate: timestamp(c.user.created), UserLastModifiedDate: timestamp(c.user.modified),
	}, nil
}

type authFactorsResponse struct {
	Username                  string
	PreferredMfaSetting       string   `json:",omitempty"`
	UserMFASettingList        []string `json:",omitempty"`
	ConfiguredUserAuthFactors []string `json:",omitempty"`
}

// getAuthFactors lists the factors that are set up. That includes an authenticator, although it is
// never a first factor.
func getAuthFactors(c *caller, _ *none) (*authFactorsResponse, error) {
	out := &authFactorsResponse{
		Username: c.user.name, PreferredMfaSetting: c.user.preferred,
		UserMFASettingList: slices.Clone(c.user.methods),
	}
	if c.user.password != "" {
		out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors,
			string(types.AuthFactorTypePassword))
	}
	out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors, c.codeFactors()...)
	if c.user.verified != nil {
		out.ConfiguredUserAuthFactors = append(out.ConfiguredUserAuthFactors,
			string(types.AuthFactorTypeSoftwareToken))
	}
	return out, nil
}

func deleteUser(c *caller, _ *none) (*none, error) {
	c.pool.remove(c.user)
	return &none{}, nil
}

// disableUser disables the user and revokes all tokens for good.
func disableUser(c *caller, _ *none) (*none, error) {
	c.user.disabled = true
	c.user.revokeAll(c.Now())
	c.touch()
	return &none{}, nil
}

func enableUser(c *caller, _ *none) (*none, error) {
	c.user.disabled = false
	c.touch()
	return &none{}, nil
}
