package qr_test

import (
	"fmt"
	"strings"

	"github.com/cognitomfa/cognitomfa/qr"
)

// One code, drawn twice.
func ExampleEncode() {
	code, err := qr.Encode("otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Example")
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := code.PNG(256)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(code.Size(), "modules")
	fmt.Println(strings.HasPrefix(string(picture), "\x89PNG"), strings.HasPrefix(string(code.SVG()), "<svg"))
	fmt.Println(code)
	// Output:
	// 33 modules
	// true true
	// REDACTED
}

// More error correction for a code that will be printed, and a title in the reader's language.
func ExampleOptions() {
	code, err := qr.Encode("otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Example", func(o *qr.Options) {
		o.Level = qr.LevelQ
		o.Title = "QRコード"
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(code.Size(), "modules")
	fmt.Println(strings.Contains(string(code.SVG()), "<title>QRコード</title>"))
	// Output:
	// 41 modules
	// true
}

func ExampleCode_PNG() {
	code, err := qr.Encode("https://example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = code.PNG(24)
	fmt.Println(err)
	// Output:
	// qr: 24 pixels are too few: this code needs at least 33
}
