// Command signin is the Lambda function of POST /signin: user name and password. It needs the right
// to call AdminInitiateAuth on the user pool.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func main() {
	gateway.Run("signin", func(api *mfaweb.API) gateway.Routes {
		return gateway.Routes{"/signin": api.SignIn()}
	})
}
