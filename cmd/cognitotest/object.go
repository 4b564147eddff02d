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
	kind string // what it must be, for people: "a text"
	into any    // a pointer to where it goes, or a function that reads it and says what is wrong
}

// The kinds of members.
const (
	aText     = "a text"
	aBool     = "true or false"
	aNumber   = "a whole number"
	aDuration = `a duration such as "30s" or "1h30m"`
	aList     = "a list of texts"
	anObject  = "an object whose members are texts, each once"
)

// decodeObject reads a JSON object that may have these members and no others, each once and spelled
// so. It is stricter than encoding/json, since what a person mistyped would otherwise be left out in
// silence. A null counts as left out. The error repeats names, not values.
func decodeObject(data []byte, members ...member) error {
	given, err := split(data)
	if err != nil {
		return err
	}
	for _, m := range members {
		value, ok := given[m.name]
		delete(given, m.name)
		read, inner := m.into.(func([]byte) error)
		switch {
		case !ok || string(value) == "null":
		case !inner && json.Unmarshal(value, m.into) != nil:
			return fmt.Errorf("%q must be %s", m.name, m.kind)
		case inner:
			if err := read(value); err != nil {
				return fmt.Errorf("%q: %w", m.name, err)
			}
		}
	}
	if len(given) == 0 {
		return nil
	}
	var known []string
	for _, m := range members {
		known = append(known, m.name)
	}
	unknown := slices.Sorted(maps.Keys(given))[0] // the same each time
	return fmt.Errorf("there is no member %q; there are %s", unknown, strings.Join(known, ", "))
}

var (
	errNoObject = errors.New("that is not a JSON object, as {…} is")
	errNoJSON   = errors.New("that is not valid JSON")
)

// split takes a JSON object apart.
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

// texts is an object whose members are texts, each once.
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

// values reads an object with any members, each once, and keeps them as they are written.
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

// duration is a time.Duration that is written as Go writes it.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}
