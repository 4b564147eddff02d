// Command mfa is the Lambda function of POST /mfa: a QR code for an authenticator app. It needs no
// IAM permissions, because the access token, or the session during sign-in, authorizes its call.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func main() {
	gateway.Run("mfa", func(api *mfaweb.API) gateway.Routes {
		return gateway.Routes{"/mfa": api.MFA()}
	}, gateway.Public)
}
