// Command verify is the Lambda function of POST /verify: the first code of an authenticator app,
// which turns MFA on. With an access token it needs no IAM permissions. During sign-in it needs the
// right to call AdminRespondToAuthChallenge on the user pool, unless configured otherwise; see
// gateway.SetupCall.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func main() {
	gateway.Run("verify", func(api *mfaweb.API) gateway.Routes {
		return gateway.Routes{"/verify": api.Verify()}
	}, gateway.SetupCall)
}
