package cognitotest

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// shape is what the service's model says about a request member that is a string.
type shape struct {
	min, max  int // in characters; a max of 0 is no limit
	pattern   string
	match     func(string) bool // whether a value satisfies pattern
	enum      []string
	sensitive bool // the value is not repeated in the message
}

// shapes holds the constraints by member name: in this service a name means the same everywhere. The SDK checks none of them, so it is the
// server's answer that a program gets to see.
//
// Sessions are the exception from the model: it says 2048, the service hands out longer ones and accepts up to 8192.
func shapes() map[string]shape { return shapeTable.get(newShapes) }

var shapeTable lazy[map[string]shape]

func newShapes() map[string]shape {
	token := shape{pattern: "[A-Za-z0-9-_=.]+", match: all(isToken), sensitive: true}
	page := shape{min: 1, pattern: `[\S]+`, match: all(isVisible)}
	arn := `arn:[\w+=/,.@-]+:[\w+=/,.@-]+:([\w+=/,.@-]*)?:[0-9]+:[\w+=/,.@-]+(:[\w+=/,.@-]+)?(:[\w+=/,.@-]+)?`
	password := shape{max: 256, pattern: `^[\S]+.*[\S]+$`, match: isPassword, sensitive: true}
	return map[string]shape{
		"AccessToken":                token,
		"RefreshToken":               token,
		"Token":                      token,
		"Session":                    {min: 20, max: 8192, sensitive: true},
		"UserCode":                   {min: 6, max: 6, pattern: "[0-9]+", match: all(isDigit), sensitive: true},
		"FriendlyDeviceName":         {max: 131072},
		"Username":                   {min: 1, max: 128, pattern: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, match: all(isName), sensitive: true},
		"Password":                   password,
		"TemporaryPassword":          password,
		"PreviousPassword":           password,
		"ProposedPassword":           password,
		"ClientId":                   {min: 1, max: 128, pattern: `[\w+]+`, match: all(isID), sensitive: true},
		"ClientSecret":               {min: 24, max: 64, pattern: `[\w+]+`, match: all(isID), sensitive: true},
		"SecretHash":                 {min: 1, max: 128, pattern: `[\w+=/]+`, match: all(isHash), sensitive: true},
		"UserPoolId":                 {min: 1, max: 55, pattern: `[\w-]+_[0-9a-zA-Z]+`, match: isPoolID},
		"PoolName":                   {min: 1, max: 128, pattern: `[\w\s+=,.@-]+`, match: all(isTitle)},
		"ClientName":                 {min: 1, max: 128, pattern: `[\w\s+=,.@-]+`, match: all(isTitle)},
		"ConfirmationCode":           {min: 1, max: 2048, pattern: `[\S]+`, match: all(isVisible)},
		"Code":                       {min: 1, max: 2048, pattern: `[\S]+`, match: all(isVisible)},
		"AttributeName":              {min: 1, max: 32, pattern: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, match: all(isName)},
		"GroupName":                  {min: 1, max: 128, pattern: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, match: all(isName)},
		"Description":                {max: 2048},
		"RoleArn":                    {min: 20, max: 2048, pattern: arn, match: regexp.MustCompile("^(?:" + arn + ")$").MatchString},
		"Filter":                     {max: 256},
		"NextToken":                  page,
		"PaginationToken":            page,
		"AuthFlow":                   {enum: strs(types.AuthFlowType("").Values())},
		"MfaConfiguration":           {enum: strs(types.UserPoolMfaType("").Values())},
		"DeviceKey":                  {min: 1, max: 55, pattern: `[\w-]+_[0-9a-f-]+`, match: isDeviceKey},
		"DeviceName":                 {min: 1, max: 1024},
		"DeviceRememberedStatus":     {enum: strs(types.DeviceRememberedStatusType("").Values())},
		"PreventUserExistenceErrors": {enum: strs(types.PreventUserExistenceErrorTypes("").Values())},
		"MessageAction":              {enum: strs(types.MessageActionType("").Values())},
	}
}

// bounds are what the model says about members that are numbers. Where it says nothing about the upper end, the type does.
func bounds(name string) (low, high float64, known bool) {
	switch name {
	case "Limit":
		return 0, 60, true
	case "MaxResults":
		return 1, 60, true
	case "Precedence":
		return 0, math.MaxInt32, true
	default:
		return 0, 0, false
	}
}

// check holds the members of a request against the shapes, and says what is wrong in the service's words.
func check(members map[string]any, required []string) error {
	names := slices.Clone(required)
	for name := range members {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names[len(required):])

	var violations []string
	for _, name := range names {
		value, present := members[name]
		if !present || value == nil {
			if slices.Contains(required, name) {
				violations = append(violations, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", lowerFirst(name)))
			}
			continue
		}
		switch value := value.(type) {
		case string:
			if shape, known := shapes()[name]; known {
				violations = shape.appendViolations(violations, lowerFirst(name), value)
			}
		case float64:
			violations = appendOutOfBounds(violations, name, value)
		case []any:
			violations = appendListViolations(violations, name, value)
		}
	}
	switch len(violations) {
	case 0:
		return nil
	case 1:
		return invalidParameter("1 validation error detected: %s", violations[0])
	default:
		return invalidParameter("%d validation errors detected: %s", len(violations), strings.Join(violations, "; "))
	}
}

func appendOutOfBounds(violations []string, name string, value float64) []string {
	low, high, known := bounds(name)
	shown := strconv.FormatFloat(value, 'f', -1, 64)
	switch {
	case known && value < low:
		return append(violations, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must have value greater than or equal to %g", shown, lowerFirst(name), low))
	case known && value > high:
		return append(violations, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must have value less than or equal to %.0f", shown, lowerFirst(name), high))
	}
	return violations
}

// appendListViolations checks the lists of attributes, of their names and of what is chosen from a set. The service words them differently: what is
// wrong with a member of an object is said by its place, and a list of texts is shown as a whole with all that its members must be.
func appendListViolations(violations []string, name string, list []any) []string {
	attributeName := shapes()["AttributeName"]
	switch name {
	case "UserAttributes":
		for i, item := range list {
			object, _ := item.(map[string]any)
			at := fmt.Sprintf("%s.%d.member.", lowerFirst(name), i+1)
			if text, isText := object["Name"].(string); isText {
				violations = attributeName.appendViolations(violations, at+"name", text)
			} else {
				violations = append(violations, fmt.Sprintf("Value null at '%sname' failed to satisfy constraint: Member must not be null", at))
			}
			if text, isText := object["Value"].(string); isText {
				violations = shape{max: 2048, sensitive: true}.appendViolations(violations, at+"value", text)
			}
		}
	case "UserAttributeNames", "AttributesToGet":
		violations = attributeName.appendTextViolations(violations, lowerFirst(name), list, fmt.Sprintf(
			"Member must have length less than or equal to %d, Member must have length greater than or equal to %d, Member must satisfy regular expression pattern: %s",
			attributeName.max, attributeName.min, attributeName.pattern))
	case "UsernameAttributes", "AliasAttributes", "AutoVerifiedAttributes", "DesiredDeliveryMediums":
		item := shape{enum: map[string][]string{
			"UsernameAttributes":     strs(types.UsernameAttributeType("").Values()),
			"AliasAttributes":        strs(types.AliasAttributeType("").Values()),
			"AutoVerifiedAttributes": strs(types.VerifiedAttributeType("").Values()),
			"DesiredDeliveryMediums": strs(types.DeliveryMediumType("").Values()),
		}[name]}
		violations = item.appendTextViolations(violations, lowerFirst(name), list, fmt.Sprintf("Member must satisfy enum value set: [%s]", strings.Join(item.enum, ", ")))
	}
	return violations
}

// appendTextViolations checks a list of texts, each of which must be as the rules say that the message repeats.
func (s shape) appendTextViolations(violations []string, at string, list []any, rules string) []string {
	texts := make([]string, len(list))
	wrong := false
	for i, item := range list {
		texts[i], _ = item.(string)
		wrong = wrong || len(s.appendViolations(nil, "", texts[i])) > 0
	}
	if wrong {
		violations = append(violations, fmt.Sprintf("Value '[%s]' at '%s' failed to satisfy constraint: Member must satisfy constraint: [%s]", strings.Join(texts, ", "), at, rules))
	}
	return violations
}

// appendViolations says what is wrong with a value, at a place in the request.
func (s shape) appendViolations(violations []string, at, value string) []string {
	shown := " '" + value + "'"
	if s.sensitive {
		shown = ""
	}
	add := func(format string, args ...any) {
		violations = append(violations, fmt.Sprintf("Value%s at '%s' failed to satisfy constraint: Member must ", shown, at)+fmt.Sprintf(format, args...))
	}
	if s.match != nil && !s.match(value) {
		add("satisfy regular expression pattern: %s", s.pattern)
	}
	switch length := utf8.RuneCountInString(value); {
	case length < s.min:
		add("have length greater than or equal to %d", s.min)
	case s.max > 0 && length > s.max:
		add("have length less than or equal to %d", s.max)
	}
	if s.enum != nil && !slices.Contains(s.enum, value) {
		add("satisfy enum value set: [%s]", strings.Join(s.enum, ", "))
	}
	return violations
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

func strs[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

// all makes the pattern [class]+ from a class.
func all(class func(rune) bool) func(string) bool {
	return func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !class(r) })
	}
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func isWord(r rune) bool { return isLetter(r) || isDigit(r) || r == '_' }

func isToken(r rune) bool { return isWord(r) || strings.ContainsRune("-=.", r) }

func isID(r rune) bool { return isWord(r) || r == '+' }

func isHex(r rune) bool { return isDigit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' }

func isHash(r rune) bool { return isWord(r) || strings.ContainsRune("+=/", r) }

func isTitle(r rune) bool { return isWord(r) || strings.ContainsRune(" \t\n\v\f\r+=,.@-", r) }

func isName(r rune) bool {
	return r != utf8.RuneError && unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P)
}

func isVisible(r rune) bool { return !unicode.IsSpace(r) }

func isPassword(s string) bool {
	return utf8.RuneCountInString(s) >= 2 && strings.TrimSpace(s) == s && !strings.ContainsAny(s, "\r\n")
}

func isPoolID(s string) bool {
	cut := strings.LastIndexByte(s, '_')
	return cut > 0 && all(func(r rune) bool { return isWord(r) || r == '-' })(s[:cut]) && all(func(r rune) bool { return isLetter(r) || isDigit(r) })(s[cut+1:])
}

func isDeviceKey(s string) bool {
	cut := strings.LastIndexByte(s, '_')
	return cut > 0 && all(func(r rune) bool { return isWord(r) || r == '-' })(s[:cut]) && all(func(r rune) bool { return isHex(r) || r == '-' })(s[cut+1:])
}
