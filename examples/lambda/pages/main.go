// Command pages is the Lambda function of everything else at the address of the API: the pages of the web demo, and what only they ask for, /enable,
// /whoami and /signout. It needs no rights. A front end of one's own takes its place.
package main

import (
	"os"
	"strings"

	"github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb/pages"
	"github.com/cognitomfa/cognitomfa/token"
)

func main() {
	gateway.Run("/", (*mfaweb.API).Handler, gateway.Public, withPages)
}

// withPages adds the pages and the verifier of the tokens that /whoami gets.
func withPages(s *gateway.Settings) error {
	s.Pages = pages.New()
	cfg := token.Config{UserPoolID: s.UserPoolID, ClientIDs: []string{s.ClientID}}
	if endpoint := os.Getenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"); endpoint != "" {
		cfg.JWKSURL = strings.TrimSuffix(endpoint, "/") + "/" + s.UserPoolID + "/.well-known/jwks.json"
	}
	var err error
	s.Verifier, err = token.NewVerifier(cfg)
	return err
}
