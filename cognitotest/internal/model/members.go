package model

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
)

// Prune returns the members of a request without those that the model does not know, at every
// depth, and whether it removed any. It does not change its argument, and returns it if there is
// nothing to remove. The case of names matters here: encoding/json would decode "username" as
// "Username", which Check has not seen.
func (o *Op) Prune(members map[string]any) (pruned map[string]any, changed bool) {
	value, changed := prune(o.Input, members)
	return value.(map[string]any), changed
}

func prune(s *Shape, value any) (pruned any, changed bool) {
	switch value := value.(type) {
	case map[string]any:
		kept := value
		for name, inner := range value {
			within, known := s.inside(name)
			if known {
				clean, unclean := prune(within, inner)
				if !unclean {
					continue
				}
				inner = clean
			}
			if !changed {
				kept, changed = maps.Clone(value), true
			}
			if known {
				kept[name] = inner
			} else {
				delete(kept, name)
			}
		}
		return kept, changed
	case []any:
		if s.Kind != List {
			return value, false
		}
		kept := value
		for i, inner := range value {
			if clean, unclean := prune(s.Element, inner); unclean {
				if !changed {
					kept, changed = slices.Clone(value), true
				}
				kept[i] = clean
			}
		}
		return kept, changed
	}
	return value, false
}

// anything is the shape inside a Document, and inside a value of the wrong type.
var anything = &Shape{Kind: Document, Min: NoMin, Max: NoMax}

// inside returns the shape of a member or entry by its name.
func (s *Shape) inside(name string) (*Shape, bool) {
	switch s.Kind {
	case Structure:
		if member := s.Member(name); member != nil {
			return member.Shape, true
		}
		return nil, false
	case Map:
		return s.Element, true
	}
	return anything, true
}

// Type returns the message of the service's SerializationException for the first member whose JSON
// type is wrong; ok if there is none. An Integer has no decimals and fits in 32 bits, a Blob is
// Base64.
//
// The messages were seen from the service ("Expected map or null",
// https://github.com/aws-amplify/amplify-js/issues/4738, 2020-01-19) and from others on the same
// framework. The service had other ones before ("class
// com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String",
// https://github.com/pmill/aws-cognito/issues/10, 2018-04-19).
func (o *Op) Type(members map[string]any) (message string, ok bool) {
	message = mistyped(o.Input, members)
	return message, message == ""
}

func mistyped(s *Shape, value any) string {
	switch value := value.(type) {
	case map[string]any:
		switch s.Kind {
		case Structure:
			for i := range s.Members {
				member := &s.Members[i]
				if message := mistyped(member.Shape, value[member.Name]); message != "" {
					return message
				}
			}
			return ""
		case Map:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				if message := mistyped(s.Element, value[key]); message != "" {
					return message
				}
			}
			return ""
		}
	case []any:
		if s.Kind == List {
			for _, element := range value {
				if message := mistyped(s.Element, element); message != "" {
					return message
				}
			}
			return ""
		}
	}
	if value == nil || s.takes(value) {
		return ""
	}
	return s.refusal(value)
}

// takes reports whether a simple value has the JSON type of the shape.
func (s *Shape) takes(value any) bool {
	switch value := value.(type) {
	case string:
		if s.Kind == Blob {
			_, err := base64.StdEncoding.DecodeString(value)
			return err == nil
		}
		return s.Kind == String || s.Kind == Document
	case bool:
		return s.Kind == Boolean || s.Kind == Document
	case json.Number, float64:
		n, is := whole(value)
		switch s.Kind {
		case Integer:
			return is && n >= math.MinInt32 && n <= math.MaxInt32
		case Long:
			return is
		}
		return s.Kind == Timestamp || s.Kind == Document
	}
	return s.Kind == Document
}

// refusal returns the message for a value of the wrong JSON type.
func (s *Shape) refusal(value any) string {
	var token string
	switch value := value.(type) {
	case map[string]any:
		return "Start of structure or map found where not expected."
	case []any:
		if s.Kind == Map {
			return "Expected map or null"
		}
		return "Start of list found where not expected"
	case string:
		token = "STRING_VALUE"
	case bool:
		token = "FALSE_VALUE"
		if value {
			token = "TRUE_VALUE"
		}
	default:
		token = "NUMBER_VALUE"
	}
	switch s.Kind {
	case Structure:
		return "Expected null"
	case Map:
		return "Expected map or null"
	case List:
		return "Expected list or null"
	}
	return token + " can not be converted to " + map[Kind]string{
		String: "a String", Integer: "an Integer", Long: "a Long", Boolean: "a Boolean",
		Timestamp: "a Date", Blob: "a Blob",
	}[s.Kind]
}
