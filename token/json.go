package token

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// Tokens are read by hand, from JSON that encoding/json has already found valid, because decoding into a struct is too
// lenient for a security decision: Client_ID would pass for client_id, of two exp claims the last would count, and null
// would pass for anything. All strings are parts of the one text, so that reading hardly allocates.

// members returns the members of the JSON object in text, which must be valid JSON: each name, decoded, with the raw text
// of its value. A name given twice is an error, however it is spelled.
func members(text string) (map[string]string, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8")
	}
	s := scanner{text: text}
	if !s.skip('{') {
		return nil, errors.New("not a JSON object")
	}
	out := make(map[string]string, len(text)/40) // A claim of Cognito's takes some 40 bytes.
	for !s.skip('}') {
		name, err := stringValue(s.value())
		if err != nil {
			return nil, err
		}
		if _, twice := out[name]; twice {
			return nil, errors.New("a name is given twice")
		}
		s.skip(':')
		out[name] = s.value()
		s.skip(',')
	}
	return out, nil
}

// elements returns the elements of the JSON array of strings in text, which must be valid JSON.
func elements(text string) ([]string, error) {
	s := scanner{text: text}
	if !s.skip('[') {
		return nil, errors.New("not an array")
	}
	var out []string
	for !s.skip(']') {
		element, err := stringValue(s.value())
		if err != nil {
			return nil, err
		}
		out = append(out, element)
		s.skip(',')
	}
	return out, nil
}

// stringValue decodes the JSON string in text, which must be valid JSON.
func stringValue(text string) (string, error) {
	if text[0] != '"' {
		return "", errors.New("not a string")
	}
	if strings.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1], nil
	}
	var out string
	err := json.Unmarshal([]byte(text), &out)
	return out, err
}

// scanner steps through valid JSON, and only through valid JSON: it looks for the ends of values, not for mistakes.
type scanner struct {
	text string
	at   int
}

// skip steps over the punctuation mark, and the white space around it, and reports whether it was there.
func (s *scanner) skip(mark byte) bool {
	s.space()
	if s.at == len(s.text) || s.text[s.at] != mark {
		return false
	}
	s.at++
	s.space()
	return true
}

// space steps over white space.
func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

// value steps over one value and returns its text.
func (s *scanner) value() string {
	start := s.at
	switch s.text[s.at] {
	case '"':
		s.quoted()
	case '{', '[':
		s.nested()
	default: // A number, true, false or null.
		for s.at < len(s.text) && strings.IndexByte(",]} \t\r\n", s.text[s.at]) < 0 {
			s.at++
		}
	}
	return s.text[start:s.at]
}

// quoted steps over a string.
func (s *scanner) quoted() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

// nested steps over an object or an array, whatever is in it.
func (s *scanner) nested() {
	for depth := 0; ; {
		switch s.text[s.at] {
		case '"':
			s.quoted()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return
		}
	}
}
