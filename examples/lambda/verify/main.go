// Command verify is the Lambda function of POST /verify: the first code of an authenticator app, which switches MFA on. It needs no rights: the
// access token, or during sign-in the session, is what authorises its calls.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func main() {
	gateway.Run("/verify", (*mfaweb.API).Verify, gateway.Public)
}
