package token

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// Tokens and key sets are read here, out of JSON that encoding/json has found valid. Decoding into
// a struct is too lenient for a security decision: Client_ID would pass for client_id, the last of
// two exp claims would count, and null would pass for anything. All strings are parts of the one
// text, so reading hardly allocates.

var (
	errNotString = errors.New("not a string")
	errNotArray  = errors.New("not an array")
)

// members returns the members of the JSON object in text, which must be valid JSON: each decoded
// name with the raw text of its value. It is an error if a name is given twice, in whatever
// spelling.
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

// elements returns the elements of the JSON array in text, which must be valid JSON or empty.
func elements(text string) ([]string, error) {
	s := scanner{text: text}
	if !s.skip('[') {
		return nil, errNotArray
	}
	var out []string
	for !s.skip(']') {
		out = append(out, s.value())
		s.skip(',')
	}
	return out, nil
}

// stringList decodes the JSON array of strings in text, which must be valid JSON or empty.
func stringList(text string) ([]string, error) {
	out, err := elements(text)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i], err = stringValue(out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// stringValue decodes the JSON string in text, which must be valid JSON or empty.
func stringValue(text string) (string, error) {
	if text == "" || text[0] != '"' {
		return "", errNotString
	}
	if strings.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1], nil
	}
	var out string
	err := json.Unmarshal([]byte(text), &out)
	return out, err
}

// scanner steps through valid JSON, and only through valid JSON: it finds the ends of values, not
// mistakes.
type scanner struct {
	text string
	at   int
}

// skip steps over the punctuation mark and the white space around it, and reports whether it was
// there.
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
