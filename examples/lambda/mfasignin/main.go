// Command mfasignin is the Lambda function for the challenges of a sign-in: POST /mfasignin takes a
// code, POST /newpassword a new password in place of a temporary one, and POST /selectmfa the
// choice of a method. It needs the right to call AdminRespondToAuthChallenge on the user pool.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func main() {
	gateway.Run("mfasignin", func(api *mfaweb.API) gateway.Routes {
		return gateway.Routes{
			"/mfasignin":   api.MFASignIn(),
			"/newpassword": api.NewPassword(),
			"/selectmfa":   api.SelectMFA(),
		}
	})
}
