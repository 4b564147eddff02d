package model

import "slices"

// Secret reports whether the value of a member has to stay out of a journal of calls. The path
// leads to it: names of members and keys of maps in exactly their case, and anything for a
// position in a list, as in Secret("UserAttributes", Any, "Name"). What the model does not know
// is secret, and so is what has other values inside.
//
// This is stricter than the model's own notion, by which a value is secret that the service does
// not repeat in its errors: of the others, too, only those are shown of which it is known that
// they open nothing.
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

// isShown tells shapes whose values are shown wherever they are: numbers, flags, what comes from
// a fixed set, and the names of things, two of which are secret for the service.
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

// shows tells members and entries that are shown although they are free text, or in something
// secret.
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
