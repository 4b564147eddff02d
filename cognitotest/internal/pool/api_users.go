package pool

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type adminCreateUserRequest struct {
	Username               string
	TemporaryPassword      string
	UserAttributes         attributes
	ForceAliasCreation     bool
	MessageAction          types.MessageActionType
	DesiredDeliveryMediums []string
}

type adminCreateUserResponse struct {
	User userType
}

// adminCreateUser creates a user who must change the password at the first sign-in, and sends the
// temporary password unless that is suppressed. If users need no password and the request has none,
// neither has the user.
func adminCreateUser(c *caller, in *adminCreateUserRequest) (*adminCreateUserResponse, error) {
	if in.MessageAction == types.MessageActionTypeResend {
		return resendInvitation(c, in)
	}
	set := c.pool.settings()
	password, status := cmp.Or(in.TemporaryPassword, newPassword(set.policy)), userMustChange
	if err := set.policy.check(password); err != nil {
		return nil, err
	}
	if in.TemporaryPassword == "" && set.passwordless() {
		password, status = "", userConfirmed
	}
	u, err := c.newUser(in.Username, password, status, in.UserAttributes, anyAttribute)
	if err != nil {
		return nil, err
	}
	exists := &Error{usernameExists, "User account already exists"}
	if err := c.join(u, exists, in.ForceAliasCreation); err != nil {
		return nil, err
	}
	if in.MessageAction != types.MessageActionTypeSuppress && password != "" {
		invite(c, in.DesiredDeliveryMediums)
	}
	return &adminCreateUserResponse{u.wire()}, nil
}

func resendInvitation(c *caller, in *adminCreateUserRequest) (*adminCreateUserResponse, error) {
	if err := c.findNamed(in.Username); err != nil {
		return nil, err
	}
	if c.user.status != userMustChange {
		return nil, &Error{
			unsupportedStatus, "Resend not possible. User status is not FORCE_CHANGE_PASSWORD",
		}
	}
	policy := c.pool.settings().policy
	password := cmp.Or(in.TemporaryPassword, newPassword(policy))
	if err := policy.check(password); err != nil {
		return nil, err
	}
	c.user.setPassword(password, userMustChange, c.Now())
	invite(c, in.DesiredDeliveryMediums)
	return &adminCreateUserResponse{c.user.wire()}, nil
}

// invite sends the temporary password, as the service does: by SMS if no medium is given.
func invite(c *caller, mediums []string) {
	if slices.Contains(mediums, "EMAIL") {
		c.send("EMAIL", c.user.attributes.get("email"), c.user.password)
	}
	if len(mediums) == 0 || slices.Contains(mediums, "SMS") {
		c.send("SMS", c.user.attributes.get("phone_number"), c.user.password)
	}
}

type listUsersRequest struct {
	AttributesToGet []string
	Filter          string
	Limit           int
	PaginationToken string
}

type listUsersResponse struct {
	Users           []userType
	PaginationToken string `json:",omitempty"`
}

func listUsers(c *caller, in *listUsersRequest) (*listUsersResponse, error) {
	f, err := parseFilter(in.Filter)
	if err != nil {
		return nil, err
	}
	list := "ListUsers " + c.pool.id + " " + in.Filter
	page, next, err := c.pageOfUsers(in.Limit, in.PaginationToken, list, f.match)
	if err != nil {
		return nil, err
	}
	for i := range page {
		if page[i].Attributes, err = page[i].Attributes.only(in.AttributesToGet); err != nil {
			return nil, err
		}
	}
	return &listUsersResponse{page, next}, nil
}
