package model

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"
)

// matcher tells whether a value satisfies a pattern. It is made when it is first needed.
type matcher struct {
	once  sync.Once
	match func(string) bool
}

// satisfies reports whether a value is as the shape's pattern says.
func (s *Shape) satisfies(value string) bool {
	s.match.once.Do(func() { s.match.match = compile(s.Pattern) })
	return s.match.match(value)
}

// rewritten has the patterns that Go's regular expressions cannot say, in other words.
func rewritten(pattern string) string {
	if pattern == `^[0-9A-Za-z\.\-_]*(?<!\.)$` { // of S3BucketType: it looks behind
		return `(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`
	}
	return pattern
}

// compile makes a matcher of a pattern in Java's syntax, which the whole value has to satisfy.
// Most patterns allow a class of characters and nothing else; looking the characters up is
// several times faster than the regular expression, and it is tokens of a thousand characters
// that are matched most.
func compile(pattern string) func(string) bool {
	expression := fromJava(rewritten(pattern))
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err == nil && parsed.Op == syntax.OpPlus && parsed.Sub[0].Op == syntax.OpCharClass {
		return onlyOf(parsed.Sub[0].Rune)
	}
	return regexp.MustCompile(`\A(?:` + expression + `)\z`).MatchString
}

// fromJava says in Go's regular expressions what a pattern means in Java's: there \s has the
// vertical tab, and the dot leaves out everything that ends a line.
func fromJava(pattern string) string {
	var out strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\':
			i++
			switch {
			case pattern[i] == 's' && inClass:
				out.WriteString(`\t-\r `)
			case pattern[i] == 's':
				out.WriteString(`[\t-\r ]`)
			case pattern[i] == 'S' && inClass:
				out.WriteString(`\x00-\x08\x0E-\x1F!-\x{10FFFF}`)
			case pattern[i] == 'S':
				out.WriteString(`[^\t-\r ]`)
			default:
				out.WriteString(pattern[i-1 : i+1])
			}
		case c == '.' && !inClass && !strings.HasPrefix(pattern, "(?s)"):
			out.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
		default:
			inClass = c == '[' || inClass && c != ']'
			out.WriteByte(c)
		}
	}
	return out.String()
}

// onlyOf makes a matcher that wants at least one character, and all of them in the ranges.
func onlyOf(ranges []rune) func(string) bool {
	var ascii [utf8.RuneSelf]bool
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], utf8.RuneSelf-1); r++ {
			ascii[r] = true
		}
	}
	return func(value string) bool {
		for _, r := range value {
			if r < utf8.RuneSelf && !ascii[r] || r >= utf8.RuneSelf && !inRanges(ranges, r) {
				return false
			}
		}
		return value != ""
	}
}

// inRanges looks a character up in sorted pairs of first and last characters.
func inRanges(ranges []rune, r rune) bool {
	low, high := 0, len(ranges)/2
	for low < high {
		middle := (low + high) / 2
		switch {
		case r < ranges[2*middle]:
			high = middle
		case r > ranges[2*middle+1]:
			low = middle + 1
		default:
			return true
		}
	}
	return false
}
