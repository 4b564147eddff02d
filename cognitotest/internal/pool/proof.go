package pool

// proof is what the user of a sign-in has shown so far, or of one that an access token tells of.
type proof uint8

const (
	provedPassword proof = 1 << iota // SRP, too
	provedTOTP
	provedSMS
	provedEmail
)

// provedBy is what the code of a method or of a first factor shows.
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

// code tells whether there was a code.
func (p proof) code() bool { return p&^provedPassword != 0 }
