package pool

// proof is the set of factors that the user of a sign-in has proved so far.
type proof uint8

const (
	provedPassword proof = 1 << iota // SRP, too
	provedTOTP
	provedSMS
	provedEmail
)

// provedBy returns what the code of a method or of a first factor proves.
func provedBy(method string) proof {
	switch method {
	case methodTOTP:
		return provedTOTP
	case methodSMS, factorSMS:
		return provedSMS
	default:
		return provedEmail
	}
}

// hasCode reports whether there was a code.
func (p proof) hasCode() bool { return p&^provedPassword != 0 }
