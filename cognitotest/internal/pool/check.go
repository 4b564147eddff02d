package pool

import (
	"encoding/json"
	"maps"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// accept checks a request against the model. It returns the request without members that the model
// does not know, if only by their case: the service ignores them.
func accept(op *model.Op, members map[string]any, body []byte) (map[string]any, []byte, error) {
	return acceptUnless(op, members, body, func(string) bool { return false })
}

// acceptUnless is accept for a request that may answer a scripted challenge, whose name need not be
// in the model.
func acceptUnless(
	op *model.Op, members map[string]any, body []byte, scripted func(challenge string) bool,
) (map[string]any, []byte, error) {
	known, changed := op.Prune(members)
	if changed {
		var err error
		if body, err = json.Marshal(known); err != nil {
			return nil, nil, err // cannot happen: it was decoded before
		}
	}
	if message, ok := op.Type(known); !ok {
		return nil, nil, &Error{badSerialization, message}
	}
	checked := known
	if name, _ := known["ChallengeName"].(string); name != "" && scripted(name) {
		checked = maps.Clone(known)
		checked["ChallengeName"] = challengeByDefault
	}
	if violations := op.Check(checked); len(violations) > 0 {
		return nil, nil, invalidParameter("%s", model.Violations(violations))
	}
	return known, body, nil
}

// checkPerson checks the description of a user against the model's rules for SignUp. It is for
// users, passwords and attributes that do not come with a SignUp.
func checkPerson(username, password string, passwordless bool, given attributes) error {
	members := map[string]any{
		"ClientId": "any", "Username": username, "UserAttributes": given.members(),
	}
	if password != "" || !passwordless {
		members["Password"] = password
	}
	op, _ := model.Operation("SignUp")
	if violations := op.Check(members); len(violations) > 0 {
		return invalidParameter("%s", model.Violations(violations))
	}
	return nil
}
