package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// member is a member that a JSON object may have.
type member struct {
	name string
	read func([]byte) error
}

// reading returns a member that is decoded into a variable. kind says in errors what it must be.
func reading(name, kind string, into any) member {
	return member{name, func(value []byte) error {
		if json.Unmarshal(value, into) != nil {
			return fmt.Errorf("%q must be %s", name, kind)
		}
		return nil
	}}
}

// The kinds of members.

func aText(name string, into *string) member { return reading(name, "a text", into) }

func aBool(name string, into *bool) member { return reading(name, "true or false", into) }

func aNumber(name string, into *int) member { return reading(name, "a whole number", into) }

func aList(name string, into *[]string) member { return reading(name, "a list of texts", into) }

func aDuration(name string, into *duration) member {
	return reading(name, `a duration such as "30s" or "1h30m"`, into)
}

func anObject(name string, into *texts) member {
	return reading(name, "an object whose members are texts, each once", into)
}

// nested returns a member with a reader of its own, whose errors are about what is inside.
func nested(name string, read func([]byte) error) member {
	return member{name, func(value []byte) error {
		if err := read(value); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		return nil
	}}
}

// decodeObject reads a JSON object that may have these members and no others, each once and in
// exactly this spelling. It is stricter than encoding/json, which would silently ignore a typo. A
// null counts as left out. The error contains names, but no values.
func decodeObject(data []byte, members ...member) error {
	given, err := split(data)
	if err != nil {
		return err
	}
	for _, m := range members {
		value, ok := given[m.name]
		delete(given, m.name)
		if !ok || string(value) == "null" {
			continue
		}
		if err := m.read(value); err != nil {
			return err
		}
	}
	if len(given) == 0 {
		return nil
	}
	var known []string
	for _, m := range members {
		known = append(known, m.name)
	}
	unknown := slices.Sorted(maps.Keys(given))[0]
	return fmt.Errorf("there is no member %q; there are %s", unknown, strings.Join(known, ", "))
}

var (
	errNoObject = errors.New("that is not a JSON object, as {…} is")
	errNoJSON   = errors.New("that is not valid JSON")
)

// split returns the members of a JSON object, which must not repeat a name.
func split(data []byte) (map[string]json.RawMessage, error) {
	if !json.Valid(data) {
		return nil, errNoJSON
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errNoObject
	}
	given := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errNoJSON
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNoJSON
		}
		text, _ := name.(string)
		if _, twice := given[text]; twice {
			return nil, fmt.Errorf("the member %q is there twice", text)
		}
		given[text] = value
	}
	return given, nil
}

// texts is an object whose members are strings, each once.
type texts map[string]string

func (t *texts) UnmarshalJSON(data []byte) error {
	given, err := split(data)
	if err != nil {
		return err
	}
	*t = texts{}
	for name, value := range given {
		var text *string
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
		if text == nil {
			return fmt.Errorf("%q is null", name)
		}
		(*t)[name] = *text
	}
	return nil
}

// values returns a reader of an object with any members, each once, which it keeps as JSON.
func values(into *map[string]any) func([]byte) error {
	return func(data []byte) error {
		given, err := split(data)
		*into = map[string]any{}
		for name, value := range given {
			(*into)[name] = value
		}
		return err
	}
}

// duration is a time.Duration in Go's notation, such as "1h30m".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}
