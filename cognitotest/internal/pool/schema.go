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

// schema says what attributes the users of a pool can have.
type schema struct {
	open bool // custom attributes need not be listed
	list atomic.Pointer[[]schemaAttribute]
}

// attributes are all that are listed. The list is replaced, never changed.
func (s *schema) attributes() []schemaAttribute { return *s.list.Load() }

// schemaAttribute is an attribute of a schema, in requests and in descriptions. What a request leaves
// out is false, in standard attributes too: those are mutable only where no request lists them.
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

// longest is how long a text can be.
const longest = 2048

// standard are the attributes that every pool has, most of them the claims of OpenID Connect, in the
// order in which DescribeUserPool lists them.
var standard = [...]struct{ name, kind, low, high string }{
	{"sub", typeString, "1", "2048"},
	{"name", typeString, "0", "2048"},
	{"given_name", typeString, "0", "2048"},
	{"family_name", typeString, "0", "2048"},
	{"middle_name", typeString, "0", "2048"},
	{"nickname", typeString, "0", "2048"},
	{"preferred_username", typeString, "0", "2048"},
	{"profile", typeString, "0", "2048"},
	{"picture", typeString, "0", "2048"},
	{"website", typeString, "0", "2048"},
	{"email", typeString, "0", "2048"},
	{"email_verified", typeBoolean, "", ""},
	{"gender", typeString, "0", "2048"},
	{"birthdate", typeString, "10", "10"},
	{"zoneinfo", typeString, "0", "2048"},
	{"locale", typeString, "0", "2048"},
	{"phone_number", typeString, "0", "2048"},
	{"phone_number_verified", typeBoolean, "", ""},
	{"address", typeString, "0", "2048"},
	{"updated_at", typeNumber, "0", ""},
}

func standardAttributes() []schemaAttribute {
	list := make([]schemaAttribute, 0, len(standard))
	for _, s := range standard {
		a := schemaAttribute{
			Name: s.name, AttributeDataType: s.kind, Mutable: s.name != "sub", Required: s.name == "sub",
		}
		switch s.kind {
		case typeString:
			a.StringAttributeConstraints = &stringConstraints{s.low, s.high}
		case typeNumber:
			a.NumberAttributeConstraints = &numberConstraints{s.low, s.high}
		}
		list = append(list, a)
	}
	return list
}

// mostCustom is how many custom attributes a pool can have.
const mostCustom = 50

// extend lists attributes of a request as well. Those of CreateUserPool may set up standard attributes;
// all others are custom ones.
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
				"Duplicate custom attribute names %s are not allowed in a user pool schema.", a.Name)
		case taken:
			return invalidParameter("%s: Existing attribute already has name %[1]s.", a.Name)
		}
		list = append(list, a)
	}
	if len(list)-len(standard) > mostCustom {
		return invalidParameter("A user pool cannot have more than %d custom attributes.", mostCustom)
	}
	s.list.Store(&list)
	return nil
}

// settable tells whether a request can say what a standard attribute is like. The names of the others
// are free for custom attributes.
func settable(name string) bool { return name != "sub" && !strings.HasSuffix(name, "_verified") }

// setUp is a standard attribute as a request wants it.
func (s schemaAttribute) setUp(given schemaAttribute) (schemaAttribute, error) {
	if given.DeveloperOnlyAttribute ||
		given.AttributeDataType != "" && given.AttributeDataType != s.AttributeDataType {
		return s, invalidParameter("You can not change AttributeDataType or set developerOnlyAttribute "+
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
		return invalidParameter("Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	case s.AttributeDataType == typeString && s.StringAttributeConstraints == nil:
		s.StringAttributeConstraints = &stringConstraints{}
	case s.AttributeDataType == typeNumber && s.NumberAttributeConstraints == nil:
		s.NumberAttributeConstraints = &numberConstraints{}
	}
	return nil
}

// customName is the name under which users have a custom attribute.
func (s schemaAttribute) customName() string {
	if s.DeveloperOnlyAttribute {
		return "dev:custom:" + s.Name
	}
	return "custom:" + s.Name
}

// checkBounds tells whether the bounds are numbers, in order, and fit the type.
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
			return invalidParameter("Attribute %s cannot have a max length shorter than it's min length", s.Name)
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
			return invalidParameter("Attribute %s cannot have a max value smaller than it's min value", s.Name)
		}
	}
	return nil
}

// bound reads a bound, if there is one.
func bound[T any](parse func(string) (T, error), text string, otherwise T) (T, error) {
	if text == "" {
		return otherwise, nil
	}
	return parse(text)
}

// attribute gives what is known of an attribute; nil if there is no such attribute.
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

// fault says what a value lacks of being one of the attribute; empty for nothing.
func (s *schemaAttribute) fault(value string) string {
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

// isTime tells whether a value is a date or a time as ISO 8601 or seconds since 1970 have it.
func isTime(value string) bool {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if _, err := time.Parse(layout, value); err == nil {
			return true
		}
	}
	return all(isDigit, value)
}

// faults collects what is wrong with attributes. The service names them all in one text.
type faults strings.Builder

func (f *faults) add(name, what string) {
	if what != "" {
		_, _ = (*strings.Builder)(f).WriteString(name + ": " + what + "\n")
	}
}

func (f *faults) error(prefix string) error {
	text := (*strings.Builder)(f).String()
	if text == "" {
		return nil
	}
	return invalidParameter("%s%s", prefix, text)
}

const nonconforming = "Attributes did not conform to the schema: "

const noAttribute = "Attribute does not exist in the schema."

// attributeRequired names attributes that a user has to have.
func attributeRequired(names ...string) error {
	var f faults
	for _, name := range names {
		f.add(name, "The attribute is required")
	}
	return f.error(nonconforming)
}

var errNotWritable = &Error{notAuthorized, "A client attempted to write unauthorized attribute"}

// mayWrite says which attributes somebody can write.
type mayWrite func(name string) bool

// anything is what administrators can write.
func anything(string) bool { return true }

// checkNew tells whether a new user may have the attributes. What the client may not write comes
// before what the schema does not have.
func (s *schema) checkNew(given attributes, may mayWrite) error {
	if err := given.allowed(may); err != nil {
		return err
	}
	var f faults
	for _, item := range given {
		if known := s.attribute(item.Name); known != nil {
			f.add(item.Name, known.fault(item.Value))
		} else {
			f.add(item.Name, noAttribute)
		}
	}
	return f.error(nonconforming)
}

// allowed tells whether attributes can be written by somebody.
func (a attributes) allowed(may mayWrite) error {
	for _, item := range a {
		if item.Name != "sub" && !may(item.Name) {
			return errNotWritable
		}
	}
	return nil
}

// checkChange tells whether attributes of a user who has some may be set, or deleted by an empty
// value.
func (s *schema) checkChange(has, given attributes, may mayWrite) error {
	if err := given.allowed(may); err != nil {
		return err
	}
	var unchangeable, nonconformity faults
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
			nonconformity.add(item.Name, known.fault(item.Value))
		}
	}
	if err := unchangeable.error(""); err != nil {
		return err
	}
	return nonconformity.error(nonconforming)
}

// onlyForAdmins are the attributes that users do not write themselves.
func onlyForAdmins(name string) bool {
	return name == "email_verified" || name == "phone_number_verified" || strings.HasPrefix(name, "dev:")
}

// required are the attributes that every user has to have.
func (s *schema) required() []string {
	var names []string
	for _, a := range s.attributes() {
		if a.Required && a.Name != "sub" {
			names = append(names, a.Name)
		}
	}
	return names
}

// missing are the required attributes that none of some lists has.
func (s *schema) missing(lists ...attributes) []string {
	return slices.DeleteFunc(s.required(), func(name string) bool {
		return slices.ContainsFunc(lists, func(list attributes) bool { return list.get(name) != "" })
	})
}
