// Command pages is the Lambda function of everything else at the address of the API: the pages of
// the web demo, and what only they ask for. It needs no rights. A front end of your own takes its
// place.
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

// withPages adds the pages and the verifier of the tokens that /whoami gets.
func withPages(s *gateway.Settings) error {
	cfg, err := environment.TokenConfig()
	if err != nil {
		return err
	}
	s.Pages = pages.New()
	s.Verifier, err = token.NewVerifier(cfg)
	return err
}
