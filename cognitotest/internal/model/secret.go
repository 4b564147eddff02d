package model

import "slices"

// Secret reports whether the value of a member must not appear in a journal of calls. The path has
// names of members and keys of maps, whose case matters, and anything for a position in a list, as
// in Secret("UserAttributes", Any, "Name"). Members that the model does not know are secret, and so
// are values with other values inside.
//
// This is stricter than Shape.Secret, by which the service leaves values out of its errors: a value
// is shown only if it is known to give no access.
func (o *Op) Secret(path ...string) bool {
	s, inSecret := o.Input, false
	for i, name := range path {
		if i == len(path)-1 && s.shows(name) {
			return false
		}
		inSecret = inSecret || s.Secret
		inner, known := s.inside(name)
		if s.Kind == List {
			inner = s.Element
		}
		if !known {
			return true
		}
		s = inner
	}
	return inSecret || !s.isShown()
}

// isShown reports whether values of the shape are always shown: numbers, booleans, enumerations and
// names, two of which are secret to the service.
func (s *Shape) isShown() bool {
	switch s.Kind {
	case Boolean, Integer, Long, Timestamp:
		return true
	case String:
		if len(s.Enum) > 0 {
			return true
		}
	default:
		return false
	}
	switch s.Name {
	case "AttributeNameType", "ClientIdType", "ClientNameType", "DeviceKeyType", "GroupNameType",
		"UserPoolIdType", "UserPoolNameType", "UsernameType":
		return true
	}
	return false
}

// shows reports whether a member or entry is shown although it is free text or inside a secret.
func (s *Shape) shows(name string) bool {
	var names []string
	switch s.Name {
	case "AuthParametersType":
		names = []string{
			"DEVICE_KEY", "MAX_AGE", "PREFERRED_CHALLENGE", "TARGET_ACR_VALUES", "USERNAME",
		}
	case "ChallengeResponsesType":
		names = []string{"DEVICE_KEY", "USERNAME"}
	case "ClientMetadataType":
		return true // the service says itself that it is no place for secrets
	case "ContextDataType":
		names = []string{"IpAddress", "ServerName", "ServerPath"}
	case "HttpHeader":
		names = []string{"headerName"}
	case "UserContextDataType":
		names = []string{"IpAddress"}
	case "VerifySoftwareTokenRequest":
		names = []string{"FriendlyDeviceName"}
	}
	return slices.Contains(names, name)
}
