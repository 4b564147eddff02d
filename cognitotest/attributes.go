package cognitotest

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// attribute is an item of a list of attributes, in requests and answers alike.
type attribute struct {
	Name  string
	Value string
}

// attributes keeps the order in which they were given.
type attributes []attribute

func (a attributes) get(name string) string {
	for _, item := range a {
		if item.Name == name {
			return item.Value
		}
	}
	return ""
}

func (a attributes) verified(name string) bool { return a.get(name+"_verified") == "true" }

func (a *attributes) set(name, value string) {
	for i := range *a {
		if (*a)[i].Name == name {
			(*a)[i].Value = value
			return
		}
	}
	*a = append(*a, attribute{name, value})
}

// with is a copy with some attributes set, and those that are set to nothing left out. An address that is another now is not verified, unless
// it is said to be.
func (a attributes) with(changed ...attribute) attributes {
	next, given := slices.Clone(a), attributes(changed)
	for _, c := range changed {
		flag := c.Name + "_verified"
		switch {
		case c.Value == "":
			next = slices.DeleteFunc(next, func(item attribute) bool { return item.Name == c.Name || item.Name == flag })
			continue
		case isAddressAttribute(c.Name) && c.Value != a.get(c.Name) && given.get(flag) == "":
			next.set(c.Name, c.Value)
			next.set(flag, "false")
		}
		next.set(c.Name, c.Value)
	}
	return next
}

// members are the attributes as a request has them.
func (a attributes) members() []any {
	list := make([]any, len(a))
	for i, item := range a {
		list[i] = map[string]any{"Name": item.Name, "Value": item.Value}
	}
	return list
}

func isAddressAttribute(name string) bool { return name == "email" || name == "phone_number" }

// check holds attributes against the rules of the service that do not depend on the pool.
func (a attributes) check() error {
	for _, item := range a {
		switch {
		case item.Name == "sub":
			return errSubFixed
		case item.Name == "email" && !isAddress("email", item.Value):
			return invalidParameter("Invalid email address format.")
		case item.Name == "phone_number" && !isAddress("phone_number", item.Value):
			return invalidParameter("Invalid phone number format.")
		}
	}
	return nil
}

// standardAttributes are those that every pool has: the claims of OpenID Connect.
var standardAttributes = [...]string{
	"address", "birthdate", "email", "email_verified", "family_name", "gender", "given_name", "identities", "locale", "middle_name", "name", "nickname",
	"phone_number", "phone_number_verified", "picture", "preferred_username", "profile", "sub", "updated_at", "website", "zoneinfo",
}

// schema is what a pool says of attributes, apart from the standard ones as they are by default.
type schema struct {
	attributes []schemaAttribute
	open       bool // custom attributes need not be listed
}

type schemaAttribute struct {
	Name                       string
	AttributeDataType          string `json:",omitempty"`
	DeveloperOnlyAttribute     bool   `json:",omitempty"`
	Mutable                    *bool  `json:",omitempty"`
	Required                   bool
	NumberAttributeConstraints *numberConstraints `json:",omitempty"`
	StringAttributeConstraints *stringConstraints `json:",omitempty"`
}

// The bounds are numbers in strings, as the API has them.
type numberConstraints struct {
	MinValue string `json:",omitempty"`
	MaxValue string `json:",omitempty"`
}

type stringConstraints struct {
	MinLength string `json:",omitempty"`
	MaxLength string `json:",omitempty"`
}

// newSchema takes the attributes of CreateUserPool. What is not a standard attribute gets the prefix under which users have it.
func newSchema(given []schemaAttribute) (schema, error) {
	var s schema
	for _, attribute := range given {
		if !slices.Contains(standardAttributes[:], attribute.Name) {
			if attribute.Required {
				return s, invalidParameter("Required custom attributes are not supported currently.")
			}
			attribute.Name = "custom:" + attribute.Name
			if attribute.DeveloperOnlyAttribute {
				attribute.Name = "dev:" + attribute.Name
			}
		}
		s.attributes = append(s.attributes, attribute)
	}
	return s, nil
}

// attribute gives what is known of an attribute; nil if there is no such attribute.
func (s schema) attribute(name string) *schemaAttribute {
	i := slices.IndexFunc(s.attributes, func(a schemaAttribute) bool { return a.Name == name })
	switch {
	case i >= 0:
		return &s.attributes[i]
	case slices.Contains(standardAttributes[:], name), s.open && strings.HasPrefix(name, "custom:"):
		return &schemaAttribute{Name: name}
	}
	return nil
}

// check holds a value against the type and the bounds of its attribute.
func (s *schemaAttribute) check(value string) error {
	wrong := func(what string) error {
		return invalidParameter("Attributes did not conform to the schema: %s: The attribute %s\n", s.Name, what)
	}
	switch s.AttributeDataType {
	case "Number":
		number, err := strconv.ParseFloat(value, 64)
		switch c := s.NumberAttributeConstraints; {
		case err != nil:
			return wrong("is not a number")
		case c != nil && outside(number, c.MinValue, c.MaxValue):
			return wrong("is out of range")
		}
	case "Boolean":
		if value != "true" && value != "false" {
			return wrong("is not true or false")
		}
	default:
		if c := s.StringAttributeConstraints; c != nil && outside(float64(utf8.RuneCountInString(value)), c.MinLength, c.MaxLength) {
			return wrong("is too short or too long")
		}
	}
	return nil
}

// outside tells whether a number is below low or above high, as far as these are numbers.
func outside(number float64, low, high string) bool {
	least, errLow := strconv.ParseFloat(low, 64)
	most, errHigh := strconv.ParseFloat(high, 64)
	return errLow == nil && number < least || errHigh == nil && number > most
}

// checkNew tells whether a new user may have the attributes.
func (p *pool) checkNew(given attributes, byUser bool) error {
	for _, item := range given {
		known := p.schema.attribute(item.Name)
		switch {
		case known == nil:
			return invalidParameter("Attributes did not conform to the schema: Type for attribute {%s} could not be determined", item.Name)
		case byUser && notForUsers(item.Name):
			return errNotWritable
		}
		if err := known.check(item.Value); err != nil {
			return err
		}
	}
	return nil
}

// checkChange tells whether attributes of the user, whose lock is held, may be set, or deleted by an empty value.
func (u *user) checkChange(given attributes, byUser bool) error {
	for _, item := range given {
		known := u.pool.schema.attribute(item.Name)
		switch {
		case item.Name == "sub":
			return errSubFixed
		case known == nil:
			return invalidParameter("user.%s: Attribute does not exist in the schema.\n", item.Name)
		case byUser && notForUsers(item.Name):
			return errNotWritable
		case known.Mutable != nil && !*known.Mutable && u.attributes.get(item.Name) != "":
			return invalidParameter("user.%s: Attribute cannot be updated.\n", item.Name)
		case item.Value == "":
			if slices.Contains(u.pool.required, item.Name) {
				return attributeRequired(item.Name)
			}
			continue
		}
		if err := (attributes{item}).check(); err != nil {
			return err
		}
		if err := known.check(item.Value); err != nil {
			return err
		}
	}
	return nil
}

// notForUsers are the attributes that only an administrator writes.
func notForUsers(name string) bool {
	return name == "email_verified" || name == "phone_number_verified" || strings.HasPrefix(name, "dev:")
}

func attributeRequired(name string) error {
	return invalidParameter("Attributes did not conform to the schema: %s: The attribute is required\n", name)
}

// missing are the attributes that the pool requires and the user lacks.
func (u *user) missing(given attributes) []string {
	var names []string
	for _, name := range u.pool.required {
		if u.attributes.get(name) == "" && given.get(name) == "" {
			names = append(names, name)
		}
	}
	return names
}

type updateAttributesRequest struct {
	AccessToken    string
	UserPoolID     string `json:"UserPoolId"`
	Username       string
	UserAttributes attributes
}

type updateAttributesResponse struct {
	CodeDeliveryDetailsList []*codeDelivery `json:",omitempty"`
}

func (b *backend) updateUserAttributes(in *updateAttributesRequest) (*updateAttributesResponse, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	sent, err := b.update(u, in.UserAttributes, true)
	return &updateAttributesResponse{sent}, err
}

func (b *backend) adminUpdateUserAttributes(in *updateAttributesRequest) (*empty, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	_, err = b.update(u, in.UserAttributes, false)
	return &empty{}, err
}

// update sets attributes of the user, whose lock is held, and sends codes to those that the pool verifies and that hold another address now.
func (b *backend) update(u *user, given attributes, byUser bool) ([]*codeDelivery, error) {
	if err := u.checkChange(given, byUser); err != nil {
		return nil, err
	}
	before := u.attributes
	if err := u.pool.change(u, given...); err != nil {
		return nil, err
	}
	u.modified = b.time()
	var sent []*codeDelivery
	for _, name := range u.pool.settings().autoVerified {
		if value := u.attributes.get(name); value != "" && value != before.get(name) && !u.attributes.verified(name) {
			sent = append(sent, b.sendCode(u, name, name, attributeCodeLife))
		}
	}
	return sent, nil
}

type deleteAttributesRequest struct {
	AccessToken        string
	UserPoolID         string `json:"UserPoolId"`
	Username           string
	UserAttributeNames []string
}

// erased gives the attributes that are to be deleted an empty value.
func (r *deleteAttributesRequest) erased() attributes {
	erased := make(attributes, len(r.UserAttributeNames))
	for i, name := range r.UserAttributeNames {
		erased[i].Name = name
	}
	return erased
}

func (b *backend) deleteUserAttributes(in *deleteAttributesRequest) (*empty, error) {
	_, err := b.updateUserAttributes(&updateAttributesRequest{AccessToken: in.AccessToken, UserAttributes: in.erased()})
	return &empty{}, err
}

func (b *backend) adminDeleteUserAttributes(in *deleteAttributesRequest) (*empty, error) {
	return b.adminUpdateUserAttributes(&updateAttributesRequest{UserPoolID: in.UserPoolID, Username: in.Username, UserAttributes: in.erased()})
}

type attributeCodeRequest struct {
	AccessToken, AttributeName string
}

// getUserAttributeVerificationCode sends a code to an address of the user, whether or not the pool does that by itself.
func (b *backend) getUserAttributeVerificationCode(in *attributeCodeRequest) (*deliveryResponse, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	switch {
	case !isAddressAttribute(in.AttributeName):
		return nil, invalidParameter("Only email and phone_number can be verified.")
	case u.attributes.get(in.AttributeName) == "":
		return nil, invalidParameter("User does not have the attribute %s.", in.AttributeName)
	}
	return &deliveryResponse{b.sendCode(u, in.AttributeName, in.AttributeName, attributeCodeLife)}, nil
}

type verifyAttributeRequest struct {
	AccessToken, AttributeName, Code string
}

func (b *backend) verifyUserAttribute(in *verifyAttributeRequest) (*empty, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if !isAddressAttribute(in.AttributeName) {
		return nil, invalidParameter("Only email and phone_number can be verified.")
	}
	now := b.time()
	if _, err := u.checkCode(in.AttributeName, in.Code, now); err != nil {
		return nil, err
	}
	if err := u.pool.change(u, attribute{in.AttributeName + "_verified", "true"}); err != nil {
		return nil, err
	}
	delete(u.codes, in.AttributeName)
	u.modified = now
	return &empty{}, nil
}
