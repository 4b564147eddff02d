package pool

import "github.com/cognitomfa/cognitomfa/cognitotest/internal/model"

// UserAddress returns the user's IP address in a request, as threat protection sees it: from
// administrators in ContextData, and from public calls in UserContextData if the app client enables
// that. Both have no other effect. See FIDELITY.md, "Sign-in".
func (m *Machine) UserAddress(operation string, members map[string]any) string {
	op, known := model.Operation(operation)
	if !known {
		return ""
	}
	in := func(member string) string {
		data, _ := members[member].(map[string]any)
		address, _ := data["IpAddress"].(string)
		if op.Input.Member(member) == nil {
			return ""
		}
		return address
	}
	if address := in("ContextData"); address != "" {
		return address
	}
	id, _ := members["ClientId"].(string)
	if c, err := m.clientByID(id); err == nil && c.record.EnablePropagateAdditionalUserContextData {
		return in("UserContextData")
	}
	return ""
}
