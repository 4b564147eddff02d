package pool

import (
	"strings"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// No member of a request is ignored silently. It takes effect, or is returned by the operation that
// describes what the request made, or is refused by name. Most members are fields of the struct
// that the operation decodes, or are read to find the user of the call; this file has the others. A
// test walks the model and fails on a member that is none of these (members_test.go).

// withoutEffect are members that the service passes on to something that is not simulated, or
// ignores. They change no response. Server.Calls lists them, with secrets redacted.
var withoutEffect = []string{
	"ClientMetadata", "ValidationData", // to Lambda triggers
	"ContextData", "UserContextData", // to threat protection
	"AnalyticsMetadata",        // to Amazon Pinpoint
	"RevokeAssociatedSessions", // of session tracking, which is off
}

// setting is a member, at the top or one level below, that asks for something that is not
// simulated, unless it has a harmless value.
type setting struct {
	member, within string
	harmless       any
}

// unsimulated are the settings that change the service's behavior but not the fake's. A server that
// accepts them keeps and describes them, without effect.
var unsimulated = []setting{
	{member: "LambdaConfig"},
	{
		member: "VerificationMessageTemplate", within: "DefaultEmailOption",
		harmless: "CONFIRM_WITH_CODE",
	},
	{member: "UserPoolAddOns", within: "AdvancedSecurityMode", harmless: "OFF"},
	{member: "UserPoolAddOns", within: "AdvancedSecurityAdditionalFlows"},
	{member: "KeyConfiguration", within: "KeyType", harmless: "AWS_OWNED_KEY"},
	{member: "KeyConfiguration", within: "KmsKeyArn"},
	{member: "IssuerConfiguration", within: "Type", harmless: "ORIGINAL"},
	{member: "DcrConfiguration", within: "EnableStatus", harmless: "Disabled"},
	{member: "DcrConfiguration", within: "OpenDcrEnabled", harmless: false},
}

func (s setting) String() string { return strings.TrimSuffix(s.member+"."+s.within, ".") }

// requestedBy reports whether a request has the setting.
func (s setting) requestedBy(members map[string]any) bool {
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

// Unsimulated lists the unsimulated settings of a request that was served, such as "LambdaConfig".
func (m *Machine) Unsimulated(operation string, members map[string]any) []string {
	if !m.accept {
		return nil // it would not have been served
	}
	return unsimulatedIn(operation, members)
}

func unsimulatedIn(operation string, members map[string]any) []string {
	op, known := model.Operation(operation)
	if !known {
		return nil
	}
	var names []string
	for _, s := range unsimulated {
		if s.requestedBy(members) && op.Input.Member(s.member) != nil {
			names = append(names, s.String())
		}
	}
	return names
}

// simulates returns an error for a request with unsimulated settings, unless the server accepts
// them.
func (m *Machine) simulates(operation string, members map[string]any) error {
	if m.accept {
		return nil
	}
	names := unsimulatedIn(operation, members)
	if len(names) == 0 {
		return nil
	}
	return invalidParameter(
		"cognitotest does not simulate %s; with Options.AcceptUnsimulated, or the flag "+
			"-accept-unsimulated, it keeps and describes such settings without acting on them.",
		strings.Join(names, ", "))
}
