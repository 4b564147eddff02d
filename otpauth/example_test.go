package otpauth_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

// A service creates a key for a user. The user scans the URI as a QR code, or types the groups, and
// both sides compute the same code.
func Example() {
	key, err := otpauth.NewKey("Example Corp", "alice@example.com", "GEZDGNBVGY3TQOJQGEZDGNBV")
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := otpauth.Parse(key.URI())
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	code, err := app.Code(now)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("type", key.Grouped())
	fmt.Println("code", code)
	fmt.Println("log ", key.Secret)
	// Output:
	// type GEZD GNBV GY3T QOJQ GEZD GNBV
	// code 843279
	// log  REDACTED
}

func ExampleKey_URI() {
	key, err := otpauth.NewKey("Example Corp", "alice@a.example", "GEZDGNBVGY3TQOJQ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(key.URI())
	// Output:
	// otpauth://totp/Example%20Corp:alice%40a.example?secret=GEZDGNBVGY3TQOJQ&issuer=Example%20Corp
}

// A key can be written in many ways. A test can use Parse to check the URI on a page.
func ExampleParse() {
	key, err := otpauth.Parse("otpauth://totp/Example:%20alice?secret=gezd%20gnbv%20gy3t%20qojq")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s at %s: %d digits every %v\n", key.Account, key.Issuer, key.Digits, key.Period)
	fmt.Println(key.Secret.Reveal())
	// Output:
	// alice at Example: 6 digits every 30s
	// GEZDGNBVGY3TQOJQ
}

// A test that acts as the authenticator needs the next code after it used the current one.
func ExampleKey_Code() {
	key, err := otpauth.NewKey("Example", "alice", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	for _, t := range []time.Time{now, now.Add(key.Period)} {
		code, err := key.Code(t)
		fmt.Println(code, err)
	}
	// Output:
	// 082995 <nil>
	// 256137 <nil>
}

func ExampleSecret() {
	session := struct {
		User  string
		Token otpauth.Secret
	}{"alice", otpauth.NewSecret("eyJraWQiOi")}
	fmt.Printf("%+v\n", session)
	_, err := json.Marshal(session)
	fmt.Println("encoded:", err == nil)
	fmt.Println(session.Token.Reveal())
	// Output:
	// {User:alice Token:REDACTED}
	// encoded: false
	// eyJraWQiOi
}
