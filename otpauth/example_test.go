package otpauth_test

import (
	"fmt"
	"time"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

// A key as Cognito gives it, brought to an authenticator app.
func ExampleNewKey() {
	key, err := otpauth.NewKey("Example Corp", "alice@example.com", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(key.URI())
	fmt.Println(key.Grouped())
	fmt.Println(key.Secret)
	// Output:
	// otpauth://totp/Example%20Corp:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example%20Corp
	// GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ
	// REDACTED
}

// What an authenticator app does with a scanned QR code; in a service, this is for tests.
func ExampleParse() {
	key, err := otpauth.Parse("otpauth://totp/Example:%20alice?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq&issuer=Example")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s at %s: %d digits every %v\n", key.Account, key.Issuer, key.Digits, key.Period)
	// Output:
	// alice at Example: 6 digits every 30s
}

func ExampleKey_Code() {
	key, err := otpauth.NewKey("Example", "alice", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	for _, off := range []time.Duration{-key.Period, 0, key.Period} {
		code, err := key.Code(at.Add(off))
		fmt.Println(code, err)
	}
	// Output:
	// 798367 <nil>
	// 082995 <nil>
	// 256137 <nil>
}

func ExampleSecret() {
	secret := otpauth.NewSecret("GEZDGNBVGY3TQOJQ")
	fmt.Printf("%v %+v %q %x\n", secret, struct{ Key otpauth.Secret }{secret}, secret, secret)
	fmt.Println(secret.Reveal())
	// Output:
	// REDACTED {Key:REDACTED} REDACTED REDACTED
	// GEZDGNBVGY3TQOJQ
}
