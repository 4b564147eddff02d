package pool

import (
	"strings"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Nothing in silence: a member of a request is acted on, given back by the operation that describes
// what the request made, or refused by name. Most are fields of the struct that the operation decodes,
// or are read to find whom the call is about; the others stand here. A test walks the model and fails
// on a member that is neither (members_test.go).

// carried are members that the service hands on to where nothing is simulated, or that it ignores.
// They change no response. Server.Calls shows them, as far as they are fit to be shown.
var carried = []string{
	"ClientMetadata", "ValidationData", // to Lambda triggers
	"ContextData", "UserContextData", // to threat protection
	"AnalyticsMetadata",        // to Amazon Pinpoint
	"RevokeAssociatedSessions", // of session tracking, which is off
}

// setting is a member, at the top or one level down, that asks for something which is not simulated,
// unless it has a harmless value.
type setting struct {
	member, within string
	harmless       any
}

// unsimulated are the settings that make the service behave in a way that the fake does not. A server
// that accepts them keeps and describes them, without acting on them.
var unsimulated = []setting{
	{member: "LambdaConfig"},
	{"VerificationMessageTemplate", "DefaultEmailOption", "CONFIRM_WITH_CODE"},
	{"UserPoolAddOns", "AdvancedSecurityMode", "OFF"},
	{member: "UserPoolAddOns", within: "AdvancedSecurityAdditionalFlows"},
	{"KeyConfiguration", "KeyType", "AWS_OWNED_KEY"},
	{member: "KeyConfiguration", within: "KmsKeyArn"},
	{"IssuerConfiguration", "Type", "ORIGINAL"},
	{"DcrConfiguration", "EnableStatus", "Disabled"},
	{"DcrConfiguration", "OpenDcrEnabled", false},
}

func (s setting) String() string { return strings.TrimSuffix(s.member+"."+s.within, ".") }

// asked tells whether a request has the setting.
func (s setting) asked(members map[string]any) bool {
	value := members[s.member]
	if s.within != "" {
		object, _ := value.(map[string]any)
		value = object[s.within]
	}
	switch value := value.(type) {
	case nil:
		return false
	case map[string]any:
		return len(value) > 0
	default:
		return value != s.harmless
	}
}

// Unsimulated lists what is not simulated of a request that was served, such as "LambdaConfig".
func (m *Machine) Unsimulated(operation string, members map[string]any) []string {
	if !m.accept {
		return nil // it would not have been served
	}
	return asked(operation, members)
}

func asked(operation string, members map[string]any) []string {
	op, known := model.Operation(operation)
	if !known {
		return nil
	}
	var names []string
	for _, s := range unsimulated {
		if s.asked(members) && op.Input.Member(s.member) != nil {
			names = append(names, s.String())
		}
	}
	return names
}

// simulates refuses a request that asks for what is not simulated.
func (m *Machine) simulates(operation string, members map[string]any) error {
	if m.accept {
		return nil
	}
	names := asked(operation, members)
	if len(names) == 0 {
		return nil
	}
	return invalidParameter("cognitotest does not simulate %s; with Options.AcceptUnsimulated, or the flag "+
		"-accept-unsimulated, it keeps and describes such settings without acting on them.", strings.Join(names, ", "))
}
