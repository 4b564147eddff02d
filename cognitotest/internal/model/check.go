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

// Check checks the members of a request against the model and returns all violations, in the
// service's own words; nil if there are none. Violations combines them into a message. Numbers are
// json.Number or float64, as the decoder makes them. Check ignores members of a wrong JSON type,
// which Type finds, and members that the model does not know, which Prune removes.
//
// Violations are in the model's order of members, depth first; for each member, the pattern comes
// before the length. The service's own order varies.
func (o *Op) Check(members map[string]any) []string {
	var c checker
	c.structure(o.Input, members, nil, false)
	return c.violations
}

// Violations returns the service's message for some violations.
func Violations(violations []string) string {
	detected := " validation errors detected: "
	if len(violations) == 1 {
		detected = " validation error detected: "
	}
	return strconv.Itoa(len(violations)) + detected + strings.Join(violations, "; ")
}

type checker struct{ violations []string }

// place is where a value is in a request. Only violations need its text.
type place struct {
	up    *place
	name  string // of a member, or the key in a map
	index int    // in a list, from 1
	entry bool   // it is an entry of a map
}

// String returns the service's name of the place, such as "userAttributes.1.member.name".
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

// add adds a violation. For a secret, shown has to be empty.
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

// null adds the violation of a missing value. For a secret, the message does not even say that it
// is null: "Value at 'accessToken' failed to satisfy constraint: Member must not be null". Tests
// and message tables of public programs have this text for the access token and for the user name.
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

// list checks a list. Violations in an object name its place in the list. For simple values, one
// violation shows the whole list and all rules of an element.
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
	for _, rule := range s.beyond(len(list)) {
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
	for _, rule := range s.beyond(len(keys)) {
		c.add(at, show(), rule)
	}
	if slices.ContainsFunc(keys, func(key string) bool { return s.Key.refuses(key) }) {
		c.add(at, show(), "Map keys must satisfy constraint: ["+s.Key.rules()+"]")
	}
	if simple {
		if slices.ContainsFunc(keys,
			func(key string) bool { return s.Element.refuses(entries[key]) }) {
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

// isSimple reports whether values of the shape have no other values inside.
func (s *Shape) isSimple() bool {
	return s.Kind != Structure && s.Kind != List && s.Kind != Map && s.Kind != Document
}

// refuses reports whether a simple value is not valid as the entry of a list or map.
func (s *Shape) refuses(value any) bool { return value == nil || s.broken(value) != nil }

// broken returns the rules that a simple value, which is not null, breaks.
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
				return s.beyond(len(bytes))
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
		rules = append(rules, s.beyond(utf8.RuneCountInString(value))...)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		rules = append(rules, s.enumRule())
	}
	return rules
}

// beyond returns the limit that a length of n breaks.
func (s *Shape) beyond(n int) []string {
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

// rules returns all rules for a string in a list or map.
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

// whole returns the value of a number without decimals. Like encoding/json for an int, it accepts a
// json.Number only if it is written without decimals and exponent.
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

// text formats a value as in the service's messages.
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
