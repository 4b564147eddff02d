// Command refresh is the Lambda function of POST /refresh: new tokens for a refresh token. It needs
// no IAM permissions, because the refresh token authorizes its call.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

func main() {
	gateway.Run("refresh", func(api *mfaweb.API) gateway.Routes {
		return gateway.Routes{"/refresh": api.Refresh()}
	}, gateway.Public)
}
