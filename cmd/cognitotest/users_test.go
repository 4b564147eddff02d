package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func TestParseUsers(t *testing.T) {
	t.Parallel()
	users, err := parseUsers([]byte(`[
		{"username": "alice", "password": "Passw0rd!"},
		{"username": "bób", "password": "Passw0rd!", "email": "b@example.com", "phone": "+15550001234",
		 "attributes": {"name": "Bób", "custom:a": ""}, "groups": ["admin"], "status": "RESET_REQUIRED",
		 "disabled": true, "totp": "JBSWY3DPEHPK3PXP", "methods": [], "preferred": "EMAIL_OTP"},
		{"username": null, "attributes": null, "claims": null, "challenges": null},
		{"username": "carol", "sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10",
		 "claims": {"id": {"plan": {"seats": 12345678901234567890}}, "access": {"tenant": "blue"}},
		 "challenges": [
			{"name": "MADE_UP", "parameters": {"question": "?"}, "answers": {"ANSWER": "42"}, "tries": 3}, {}
		 ]}
	]`))
	require.NoError(t, err)
	assert.Equal(t, []cognitotest.User{
		{Username: "alice", Password: "Passw0rd!"},
		{
			Username: "bób", Password: "Passw0rd!", Email: "b@example.com", Phone: "+15550001234",
			Attributes: map[string]string{
				"name": "Bób", "custom:a": "",
			},
			Groups: []string{"admin"}, Status: "RESET_REQUIRED", Disabled: true,
			TOTP:    "JBSWY3DPEHPK3PXP",
			Methods: []string{}, Preferred: "EMAIL_OTP",
		},
		{},
		{
			Username: "carol", Sub: "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10",
			IDClaims: map[string]any{"plan": json.RawMessage(
				`{"seats": 12345678901234567890}`)},
			AccessClaims: map[string]any{"tenant": json.RawMessage(`"blue"`)},
			Challenges: []cognitotest.Challenge{
				{
					Name: "MADE_UP", Parameters: map[string]string{"question": "?"},
					Answers: map[string]string{"ANSWER": "42"}, Tries: 3,
				},
				{},
			},
		},
	}, users)
	users, err = parseUsers([]byte(" [] \n"))
	require.NoError(t, err)
	assert.Empty(t, users)
}

func TestParseUsersRefuses(t *testing.T) {
	t.Parallel()
	members := "username, password, sub, email, phone, attributes, groups, status, disabled, totp, methods, " +
		"preferred, claims, challenges"
	for _, test := range []struct{ text, want string }{
		{"", "empty; a file without users holds []"},
		{" \n", "empty; a file without users holds []"},
		{"null", "not a list of users, as [{…}, {…}] is"},
		{"{}", "not a list of users, as [{…}, {…}] is"},
		{`"users"`, "not a list of users, as [{…}, {…}] is"},
		{"[", "line 1, column 1: unexpected end of JSON input"},
		{"[]\n[]", "line 2, column 1: invalid character '[' after top-level value"},
		{"[]\x00", `line 1, column 3: invalid character '\x00' after top-level value`},
		{
			"[\n  {\"username\": 'a'}\n]",
			`line 2, column 16: invalid character '\'' looking for beginning of value`,
		},
		{
			"[{\"username\":\"é\"},]",
			"line 1, column 19: invalid character ']' looking for beginning of value",
		},
		{"\ufeff[]", "line 1, column 1: a byte order mark; save the file as UTF-8 without one"},
		{"\xff\xfe[\x00]\x00", "line 1, column 1: not UTF-8"},
		{"[\n{\"username\":\"é\xe9\"}", "line 2, column 15: not UTF-8"},
		{"[null]", "user 1: that is not a JSON object, as {…} is"},
		{"[{}, []]", "user 2: that is not a JSON object, as {…} is"},
		{`[{"name":"a"}]`, `user 1: there is no member "name"; there are ` + members},
		{`[{"b":1,"a":1}]`, `user 1: there is no member "a"; there are ` + members},
		{`[{"Username":"a"}]`, `user 1: there is no member "Username"; there are ` + members},
		{`[{"username":"a","username":"b"}]`, `user 1: the member "username" is there twice`},
		{`[{"username":1}]`, `user 1: "username" must be a text`},
		{`[{},{"disabled":"yes"}]`, `user 2: "disabled" must be true or false`},
		{`[{"groups":"admin"}]`, `user 1: "groups" must be a list of texts`},
		{`[{"methods":[1]}]`, `user 1: "methods" must be a list of texts`},
		{
			`[{"attributes":[]}]`,
			`user 1: "attributes" must be an object whose members are texts, each once`,
		},
		{
			`[{"attributes":{"age":7}}]`,
			`user 1: "attributes" must be an object whose members are texts, each once`,
		},
		{
			`[{"attributes":{"age":null}}]`,
			`user 1: "attributes" must be an object whose members are texts, each once`,
		},
		{
			`[{"attributes":{"a":"1","a":"2"}}]`,
			`user 1: "attributes" must be an object whose members are texts, each once`,
		},
		{`[{"claims":[]}]`, `user 1: "claims": that is not a JSON object, as {…} is`},
		{
			`[{"claims":{"refresh":{}}}]`,
			`user 1: "claims": there is no member "refresh"; there are id, access`,
		},
		{`[{"claims":{"id":1}}]`, `user 1: "claims": "id": that is not a JSON object, as {…} is`},
		{
			`[{"claims":{"id":{"a":1,"a":2}}}]`,
			`user 1: "claims": "id": the member "a" is there twice`,
		},
		{`[{"challenges":{}}]`, `user 1: "challenges": not a list of challenges, as [{…}, {…}] is`},
		{
			`[{"challenges":[{},{"answer":1}]}]`,
			`user 1: "challenges": challenge 2: there is no member "answer"; ` +
				`there are name, parameters, answers, tries`,
		},
		{
			strings.Repeat("[", 20_000),
			"line 1, column 10001: invalid character '[' exceeded max depth",
		},
		{"[" + strings.Repeat(" ", maxUsers) + "]", "larger than 64 MiB"},
		{
			`[{"username":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + `}]`,
			`user 1: "username" must be a text`,
		},
	} {
		users, err := parseUsers([]byte(test.text))
		assert.EqualError(t, err, test.want, "%.100q", test.text)
		assert.Nil(t, users, "%.100q", test.text)
	}
}

// Any file is a list of users or an error. The error contains only names and one character of the
// file.
func FuzzParseUsers(f *testing.F) {
	for _, text := range []string{
		alice, "[]", "[{}]", `[{"attributes":{"a":"b"},"groups":["c"],"disabled":true}]`,
		"\ufeff[]",
		"[\n{\"username\":\"\xff\"}]", `[{"username":"\ud800"}]`,
	} {
		f.Add([]byte(text))
	}
	srv := cognitotest.NewServer()
	f.Cleanup(srv.Close)
	f.Fuzz(func(t *testing.T, data []byte) {
		users, err := parseUsers(data)
		if err == nil {
			require.True(t, utf8.Valid(data))
			require.True(t, bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")))
			for _, u := range users {
				if srv.TryAddUser(u) == nil {
					_, found := srv.LookupUser(u.Username)
					assert.True(t, found)
				}
			}
			return
		}
		assert.Nil(t, users)
		assert.NotEmpty(t, err.Error())
		assert.True(t, utf8.ValidString(err.Error()), "%q", err)
		assert.NotContains(t, err.Error(), "\n")
	})
}
