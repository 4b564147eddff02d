// Command pages is the Lambda function for all other paths of the API: the pages of the web demo,
// and the paths that only they use. It needs no IAM permissions. Replace it by your own front end.
package main

import (
	"github.com/cognitomfa/cognitomfa/examples/lambda/environment"
	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb/pages"
	"github.com/cognitomfa/cognitomfa/token"
)

func main() {
	gateway.Run("pages", func(api *mfaweb.API) gateway.Routes {
		return gateway.Routes{"/": api.Handler()}
	}, gateway.Public, withPages)
}

// withPages adds the pages, and the verifier for /whoami.
func withPages(s *gateway.Settings) error {
	cfg, err := environment.TokenConfig()
	if err != nil {
		return err
	}
	s.Pages = pages.New()
	s.Verifier, err = token.NewVerifier(cfg)
	return err
}
