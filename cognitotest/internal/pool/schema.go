package pool

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// schema has the attributes that users of a pool can have.
type schema struct {
	open bool // custom attributes need not be listed
	list atomic.Pointer[[]schemaAttribute]
}

// attributes returns all listed attributes. The list is replaced, never changed.
func (s *schema) attributes() []schemaAttribute { return *s.list.Load() }

// schemaAttribute is an attribute of a schema, in requests and descriptions. A boolean that a
// request leaves out is false. So a standard attribute is mutable unless a request lists it without
// saying so.
type schemaAttribute struct {
	Name                       string
	AttributeDataType          string
	DeveloperOnlyAttribute     bool
	Mutable                    bool
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

const (
	typeString   = "String"
	typeNumber   = "Number"
	typeBoolean  = "Boolean"
	typeDateTime = "DateTime"
)

// longest is the maximum length of a string.
const longest = 2048

// standard are the attributes of every pool, most of them claims of OpenID Connect, in the order of
// DescribeUserPool.
var standard = [...]struct{ name, kind, low, high string }{
	{name: "sub", kind: typeString, low: "1", high: "2048"},
	{name: "name", kind: typeString, low: "0", high: "2048"},
	{name: "given_name", kind: typeString, low: "0", high: "2048"},
	{name: "family_name", kind: typeString, low: "0", high: "2048"},
	{name: "middle_name", kind: typeString, low: "0", high: "2048"},
	{name: "nickname", kind: typeString, low: "0", high: "2048"},
	{name: "preferred_username", kind: typeString, low: "0", high: "2048"},
	{name: "profile", kind: typeString, low: "0", high: "2048"},
	{name: "picture", kind: typeString, low: "0", high: "2048"},
	{name: "website", kind: typeString, low: "0", high: "2048"},
	{name: "email", kind: typeString, low: "0", high: "2048"},
	{name: "email_verified", kind: typeBoolean},
	{name: "gender", kind: typeString, low: "0", high: "2048"},
	{name: "birthdate", kind: typeString, low: "10", high: "10"},
	{name: "zoneinfo", kind: typeString, low: "0", high: "2048"},
	{name: "locale", kind: typeString, low: "0", high: "2048"},
	{name: "phone_number", kind: typeString, low: "0", high: "2048"},
	{name: "phone_number_verified", kind: typeBoolean},
	{name: "address", kind: typeString, low: "0", high: "2048"},
	{name: "updated_at", kind: typeNumber, low: "0"},
}

func standardAttributes() []schemaAttribute {
	list := make([]schemaAttribute, 0, len(standard))
	for _, s := range standard {
		a := schemaAttribute{
			Name: s.name, AttributeDataType: s.kind, Mutable: s.name != "sub",
			Required: s.name == "sub",
		}
		switch s.kind {
		case typeString:
			a.StringAttributeConstraints = &stringConstraints{MinLength: s.low, MaxLength: s.high}
		case typeNumber:
			a.NumberAttributeConstraints = &numberConstraints{MinValue: s.low, MaxValue: s.high}
		}
		list = append(list, a)
	}
	return list
}

// mostCustom is the maximum number of custom attributes of a pool.
const mostCustom = 50

// extend adds the attributes of a request. In CreateUserPool they may also configure standard
// attributes; all others are custom.
func (s *schema) extend(given []schemaAttribute, creating bool) error {
	list := slices.Clone(s.attributes())
	for _, a := range given {
		if a.Name == "" {
			return invalidParameter("An attribute of the schema has no name.")
		}
		named := func(known schemaAttribute) bool { return known.Name == a.Name }
		i := slices.IndexFunc(list, named)
		if creating && i >= 0 && settable(a.Name) {
			var err error
			if list[i], err = list[i].setUp(a); err != nil {
				return err
			}
			continue
		}
		a.Name = a.customName()
		if err := cmp.Or(a.checkCustom(), a.checkBounds()); err != nil {
			return err
		}
		switch taken := slices.ContainsFunc(list, named); {
		case taken && creating:
			return invalidParameter(
				"Duplicate custom attribute names %s are not allowed in a user pool schema.",
				a.Name)
		case taken:
			return invalidParameter("%s: Existing attribute already has name %[1]s.", a.Name)
		}
		list = append(list, a)
	}
	if len(list)-len(standard) > mostCustom {
		return invalidParameter("A user pool cannot have more than %d custom attributes.",
			mostCustom)
	}
	s.list.Store(&list)
	return nil
}

// settable reports whether a request can configure a standard attribute. The names of the others
// may be used for custom attributes.
func settable(name string) bool { return name != "sub" && !strings.HasSuffix(name, "_verified") }

// setUp returns a standard attribute with the configuration of a request.
func (s schemaAttribute) setUp(given schemaAttribute) (schemaAttribute, error) {
	if given.DeveloperOnlyAttribute ||
		given.AttributeDataType != "" && given.AttributeDataType != s.AttributeDataType {
		return s, invalidParameter(
			"You can not change AttributeDataType or set developerOnlyAttribute "+
				"for standard schema attribute %s", s.Name)
	}
	s.Mutable, s.Required = given.Mutable, given.Required
	if c := given.StringAttributeConstraints; c != nil && *c != (stringConstraints{}) {
		s.StringAttributeConstraints = c
	}
	if c := given.NumberAttributeConstraints; c != nil && *c != (numberConstraints{}) {
		s.NumberAttributeConstraints = c
	}
	return s, s.checkBounds()
}

func (s *schemaAttribute) checkCustom() error {
	switch {
	case s.Required:
		return invalidParameter("Required custom attributes are not supported currently.")
	case s.AttributeDataType == "":
		return invalidParameter(
			"Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	case s.AttributeDataType == typeString && s.StringAttributeConstraints == nil:
		s.StringAttributeConstraints = &stringConstraints{}
	case s.AttributeDataType == typeNumber && s.NumberAttributeConstraints == nil:
		s.NumberAttributeConstraints = &numberConstraints{}
	}
	return nil
}

// customName returns the name of a custom attribute, with its prefix.
func (s schemaAttribute) customName() string {
	if s.DeveloperOnlyAttribute {
		return "dev:custom:" + s.Name
	}
	return "custom:" + s.Name
}

// checkBounds checks that the bounds are numbers, in order, and fit the type.
func (s schemaAttribute) checkBounds() error {
	wrong := func(what string) error {
		return invalidParameter("The constraints of the attribute %s %s.", s.Name, what)
	}
	text, number := s.StringAttributeConstraints, s.NumberAttributeConstraints
	if text != nil {
		low, errLow := bound(strconv.Atoi, text.MinLength, 0)
		high, errHigh := bound(strconv.Atoi, text.MaxLength, longest)
		switch {
		case s.AttributeDataType != typeString:
			return wrong("are not those of a " + s.AttributeDataType)
		case errLow != nil || errHigh != nil:
			return wrong("are not numbers")
		case low < 0 || low > longest || high > longest:
			return wrong("are out of range")
		case low > high:
			return invalidParameter(
				"Attribute %s cannot have a max length shorter than it's min length", s.Name)
		}
	}
	if number != nil {
		parse := func(text string) (float64, error) { return strconv.ParseFloat(text, 64) }
		low, errLow := bound(parse, number.MinValue, 0)
		high, errHigh := bound(parse, number.MaxValue, 0)
		switch {
		case s.AttributeDataType != typeNumber:
			return wrong("are not those of a " + s.AttributeDataType)
		case errLow != nil || errHigh != nil:
			return wrong("are not numbers")
		case number.MinValue != "" && number.MaxValue != "" && low > high:
			return invalidParameter(
				"Attribute %s cannot have a max value smaller than it's min value", s.Name)
		}
	}
	return nil
}

// bound parses a bound, which may be empty.
func bound[T any](parse func(string) (T, error), text string, otherwise T) (T, error) {
	if text == "" {
		return otherwise, nil
	}
	return parse(text)
}

// attribute returns an attribute by its name; nil if there is none.
func (s *schema) attribute(name string) *schemaAttribute {
	list := s.attributes()
	i := slices.IndexFunc(list, func(a schemaAttribute) bool { return a.Name == name })
	switch {
	case i >= 0:
		return &list[i]
	case s.open && strings.HasPrefix(name, "custom:"):
		return &schemaAttribute{Name: name, AttributeDataType: typeString, Mutable: true}
	}
	return nil
}

// violation returns why a value is not valid for the attribute; empty if it is.
func (s *schemaAttribute) violation(value string) string {
	switch s.AttributeDataType {
	case typeNumber:
		number, err := strconv.ParseFloat(value, 64)
		switch c := s.NumberAttributeConstraints; {
		case err != nil:
			return "The attribute is not a number"
		case c != nil && (below(number, c.MinValue) || above(number, c.MaxValue)):
			return "The attribute is out of range"
		}
	case typeBoolean:
		if !isTrue(value) && !strings.EqualFold(value, "false") {
			return "The attribute is not true or false"
		}
	case typeDateTime:
		if !isTime(value) {
			return "The attribute is not a date"
		}
	case typeString:
		length := float64(utf8.RuneCountInString(value))
		switch c := s.StringAttributeConstraints; {
		case c == nil:
		case below(length, c.MinLength):
			return "String must be no shorter than " + c.MinLength + " characters"
		case above(length, c.MaxLength):
			return "String must be no longer than " + c.MaxLength + " characters"
		}
	}
	return ""
}

func below(number float64, low string) bool {
	least, err := strconv.ParseFloat(low, 64)
	return err == nil && number < least
}

func above(number float64, high string) bool {
	most, err := strconv.ParseFloat(high, 64)
	return err == nil && number > most
}

// isTime reports whether a value is a date or time in ISO 8601, or seconds since 1970.
func isTime(value string) bool {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if _, err := time.Parse(layout, value); err == nil {
			return true
		}
	}
	return all(isDigit, value)
}

// violations collects violations of attributes. The service lists all of them in one text.
type violations strings.Builder

func (f *violations) add(name, what string) {
	if what != "" {
		_, _ = (*strings.Builder)(f).WriteString(name + ": " + what + "\n")
	}
}

func (f *violations) error(prefix string) error {
	text := (*strings.Builder)(f).String()
	if text == "" {
		return nil
	}
	return invalidParameter("%s%s", prefix, text)
}

const nonconforming = "Attributes did not conform to the schema: "

const noAttribute = "Attribute does not exist in the schema."

// attributeRequired returns an error that lists missing attributes; nil if there are none.
func attributeRequired(names ...string) error {
	var f violations
	for _, name := range names {
		f.add(name, "The attribute is required")
	}
	return f.error(nonconforming)
}

var errNotWritable = &Error{notAuthorized, "A client attempted to write unauthorized attribute"}

// mayWrite reports whether a caller can write an attribute.
type mayWrite func(name string) bool

// anyAttribute is the mayWrite of administrators.
func anyAttribute(string) bool { return true }

// checkNew checks the attributes of a new user: first whether the caller may write them, then
// whether they conform to the schema.
func (s *schema) checkNew(given attributes, may mayWrite) error {
	if err := given.allowed(may); err != nil {
		return err
	}
	var f violations
	for _, item := range given {
		if known := s.attribute(item.Name); known != nil {
			f.add(item.Name, known.violation(item.Value))
		} else {
			f.add(item.Name, noAttribute)
		}
	}
	return f.error(nonconforming)
}

// allowed returns an error if the caller may not write one of the attributes.
func (a attributes) allowed(may mayWrite) error {
	for _, item := range a {
		if item.Name != "sub" && !may(item.Name) {
			return errNotWritable
		}
	}
	return nil
}

// checkChange checks whether attributes of a user may be changed, or deleted with an empty value.
// has are the user's present attributes.
func (s *schema) checkChange(has, given attributes, may mayWrite) error {
	if err := given.allowed(may); err != nil {
		return err
	}
	var unchangeable, nonconformity violations
	for _, item := range given {
		known := s.attribute(item.Name)
		switch {
		case item.Name == "sub":
			return errSubFixed
		case known == nil:
			unchangeable.add("user."+item.Name, noAttribute)
		case !known.Mutable && has.get(item.Name) != "":
			unchangeable.add("user."+item.Name, "Attribute cannot be updated.")
		case item.Value == "" && known.Required:
			nonconformity.add(item.Name, "The attribute is required")
		case item.Value == "":
		default:
			if err := (attributes{item}).check(); err != nil {
				return err
			}
			nonconformity.add(item.Name, known.violation(item.Value))
		}
	}
	if err := unchangeable.error(""); err != nil {
		return err
	}
	return nonconformity.error(nonconforming)
}

// onlyForAdmins reports whether only administrators can write an attribute.
func onlyForAdmins(name string) bool {
	return name == "email_verified" || name == "phone_number_verified" ||
		strings.HasPrefix(name, "dev:")
}

// required returns the names of the attributes that every user must have.
func (s *schema) required() []string {
	var names []string
	for _, a := range s.attributes() {
		if a.Required && a.Name != "sub" {
			names = append(names, a.Name)
		}
	}
	return names
}

// missing returns the required attributes that are in none of the lists.
func (s *schema) missing(lists ...attributes) []string {
	return slices.DeleteFunc(s.required(), func(name string) bool {
		return slices.ContainsFunc(lists,
			func(list attributes) bool { return list.get(name) != "" })
	})
}
