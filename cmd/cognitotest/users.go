package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// parseUser reads the description of a user from a JSON object. TryAddUser checks whether it makes
// sense.
func parseUser(data []byte) (cognitotest.User, error) {
	var u cognitotest.User
	var status string
	var attributes texts
	err := decodeObject(data,
		aText("username", &u.Username),
		aText("password", &u.Password),
		aText("sub", &u.Sub),
		aText("email", &u.Email),
		aText("phone", &u.Phone),
		anObject("attributes", &attributes),
		aList("groups", &u.Groups),
		aText("status", &status),
		aBool("disabled", &u.Disabled),
		aText("totp", &u.TOTP),
		aList("methods", &u.Methods),
		aText("preferred", &u.Preferred),
		nested("claims", func(claims []byte) error {
			return decodeObject(claims,
				nested("id", values(&u.IDClaims)), nested("access", values(&u.AccessClaims)))
		}),
		nested("challenges", func(list []byte) (err error) {
			u.Challenges, err = parseChallenges(list)
			return err
		}),
	)
	u.Status, u.Attributes = types.UserStatusType(status), attributes
	return u, err
}

// parseChallenges reads the challenges of a user's sign-ins from a JSON list.
func parseChallenges(data []byte) ([]cognitotest.Challenge, error) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil, errors.New("not a list of challenges, as [{…}, {…}] is")
	}
	challenges := make([]cognitotest.Challenge, len(list))
	for i, one := range list {
		var name string
		var parameters, answers texts
		var tries int
		err := decodeObject(one,
			aText("name", &name),
			anObject("parameters", &parameters),
			anObject("answers", &answers),
			aNumber("tries", &tries),
		)
		if err != nil {
			return nil, fmt.Errorf("challenge %d: %w", i+1, err)
		}
		challenges[i] = cognitotest.Challenge{
			Name: types.ChallengeNameType(name), Parameters: parameters, Answers: answers,
			Tries: tries,
		}
	}
	return challenges, nil
}

// maxUsers is the largest users file, in bytes: several hundred thousand users.
const maxUsers = 64 << 20

// readUsers reads a users file; "-" stands for standard input, and an empty name for no users.
func readUsers(name string, stdin io.Reader) ([]cognitotest.User, error) {
	if name == "" {
		return nil, nil
	}
	in := stdin
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the user of the program chooses the file
		if err != nil {
			return nil, fmt.Errorf("-users: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxUsers+1))
	if err != nil {
		return nil, fmt.Errorf("-users: %w", err)
	}
	users, err := parseUsers(data)
	if err != nil {
		return nil, fmt.Errorf("-users: %s: %w", shownName(name), err)
	}
	return users, nil
}

// addUsers adds the users of a file to the pool.
func addUsers(srv *cognitotest.Server, name string, users []cognitotest.User) error {
	for i, u := range users {
		if err := srv.TryAddUser(u); err != nil {
			return fmt.Errorf("-users: %s: user %d: %s", shownName(name), i+1, reason(err))
		}
	}
	return nil
}

func shownName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// parseUsers reads a list of users. Its errors have the line and column, or the number of the user,
// counted from 1.
func parseUsers(data []byte) ([]cognitotest.User, error) {
	switch {
	case len(data) > maxUsers:
		return nil, fmt.Errorf("larger than %d MiB", maxUsers>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("empty; a file without users holds []")
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return nil, errors.New(
			"line 1, column 1: a byte order mark; save the file as UTF-8 without one")
	case !utf8.Valid(data):
		return nil, fmt.Errorf("%s: not UTF-8", position(data, invalidUTF8(data)))
	}
	var list []json.RawMessage
	err := json.Unmarshal(data, &list)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return nil, fmt.Errorf("%s: %w", position(data, max(int(syntax.Offset)-1, 0)), err)
	}
	if err != nil || list == nil {
		return nil, errors.New("not a list of users, as [{…}, {…}] is")
	}
	users := make([]cognitotest.User, len(list))
	for i, one := range list {
		if users[i], err = parseUser(one); err != nil {
			return nil, fmt.Errorf("user %d: %w", i+1, err)
		}
	}
	return users, nil
}

// invalidUTF8 returns the index of the first byte that is not UTF-8.
func invalidUTF8(data []byte) int {
	at := 0
	for {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

// position returns the line and column of a byte, as editors count them.
func position(data []byte, at int) string {
	before := data[:min(at, len(data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line, column)
}
