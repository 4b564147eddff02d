package pool

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// See FIDELITY.md, "Attributes".

// attributeCodeLife is how long a code that verifies an attribute is good.
const attributeCodeLife = 24 * time.Hour

type updateAttributesRequest struct {
	UserAttributes attributes
}

type updateAttributesResponse struct {
	CodeDeliveryDetailsList []*codeDelivery `json:",omitempty"`
}

// updateAttributes sets attributes of the user, and sends codes to those that the pool verifies and
// that hold another address now. Where they went is told to users only.
func updateAttributes(c *caller, in *updateAttributesRequest) (*updateAttributesResponse, error) {
	u := c.user
	if err := c.pool.schema.checkChange(u.attributes, in.UserAttributes, c.admin); err != nil {
		return nil, err
	}
	if err := c.keepsFactor(in.UserAttributes); err != nil {
		return nil, err
	}
	before := u.attributes
	if err := c.change(in.UserAttributes...); err != nil {
		return nil, err
	}
	c.touch()
	out := &updateAttributesResponse{}
	for _, name := range c.pool.settings().autoVerified {
		value := u.attributes.get(name)
		if value == "" || value == before.get(name) || u.attributes.verified(name) {
			continue
		}
		sent := c.sendCode(name, name, attributeCodeLife)
		if !c.admin {
			out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, sent)
		}
	}
	return out, nil
}

// keepsFactor refuses to delete the address that a user has chosen for a second factor, in a pool that
// demands one.
func (c *caller) keepsFactor(changed attributes) error {
	config := c.pool.mfaConfig()
	if config.mode != types.UserPoolMfaTypeOn {
		return nil
	}
	for _, method := range c.user.thatWork(c.user.methods, config) {
		if name := addressOf(method); slices.Contains(changed, attribute{Name: name}) {
			return invalidParameter("%s cannot be deleted while %s is enabled: the user pool requires MFA.", name, method)
		}
	}
	return nil
}

type deleteAttributesRequest struct {
	UserAttributeNames []string
}

// deleteAttributes gives the attributes an empty value.
func deleteAttributes(c *caller, in *deleteAttributesRequest) (*none, error) {
	erased := make(attributes, len(in.UserAttributeNames))
	for i, name := range in.UserAttributeNames {
		erased[i].Name = name
	}
	_, err := updateAttributes(c, &updateAttributesRequest{erased})
	return &none{}, err
}

type attributeCodeRequest struct {
	AttributeName, Code string
}

var errNotVerifiable = invalidParameter("Invalid attribute name. Only phone_number and email can be verified.")

// errNoAddress are what GetUserAttributeVerificationCode says of an address that is not there.
var errNoAddress = map[string]*Error{
	"email":        invalidParameter("User does not have a valid registered email address"),
	"phone_number": invalidParameter("User does not have a valid registered phone number"),
}

// getAttributeCode sends a code to an address of the user, whether or not the pool does that by
// itself.
func getAttributeCode(c *caller, in *attributeCodeRequest) (*deliveryResponse, error) {
	switch {
	case !isAddressAttribute(in.AttributeName):
		return nil, errNotVerifiable
	case c.user.attributes.get(in.AttributeName) == "":
		return nil, errNoAddress[in.AttributeName]
	}
	return &deliveryResponse{c.sendCode(in.AttributeName, in.AttributeName, attributeCodeLife)}, nil
}

func verifyAttribute(c *caller, in *attributeCodeRequest) (*none, error) {
	if !isAddressAttribute(in.AttributeName) {
		return nil, errNotVerifiable
	}
	if _, err := c.user.checkCode(in.AttributeName, in.Code, c.Now()); err != nil {
		return nil, err
	}
	if err := c.change(attribute{in.AttributeName + "_verified", "true"}); err != nil {
		return nil, err
	}
	delete(c.user.codes, in.AttributeName)
	c.touch()
	return &none{}, nil
}
