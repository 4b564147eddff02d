package qr_test

import (
	"fmt"
	"strings"

	"github.com/cognitomfa/cognitomfa/qr"
)

// The same code for a page, an email and a terminal.
func Example() {
	code, err := qr.Encode("otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Example")
	if err != nil {
		fmt.Println(err)
		return
	}
	svg := code.SVG()
	png, err := code.PNG(256)
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := strings.Split(code.Terminal(), "\n")
	fmt.Println(string(svg[:4]), string(png[1:4]), len(lines)-1, "lines")
	fmt.Println(code, "with", code.Size(), "by", code.Size(), "modules")
	// Output:
	// <svg PNG 21 lines
	// REDACTED with 33 by 33 modules
}

// More error correction for a code on paper, and a title in the reader's language.
func ExampleEncode() {
	code, err := qr.Encode("https://example.com", func(o *qr.Options) {
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
	// 25 modules
	// true
}

// The smallest picture has one pixel for each module of the code and of its quiet zone.
func ExampleCode_PNG() {
	code, err := qr.Encode("https://example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = code.PNG(24)
	fmt.Println(err)
	// Output:
	// qr: 24 pixels are too few; this code needs 33 or more
}

// A page shows the picture with an img element.
func ExampleCode_SVGDataURI() {
	code, err := qr.Encode("https://example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("<img alt=\"QR code\" src=\"%.34s…\">\n", code.SVGDataURI())
	// Output:
	// <img alt="QR code" src="data:image/svg+xml;base64,PHN2ZyB4…">
}
