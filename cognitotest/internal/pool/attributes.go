package pool

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// attribute is an item of a list of attributes, in requests and responses alike.
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

// verified tells whether an address is. The service takes any case of true.
func (a attributes) verified(name string) bool { return isTrue(a.get(name + "_verified")) }

func isTrue(value string) bool { return strings.EqualFold(value, "true") }

func (a *attributes) set(name, value string) {
	for i := range *a {
		if (*a)[i].Name == name {
			(*a)[i].Value = value
			return
		}
	}
	*a = append(*a, attribute{name, value})
}

// with is a copy with some attributes set, and without those that are set to nothing. An address
// that is another one now is not verified, unless the call says that it is.
func (a attributes) with(changed ...attribute) attributes {
	next, given := slices.Clone(a), attributes(changed)
	for _, c := range changed {
		flag := c.Name + "_verified"
		switch {
		case c.Value == "":
			next = slices.DeleteFunc(next, func(item attribute) bool {
				return item.Name == c.Name || item.Name == flag
			})
			continue
		case isAddressAttribute(c.Name) && c.Value != a.get(c.Name) && given.get(flag) == "":
			next.set(c.Name, c.Value)
			next.set(flag, "false")
		}
		next.set(c.Name, c.Value)
	}
	return next
}

// only leaves some of the attributes, or all if none are named. As in the service every user has to
// have them.
func (a attributes) only(names []string) (attributes, error) {
	if len(names) == 0 {
		return a, nil
	}
	for _, name := range names {
		if a.get(name) == "" {
			return nil, invalidParameter("Input fails to satisfy the constraints.")
		}
	}
	return slices.DeleteFunc(a, func(item attribute) bool { return !slices.Contains(names, item.Name) }), nil
}

// members are the attributes as a decoded request has them.
func (a attributes) members() []any {
	list := make([]any, len(a))
	for i, item := range a {
		list[i] = map[string]any{"Name": item.Name, "Value": item.Value}
	}
	return list
}

func isAddressAttribute(name string) bool { return name == "email" || name == "phone_number" }

var errSubFixed = invalidParameter("Cannot modify the non-mutable attribute sub")

// check holds attributes against the rules of the service that do not depend on the pool.
func (a attributes) check() error {
	for _, item := range a {
		switch {
		case item.Name == "sub":
			return errSubFixed
		case item.Name == "email" && !isAddress("email", item.Value):
			return errEmailFormat
		case item.Name == "phone_number" && !isAddress("phone_number", item.Value):
			return invalidParameter("Invalid phone number format.")
		}
	}
	return nil
}

// standardAttributes are those that every pool has: the claims of OpenID Connect.
var standardAttributes = []string{
	"address", "birthdate", "email", "email_verified", "family_name", "gender", "given_name",
	"identities", "locale", "middle_name", "name", "nickname", "phone_number", "phone_number_verified",
	"picture", "preferred_username", "profile", "sub", "updated_at", "website", "zoneinfo",
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

// newSchema takes the attributes of CreateUserPool. What is not a standard attribute gets the prefix
// under which users have it.
func newSchema(given []schemaAttribute) (schema, error) {
	var s schema
	for _, attribute := range given {
		if !slices.Contains(standardAttributes, attribute.Name) {
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
	case slices.Contains(standardAttributes, name), s.open && strings.HasPrefix(name, "custom:"):
		return &schemaAttribute{Name: name}
	}
	return nil
}

// check holds a value against the type and the bounds of its attribute.
func (s *schemaAttribute) check(value string) error {
	wrong := func(what string) error { return nonconforming(s.Name, "The attribute "+what) }
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
		length := float64(utf8.RuneCountInString(value))
		if c := s.StringAttributeConstraints; c != nil && outside(length, c.MinLength, c.MaxLength) {
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

func nonconforming(name, what string) error {
	return invalidParameter("Attributes did not conform to the schema: %s: %s\n", name, what)
}

func attributeRequired(name string) error { return nonconforming(name, "The attribute is required") }

var errNotWritable = &Error{notAuthorized, "A client attempted to write unauthorized attribute"}

// checkNew tells whether a new user may have the attributes.
func (s schema) checkNew(given attributes, byAdmin bool) error {
	if unknown := s.unknown("", given); unknown != "" {
		return invalidParameter("Attributes did not conform to the schema: %s", unknown)
	}
	for _, item := range given {
		if !byAdmin && onlyForAdmins(item.Name) {
			return errNotWritable
		}
		if err := s.attribute(item.Name).check(item.Value); err != nil {
			return err
		}
	}
	return nil
}

// unknown words which of some attributes there are not, a line each; empty if there are all.
func (s schema) unknown(prefix string, given attributes) string {
	var lines strings.Builder
	for _, item := range given {
		if s.attribute(item.Name) == nil {
			lines.WriteString(prefix + item.Name + ": Attribute does not exist in the schema.\n")
		}
	}
	return lines.String()
}

// checkChange tells whether attributes of a user who has some may be set, or deleted by an empty
// value.
func (s schema) checkChange(has, given attributes, byAdmin bool) error {
	if unknown := s.unknown("user.", given); unknown != "" {
		return invalidParameter("%s", unknown)
	}
	for _, item := range given {
		known := s.attribute(item.Name)
		switch {
		case item.Name == "sub":
			return errSubFixed
		case !byAdmin && onlyForAdmins(item.Name):
			return errNotWritable
		case known.Mutable != nil && !*known.Mutable && has.get(item.Name) != "":
			return invalidParameter("user.%s: Attribute cannot be updated.\n", item.Name)
		case item.Value == "" && known.Required:
			return attributeRequired(item.Name)
		case item.Value == "":
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

// onlyForAdmins are the attributes that users do not write themselves.
func onlyForAdmins(name string) bool {
	return name == "email_verified" || name == "phone_number_verified" || strings.HasPrefix(name, "dev:")
}

// required are the attributes that every user has to have.
func (s schema) required() []string {
	var names []string
	for _, a := range s.attributes {
		if a.Required {
			names = append(names, a.Name)
		}
	}
	return names
}

// missing are the required attributes that none of some lists has.
func (s schema) missing(lists ...attributes) []string {
	return slices.DeleteFunc(s.required(), func(name string) bool {
		return slices.ContainsFunc(lists, func(list attributes) bool { return list.get(name) != "" })
	})
}
