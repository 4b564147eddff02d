package pool

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// See FIDELITY.md, "Attributes".

// attributeCodeLife is how long a code for an attribute is valid.
const attributeCodeLife = 24 * time.Hour

type updateAttributesRequest struct {
	UserAttributes attributes
}

type updateAttributesResponse struct {
	CodeDeliveryDetailsList []*codeDelivery `json:",omitempty"`
}

// updateAttributes sets attributes of the user, and sends codes to new addresses that the pool
// verifies. Only the response to a user says where the codes went.
func updateAttributes(c *caller, in *updateAttributesRequest) (*updateAttributesResponse, error) {
	u := c.user
	may := mayWrite(anyAttribute)
	if !c.admin {
		may = c.client.writes
	}
	if err := c.pool.schema.checkChange(u.attributes, in.UserAttributes, may); err != nil {
		return nil, err
	}
	before, set := u.attributes, c.pool.settings()
	now, later := in.UserAttributes.splitDelayed(before, set.verifyFirst)
	if err := c.changeAttributes(now...); err != nil {
		return nil, err
	}
	c.touch()
	for _, item := range now {
		if u.codes[item.Name].waits {
			delete(u.codes, item.Name) // this change replaces one that waits for its code
		}
	}
	out := &updateAttributesResponse{}
	for _, name := range set.autoVerified {
		value, waits := u.attributes.get(name), later.get(name)
		var sent *codeDelivery
		switch {
		case waits != "":
			sent = c.sendCodeTo(name, name, waits, attributeCodeLife)
		case value == "" || value == before.get(name) || u.attributes.verified(name):
			continue
		default:
			sent = c.sendCode(name, name, attributeCodeLife)
		}
		if !c.admin {
			out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, sent)
		}
	}
	return out, nil
}

// keepsFactor returns an error if a change deletes the address of an enabled factor, in a pool that
// requires MFA.
func (c *caller) keepsFactor(changed attributes) error {
	config := c.pool.mfaConfig()
	if config.mode != types.UserPoolMfaTypeOn {
		return nil
	}
	for _, method := range c.user.usableOf(c.user.methods, config) {
		if name := addressOf(method); slices.Contains(changed, attribute{Name: name}) {
			return invalidParameter(
				"%s cannot be deleted while %s is enabled: the user pool requires MFA.", name,
				method,
			)
		}
	}
	return nil
}

// splitDelayed splits changes into those that are made now, and those that wait until the new
// address is verified. A change that also sets the address verified does not wait.
func (a attributes) splitDelayed(has attributes, verifyFirst []string) (now, later attributes) {
	for _, item := range a {
		if slices.Contains(verifyFirst, item.Name) && item.Value != "" &&
			item.Value != has.get(item.Name) &&
			!a.verified(item.Name) {
			later = append(later, item)
		} else {
			now = append(now, item)
		}
	}
	return now, later
}

type deleteAttributesRequest struct {
	UserAttributeNames []string
}

// deleteAttributes sets the attributes to an empty value, which deletes them.
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

var errNotVerifiable = invalidParameter(
	"Invalid attribute name. Only phone_number and email can be verified.")

// errNoAddress are the errors of GetUserAttributeVerificationCode for a missing address.
var errNoAddress = map[string]*Error{
	"email":        invalidParameter("User does not have a valid registered email address"),
	"phone_number": invalidParameter("User does not have a valid registered phone number"),
}

// getAttributeCode sends a code to an address of the user, even if the pool does not verify it.
func getAttributeCode(c *caller, in *attributeCodeRequest) (*deliveryResponse, error) {
	switch {
	case !isAddressAttribute(in.AttributeName):
		return nil, errNotVerifiable
	case c.user.attributes.get(in.AttributeName) == "":
		return nil, errNoAddress[in.AttributeName]
	}
	address := c.user.attributes.get(in.AttributeName)
	if sent := c.user.codes[in.AttributeName]; sent.waits {
		address = sent.address
	}
	return &deliveryResponse{c.sendCodeTo(in.AttributeName, in.AttributeName, address,
		attributeCodeLife)}, nil
}

func verifyAttribute(c *caller, in *attributeCodeRequest) (*none, error) {
	if !isAddressAttribute(in.AttributeName) {
		return nil, errNotVerifiable
	}
	sent, err := c.user.checkCode(in.AttributeName, in.Code, c.Now())
	if err != nil {
		return nil, err
	}
	err = c.changeAttributes(attribute{in.AttributeName, sent.address},
		attribute{in.AttributeName + "_verified", "true"})
	if err != nil {
		return nil, err
	}
	delete(c.user.codes, in.AttributeName)
	c.touch()
	return &none{}, nil
}
