// Package qr draws QR codes: as SVG, as PNG, and as characters for a terminal. Each picture has its
// own white background and the quiet zone of four modules, so it scans on any page and any terminal
// theme.
//
// [Encode] turns text into a [Code] once. Draw as many pictures from it as you like. A Code and its
// pictures contain the text. If the text is a secret, so are they: a Code is not printed or encoded
// by accident, but the pictures are yours to protect.
package qr

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// Level is the error correction level: how much of a code may be damaged or dirty and still scan.
type Level int

// The error correction levels of ISO/IEC 18004, with the share of a code that each can restore.
const (
	LevelL Level = iota // 7%
	LevelM              // 15%
	LevelQ              // 25%
	LevelH              // 30%
)

// Options are the options of [Encode].
type Options struct {
	// Level is the minimum error correction. If the smallest code for the text at this level has
	// room for more, Encode uses it. The default is LevelL: on a screen, large modules scan
	// better than redundant ones.
	Level Level
	// Title describes the SVG picture for people who use a screen reader. The default is "QR code".
	Title string
}

// quiet is the width of the light margin that ISO/IEC 18004 requires around a code, in modules.
const quiet = 4

// maxText is the length of the longest text that fits in any code, in bytes: digits at level L.
const maxText = 7089

// Code is a QR code that Encode made. The zero Code draws as an empty white square. A Code does not
// change and is safe for concurrent use.
type Code struct {
	size int
	// One byte for each module, row by row, 1 if it is dark. The pointer keeps fmt from printing
	// them: fmt calls no methods on unexported fields, but prints a pointer to a string as an
	// address.
	modules *string
	title   string
}

// Encode encodes text, which must not be empty. At most 2,953 bytes of UTF-8 fit at level L, 2,331
// at M, 1,663 at Q and 1,273 at H, and more if the text is all digits or upper-case letters. Longer
// text is an error, which does not repeat the text.
func Encode(text string, optFns ...func(*Options)) (*Code, error) {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	switch {
	case o.Level < LevelL || o.Level > LevelH:
		return nil, fmt.Errorf("qr: there is no error correction level %d", o.Level)
	case text == "":
		return nil, errors.New("qr: there is no text to encode")
	case len(text) > maxText:
		return nil, tooLong(text)
	}
	if o.Title == "" {
		o.Title = "QR code"
	}
	// The levels of skip2 have other names but the same order.
	code, err := qrcode.New(text, qrcode.RecoveryLevel(o.Level))
	if err != nil {
		return nil, tooLong(text)
	}
	for level := o.Level + 1; level <= LevelH; level++ {
		version, recovery := code.VersionNumber, qrcode.RecoveryLevel(level)
		if better, err := qrcode.NewWithForcedVersion(text, version, recovery); err == nil {
			code = better
		}
	}
	code.DisableBorder = true
	rows := code.Bitmap()
	var modules strings.Builder
	for _, row := range rows {
		for _, dark := range row {
			if dark {
				modules.WriteByte(1)
			} else {
				modules.WriteByte(0)
			}
		}
	}
	packed := modules.String()
	return &Code{size: len(rows), modules: &packed, title: o.Title}, nil
}

func tooLong(text string) error {
	return fmt.Errorf("qr: text of %d bytes does not fit in a QR code of this level", len(text))
}

// Size returns the width and height of the code in modules, its small squares, without the quiet
// zone: 21 to 177.
func (c Code) Size() int { return c.size }

// dark reports whether the module in column x and row y is dark. Everything around the code is
// light.
func (c Code) dark(x, y int) bool {
	return 0 <= x && x < c.size && 0 <= y && y < c.size && (*c.modules)[y*c.size+x] == 1
}

const redacted = "REDACTED"

// Format implements [fmt.Formatter]: every verb prints REDACTED.
func (Code) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer].
func (Code) LogValue() slog.Value { return slog.StringValue(redacted) }

var errEncode = errors.New("qr: a Code cannot be encoded; encode a picture of it")

// MarshalText implements [encoding.TextMarshaler]. It always fails.
func (Code) MarshalText() ([]byte, error) { return nil, errEncode }

// MarshalBinary implements [encoding.BinaryMarshaler]. It always fails.
func (Code) MarshalBinary() ([]byte, error) { return nil, errEncode }
