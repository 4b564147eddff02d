// Command mfasignin is the Lambda function of POST /mfasignin: the code that a sign-in asks for. It may call AdminRespondToAuthChallenge on the
// user pool.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func main() {
	gateway.Run("/mfasignin", (*mfaweb.API).MFASignIn)
}
