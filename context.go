package cognitomfa

import (
	"cmp"
	"net/http"
	"net/netip"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// UserContext describes the request with which the user signs in, for the pool's threat protection
// (adaptive authentication). Without it every sign-in seems to come from the server's own address.
//
// In an administrator's sign-in, which is the default, it becomes ContextData: IPAddress,
// ServerName, ServerPath and Header are required, and EncodedData is optional. With Config.Public
// it becomes UserContextData, which takes IPAddress and EncodedData only; at least one is required.
// Cognito uses the address there only if the app client, which then has a secret, sets
// EnablePropagateAdditionalUserContextData. What is missing or malformed is [ErrConfig] without a
// call.
//
// See "Adding user device and session data to API requests" in Cognito's developer guide.
type UserContext struct {
	// IPAddress is the address of the user's device, IPv4 or IPv6, without a port.
	IPAddress string
	// ServerName is the host name of the service that the user signs in to.
	ServerName string
	// ServerPath is the path of the request in that service.
	ServerPath string
	// Header holds the fields of the request's header to send to Cognito, which must not be secret.
	// It may be empty, but not nil, so that it is not forgotten.
	Header http.Header
	// EncodedData is what Amazon Cognito's library for browsers and phones collected on the user's
	// device.
	EncodedData string
}

// ContextFromRequest describes the request with which a user signs in. trustedAddress is the user's
// address: the host of r.RemoteAddr or, behind a proxy of your own, what that proxy says. Only your
// service knows which, since a header such as X-Forwarded-For holds whatever the client sent.
//
// Of the header it takes only what browsers say about themselves (User-Agent, Accept, Sec-Ch-Ua),
// in values of up to 4,096 bytes: cookies, credentials, and the tokens that proxies add under names
// of their own stay here. Set EncodedData where the page collects it.
func ContextFromRequest(r *http.Request, trustedAddress string) *UserContext {
	const longest = 4096
	header := http.Header{}
	for name, values := range r.Header {
		for _, value := range values {
			if describesClient(name) && len(value) <= longest {
				header.Add(name, value)
			}
		}
	}
	path := "/"
	if r.URL != nil && r.URL.Path != "" {
		path = r.URL.Path
	}
	return &UserContext{
		IPAddress:  trustedAddress,
		ServerName: cmp.Or(r.Host, "unknown"), // HTTP/1.0 has no host.
		ServerPath: path,
		Header:     header,
	}
}

// describesClient reports whether a header field tells about the browser and can hold no secret.
func describesClient(name string) bool {
	switch name {
	case "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Dnt", "User-Agent":
		return true
	}
	return strings.HasPrefix(name, "Sec-Ch-")
}

// lacks says what is missing for the calls of a public or an administrator's sign-in; "" if nothing
// is.
func (u *UserContext) lacks(public bool) string {
	if u == nil {
		return ""
	}
	if u.IPAddress != "" {
		if _, err := netip.ParseAddr(u.IPAddress); err != nil {
			return "UserContext.IPAddress is not an IP address; it takes no port"
		}
	}
	if public {
		if u.IPAddress == "" && u.EncodedData == "" {
			return "UserContext needs EncodedData or IPAddress with Config.Public"
		}
		return ""
	}
	if u.IPAddress == "" || u.ServerName == "" || u.ServerPath == "" || u.Header == nil {
		return "UserContext needs IPAddress, ServerName, ServerPath and Header " +
			"except with Config.Public"
	}
	return ""
}

// admin is the context as the administrator's calls take it; nil for none.
func (u *UserContext) admin() *types.ContextDataType {
	if u == nil {
		return nil
	}
	data := &types.ContextDataType{
		IpAddress:   &u.IPAddress,
		ServerName:  &u.ServerName,
		ServerPath:  &u.ServerPath,
		EncodedData: optional(u.EncodedData),
		HttpHeaders: []types.HttpHeader{},
	}
	for name, values := range u.Header {
		for _, value := range values {
			data.HttpHeaders = append(data.HttpHeaders, types.HttpHeader{
				HeaderName: aws.String(name), HeaderValue: aws.String(value),
			})
		}
	}
	return data
}

// public is the context as the calls without IAM take it; nil for none.
func (u *UserContext) public() *types.UserContextDataType {
	if u == nil {
		return nil
	}
	return &types.UserContextDataType{
		IpAddress: optional(u.IPAddress), EncodedData: optional(u.EncodedData),
	}
}
