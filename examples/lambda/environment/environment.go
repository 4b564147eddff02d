// Package environment reads the settings that the Lambda functions share, the user pool and its app
// clients, from the environment. It does not use the SDK or the network, so a function that only
// verifies tokens starts without them.
//
//	COGNITO_USER_POOL_ID  the user pool. Required.
//	COGNITO_CLIENT_ID     its app client. Required.
//	COGNITO_ISSUER        for functions that verify tokens: their issuer, such as the pool's
//	                      ProviderURL in CloudFormation. Empty means either of the two issuers
//	                      that a pool can have, and keys are fetched for both.
//
// AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER, one of the SDK's own variables, is the address of an
// emulator. The pool's keys are then fetched from there, too.
package environment

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa/token"
)

// Require returns an error that names the variables that are not set.
func Require(names ...string) error {
	missing := slices.DeleteFunc(names, func(name string) bool { return os.Getenv(name) != "" })
	if len(missing) > 0 {
		return fmt.Errorf("set the environment variables %s", strings.Join(missing, ", "))
	}
	return nil
}

// Pool returns the IDs of the user pool and of its app client, or an error if one is missing or
// malformed, which otherwise only the first sign-in would show.
func Pool() (pool, client string, err error) {
	pool, err = userPool()
	client = os.Getenv("COGNITO_CLIENT_ID")
	if err == nil && !isClient(client) {
		err = errors.New("COGNITO_CLIENT_ID is not an app client id")
	}
	return pool, client, err
}

// TokenConfig returns the configuration of a [token.Verifier] for the user pool. Here,
// COGNITO_CLIENT_ID may list several app clients, separated by spaces.
func TokenConfig() (token.Config, error) {
	pool, err := userPool()
	if err != nil {
		return token.Config{}, err
	}
	cfg := token.Config{
		UserPoolID: pool,
		ClientIDs:  strings.Fields(os.Getenv("COGNITO_CLIENT_ID")),
		Issuers:    strings.Fields(os.Getenv("COGNITO_ISSUER")),
	}
	malformed := func(id string) bool { return !isClient(id) }
	if len(cfg.ClientIDs) == 0 || slices.ContainsFunc(cfg.ClientIDs, malformed) {
		return token.Config{}, errors.New("COGNITO_CLIENT_ID is not a list of app client ids")
	}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"); endpoint != "" {
		cfg.JWKSURL = strings.TrimSuffix(endpoint, "/") + "/" + pool + "/.well-known/jwks.json"
	}
	return cfg, nil
}

// userPool returns the ID of the user pool. It also checks that both IDs are set.
func userPool() (string, error) {
	if err := Require("COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID"); err != nil {
		return "", err
	}
	id := os.Getenv("COGNITO_USER_POOL_ID")
	if !isPool(id) {
		return "", errors.New(
			"COGNITO_USER_POOL_ID is not a user pool id, such as eu-west-1_AbCdEfGhI")
	}
	return id, nil
}

// Seconds returns a variable that is a positive number of seconds, or 0 if it is not set.
func Seconds(name string) (time.Duration, error) {
	text := os.Getenv(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%s must be a number of seconds", name)
	}
	return time.Duration(n) * time.Second, nil
}

// isPool reports whether an ID is a valid UserPoolIdType: a region, an underscore, and letters and
// digits.
func isPool(id string) bool {
	i := strings.LastIndexByte(id, '_')
	return i > 0 && len(id) <= 55 && consists(id[:i], "-_") && consists(id[i+1:], "")
}

// isClient reports whether an ID is a valid ClientIdType.
func isClient(id string) bool {
	return len(id) <= 128 && consists(id, "_+")
}

// consists reports whether a text is not empty and only has ASCII letters, digits and the other
// given characters. A regular expression would take half a millisecond at each start.
func consists(s, others string) bool {
	for _, r := range s {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z' && r < 0x80
		if !letter && (r < '0' || r > '9') && !strings.ContainsRune(others, r) {
			return false
		}
	}
	return s != ""
}

// Exit prints the function's name and an error in one line to standard error, and exits with status
// 1.
func Exit(function string, err error) {
	_, _ = fmt.Fprintf(os.Stderr, "%s: %s\n", function, strings.ReplaceAll(err.Error(), "\n", " "))
	os.Exit(1)
}
