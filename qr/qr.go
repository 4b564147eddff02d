// Package qr draws QR codes: as SVG, as PNG, and in block characters for a terminal. Each picture brings its white background and the quiet
// zone of four modules with it, so that it scans wherever it is put.
//
// [Encode] turns text into a [Code], once; the pictures are drawn from that as often as they are wanted. A Code and its pictures say what the
// text says. If that is a secret, they are: a Code is not printed or encoded by accident, and the pictures are the caller's to guard.
package qr

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// Level is how much of a code may be dirty or torn before it no longer scans.
type Level int

// The error correction levels of ISO/IEC 18004, with the part of the code that each can lose.
const (
	LevelL Level = iota // 7 %
	LevelM              // 15 %
	LevelQ              // 25 %
	LevelH              // 30 %
)

// Options are the options of [Encode].
type Options struct {
	// Level is the least error correction to have. What the smallest code that holds the text at this level has room for beyond it is
	// used for more. The default is LevelL: on a screen, large modules scan better than redundant ones.
	Level Level
	// Title is what the SVG picture says to those who do not see it. The default is "QR code".
	Title string
}

// quiet is the width of the light margin around a code, in modules, that ISO/IEC 18004 demands.
const quiet = 4

// maxText is the longest text that fits in any code, in bytes: digits at level L.
const maxText = 7089

// Code is a QR code. [Encode] makes it; the zero Code draws as a blank. It does not change and is safe for concurrent use.
type Code struct {
	size int
	// One byte a module, row by row, 1 for a dark one. It is a pointer to a string since fmt calls no method on unexported fields, and
	// follows the pointers in them to a slice or a struct if the verb is not one for pointers.
	modules *string
	title   string
}

// Encode encodes text, which has to be one byte long at least. At most 2,953 bytes of UTF-8 fit at level L, 2,331 at M, 1,663 at Q and 1,273
// at H; more of digits and upper-case letters. Longer text is an error, whose message does not repeat it.
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
	// skip2's levels have other names and the same order.
	code, err := qrcode.New(text, qrcode.RecoveryLevel(o.Level))
	if err != nil {
		return nil, tooLong(text)
	}
	for level := o.Level + 1; level <= LevelH; level++ {
		if better, err := qrcode.NewWithForcedVersion(text, code.VersionNumber, qrcode.RecoveryLevel(level)); err == nil {
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
	return fmt.Errorf("qr: text of %d bytes does not fit in a QR code of this error correction level", len(text))
}

// Size returns how many modules, the small squares, the code is wide and high, without the quiet zone: 21 to 177.
func (c Code) Size() int { return c.size }

// dark tells the colour of the module in column x and row y. Around the code, all is light.
func (c Code) dark(x, y int) bool {
	return 0 <= x && x < c.size && 0 <= y && y < c.size && (*c.modules)[y*c.size+x] == 1
}

const redacted = "REDACTED"

// Format implements [fmt.Formatter]: every verb prints REDACTED.
func (Code) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer].
func (Code) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler] and always fails. Encode a picture where the code has to travel.
func (Code) MarshalText() ([]byte, error) {
	return nil, errors.New("qr: a code is not encoded by itself; encode a picture of it")
}
