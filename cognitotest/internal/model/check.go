package model

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Check holds the members of a request against the model and returns all that is wrong, each in
// the service's own words; nil if nothing is. Violations combines them into a message. Numbers
// are json.Number or float64, whichever the decoder made; members of another type than the
// model's are Type's to find, and Check passes over them. Members that the model does not know
// are passed over as well: see Prune.
//
// The members come in the model's order, what is in them where they are. For each, what is wrong
// with the pattern comes before the length. The service's own order varies.
func (o *Op) Check(members map[string]any) []string {
	var c checker
	c.structure(o.Input, members, nil, false)
	return c.violations
}

// Violations is the message with which the service answers violations.
func Violations(violations []string) string {
	detected := " validation errors detected: "
	if len(violations) == 1 {
		detected = " validation error detected: "
	}
	return strconv.Itoa(len(violations)) + detected + strings.Join(violations, "; ")
}

type checker struct{ violations []string }

// place is where a value is in a request. Its text is only made for what is wrong.
type place struct {
	up    *place
	name  string // of a member, or the key of a map
	index int    // from 1, in a list
	entry bool   // of a map
}

// String is the place as the service names it, such as "userAttributes.1.member.name".
func (p *place) String() string {
	var text string
	switch {
	case p.index > 0:
		text = strconv.Itoa(p.index) + ".member"
	case p.entry:
		text = p.name + ".member"
	default:
		text = strings.ToLower(p.name[:1]) + p.name[1:]
	}
	if p.up == nil {
		return text
	}
	return p.up.String() + "." + text
}

// add notes that a value breaks a rule. What is shown of it has to be empty for a secret.
func (c *checker) add(at *place, shown, rule string) {
	c.violations = append(c.violations,
		"Value"+shown+" at '"+at.String()+"' failed to satisfy constraint: "+rule)
}

func (c *checker) structure(s *Shape, members map[string]any, at *place, secret bool) {
	for i := range s.Members {
		member := &s.Members[i]
		value, there := members[member.Name]
		if !there && !member.Required {
			continue
		}
		here := place{up: at, name: member.Name}
		if value != nil {
			c.value(member.Shape, value, &here, secret || s.Secret)
		} else if member.Required {
			c.null(member.Shape, &here, secret || s.Secret)
		}
	}
}

// null notes that a value is missing. Of a secret the service does not say that it is null either:
// "Value at 'accessToken' failed to satisfy constraint: Member must not be null", as the tests and
// the message tables of public programs have it, for the access token and for the user name.
func (c *checker) null(s *Shape, at *place, secret bool) {
	shown := " null"
	if secret || s.Secret {
		shown = ""
	}
	c.add(at, shown, "Member must not be null")
}

func (c *checker) value(s *Shape, value any, at *place, secret bool) {
	secret = secret || s.Secret
	switch value := value.(type) {
	case map[string]any:
		switch s.Kind {
		case Structure:
			c.structure(s, value, at, secret)
		case Map:
			c.entries(s, value, at, secret)
		}
	case []any:
		if s.Kind == List {
			c.list(s, value, at, secret)
		}
	default:
		rules := s.broken(value)
		if rules == nil {
			return
		}
		shown := ""
		if !secret {
			shown = " '" + text(value) + "'"
		}
		for _, rule := range rules {
			c.add(at, shown, rule)
		}
	}
}

// list checks a list. What is wrong with an object in it is said by its place; a list of texts is
// shown as a whole, with all that its elements have to be.
func (c *checker) list(s *Shape, list []any, at *place, secret bool) {
	simple := s.Element.isSimple()
	show := func() string {
		if secret || s.Element.Secret || !simple {
			return ""
		}
		texts := make([]string, len(list))
		for i, element := range list {
			texts[i] = text(element)
		}
		return " '[" + strings.Join(texts, ", ") + "]'"
	}
	for _, rule := range s.tooMany(len(list)) {
		c.add(at, show(), rule)
	}
	if simple {
		if slices.ContainsFunc(list, s.Element.refuses) {
			c.add(at, show(), "Member must satisfy constraint: ["+s.Element.rules()+"]")
		}
		return
	}
	for i, element := range list {
		here := place{up: at, index: i + 1}
		if element == nil {
			c.null(s.Element, &here, secret)
		} else {
			c.value(s.Element, element, &here, secret)
		}
	}
}

// entries checks a map.
func (c *checker) entries(s *Shape, entries map[string]any, at *place, secret bool) {
	simple := s.Element.isSimple()
	keys := slices.Sorted(maps.Keys(entries))
	show := func() string {
		if secret || s.Key.Secret || s.Element.Secret || !simple {
			return ""
		}
		texts := make([]string, len(keys))
		for i, key := range keys {
			texts[i] = key + "=" + text(entries[key])
		}
		return " '{" + strings.Join(texts, ", ") + "}'"
	}
	for _, rule := range s.tooMany(len(keys)) {
		c.add(at, show(), rule)
	}
	if slices.ContainsFunc(keys, func(key string) bool { return s.Key.refuses(key) }) {
		c.add(at, show(), "Map keys must satisfy constraint: ["+s.Key.rules()+"]")
	}
	if simple {
		if slices.ContainsFunc(keys, func(key string) bool { return s.Element.refuses(entries[key]) }) {
			c.add(at, show(), "Map value must satisfy constraint: ["+s.Element.rules()+"]")
		}
		return
	}
	for _, key := range keys {
		here := place{up: at, name: key, entry: true}
		if entries[key] == nil {
			c.null(s.Element, &here, secret)
		} else {
			c.value(s.Element, entries[key], &here, secret)
		}
	}
}

// isSimple tells shapes that have nothing inside.
func (s *Shape) isSimple() bool {
	return s.Kind != Structure && s.Kind != List && s.Kind != Map && s.Kind != Document
}

// refuses tells whether a value with nothing inside cannot stand in a list or map of such.
func (s *Shape) refuses(value any) bool { return value == nil || s.broken(value) != nil }

// broken returns the rules that a value with nothing inside breaks. The value is not null.
func (s *Shape) broken(value any) []string {
	switch s.Kind {
	case String:
		if value, is := value.(string); is {
			return s.brokenBy(value)
		}
	case Integer, Long:
		n, is := whole(value)
		if is && n < s.Min {
			return []string{"Member must have value greater than or equal to " + number(s.Min)}
		}
		if is && n > s.Max {
			return []string{"Member must have value less than or equal to " + number(s.Max)}
		}
	case Blob:
		if value, is := value.(string); is {
			if bytes, err := base64.StdEncoding.DecodeString(value); err == nil {
				return s.tooMany(len(bytes))
			}
		}
	}
	return nil
}

func (s *Shape) brokenBy(value string) (rules []string) {
	if s.Pattern != "" && !s.satisfies(value) {
		rules = append(rules, s.patternRule())
	}
	if s.Min > 0 || int64(len(value)) > s.Max {
		rules = append(rules, s.tooMany(utf8.RuneCountInString(value))...)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		rules = append(rules, s.enumRule())
	}
	return rules
}

// tooMany returns the limit of length that so many break.
func (s *Shape) tooMany(n int) []string {
	switch n := int64(n); {
	case n < s.Min:
		return []string{s.minRule()}
	case n > s.Max:
		return []string{s.maxRule()}
	}
	return nil
}

func (s *Shape) patternRule() string {
	return "Member must satisfy regular expression pattern: " + s.Pattern
}

func (s *Shape) enumRule() string {
	return "Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"
}

func (s *Shape) minRule() string {
	return "Member must have length greater than or equal to " + number(s.Min)
}

func (s *Shape) maxRule() string {
	return "Member must have length less than or equal to " + number(s.Max)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// rules are all rules for a text in a list or map.
func (s *Shape) rules() string {
	var rules []string
	if s.Max != NoMax {
		rules = append(rules, s.maxRule())
	}
	if s.Min != NoMin {
		rules = append(rules, s.minRule())
	}
	if s.Pattern != "" {
		rules = append(rules, s.patternRule())
	}
	if len(s.Enum) > 0 {
		rules = append(rules, s.enumRule())
	}
	if rules == nil {
		rules = append(rules, "Member must not be null")
	}
	return strings.Join(rules, ", ")
}

// whole is the value of a number without decimals. A json.Number has to be written without them,
// and without an exponent, as encoding/json wants it for an int.
func whole(value any) (int64, bool) {
	switch value := value.(type) {
	case json.Number:
		n, err := strconv.ParseInt(value.String(), 10, 64)
		return n, err == nil
	case float64:
		if value != math.Trunc(value) || math.Abs(value) >= 1<<63 {
			return 0, false
		}
		return int64(value), true
	}
	return 0, false
}

// text is a value as a message shows it.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return fmt.Sprint(value) // a json.Number or a bool
}
