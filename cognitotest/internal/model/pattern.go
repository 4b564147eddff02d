package model

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"
)

// matcher is a compiled pattern. It is compiled at the first use.
type matcher struct {
	once  sync.Once
	match func(string) bool
}

// satisfies reports whether a value matches the shape's pattern.
func (s *Shape) satisfies(value string) bool {
	s.match.once.Do(func() { s.match.match = compile(s.Pattern) })
	return s.match.match(value)
}

// rewritten replaces patterns that Go's regular expressions cannot express.
func rewritten(pattern string) string {
	if pattern == `^[0-9A-Za-z\.\-_]*(?<!\.)$` { // of S3BucketType, with a lookbehind
		return `(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`
	}
	return pattern
}

// compile returns a function that matches a whole value against a pattern in Java's syntax. Most
// patterns are a class of characters with a plus. For these, a table is several times faster than a
// regular expression, which matters for tokens of a thousand characters.
func compile(pattern string) func(string) bool {
	expression := fromJava(rewritten(pattern))
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err == nil && parsed.Op == syntax.OpPlus && parsed.Sub[0].Op == syntax.OpCharClass {
		return onlyOf(parsed.Sub[0].Rune)
	}
	return regexp.MustCompile(`\A(?:` + expression + `)\z`).MatchString
}

// fromJava translates a pattern from Java's syntax to Go's. In Java, \s includes the vertical tab,
// and the dot excludes all line terminators.
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

// onlyOf returns a function that matches one or more characters, all in the ranges.
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

// inRanges searches sorted ranges, each a pair of first and last character.
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
