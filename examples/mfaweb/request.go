package mfaweb

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxBody is the maximum size of a request body in bytes.
const maxBody = 64 << 10

// attributePrefix begins the names of user attributes, as in Cognito's ChallengeResponses. In the
// names that a handler accepts, it stands for all of them.
const attributePrefix = "userAttributes."

// fields are the members of a request that its handler knows. A missing or null member is "".
type fields map[string]string

// require returns an error that names the first missing field.
func (f fields) require(names ...string) error {
	for _, name := range names {
		if f[name] == "" {
			return missing(name)
		}
	}
	return nil
}

// readFields reads the body of a request. It ignores members that are not among the names, because
// front ends send more than is needed here.
func readFields(w http.ResponseWriter, r *http.Request, names []string) (fields, error) {
	if !isJSON(r.Header) {
		return nil, errMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case err != nil || !utf8.Valid(body):
		return nil, errJSON
	}
	return parseFields(body, names)
}

// isJSON reports whether a body is declared as plain JSON.
func isJSON(h http.Header) bool {
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	return err == nil && mediaType == "application/json" &&
		(charset == "" || strings.EqualFold(charset, "utf-8")) && h.Get("Content-Encoding") == ""
}

// parseFields reads a JSON object member by member, because encoding/json accepts duplicates and
// names in another case.
func parseFields(body []byte, names []string) (fields, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, errJSON
	}
	f := make(fields, len(names))
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, errJSON
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, errJSON
		}
		known := name.(string) // JSON has only string names.
		attribute := strings.HasPrefix(known, attributePrefix) &&
			slices.Contains(names, attributePrefix)
		if !attribute && !slices.Contains(names, known) {
			continue
		}
		if _, twice := f[known]; twice {
			return nil, duplicate(known)
		}
		var text *string
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, notText(known)
		}
		f[known] = ""
		if text != nil {
			f[known] = *text
		}
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, errJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return f, nil
}
