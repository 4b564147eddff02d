// Command authorizer is an authorizer for an HTTP API written without the library, as the baseline
// for its cost. It fetches the keys once, at start.
package main

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/golang-jwt/jwt/v5"
)

type claims struct {
	jwt.RegisteredClaims
	TokenUse string   `json:"token_use"`
	ClientID string   `json:"client_id"`
	Username string   `json:"username"`
	Scope    string   `json:"scope"`
	Groups   []string `json:"cognito:groups"`
}

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	pool, client := os.Getenv("COGNITO_USER_POOL_ID"), os.Getenv("COGNITO_CLIENT_ID")
	region, _, _ := strings.Cut(pool, "_")
	issuer := "https://cognito-idp." + region + ".amazonaws.com/" + pool
	address := issuer
	if endpoint := os.Getenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"); endpoint != "" {
		address = endpoint + "/" + pool
	}
	keys, err := fetchKeys(context.Background(), address+"/.well-known/jwks.json")
	if err != nil {
		logger.Error("keys", "error", err)
		os.Exit(1)
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired())

	lambda.Start(func(
		ctx context.Context, event events.APIGatewayV2CustomAuthorizerV2Request,
	) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		raw, _ := strings.CutPrefix(event.Headers["authorization"], "Bearer ")
		var c claims
		_, err := parser.ParseWithClaims(raw, &c, func(t *jwt.Token) (any, error) {
			kid, _ := t.Header["kid"].(string)
			if key := keys[kid]; key != nil {
				return key, nil
			}
			return nil, errors.New("unknown key")
		})
		if err == nil && (c.TokenUse != "access" || c.ClientID != client) {
			err = errors.New("not an access token of this app client")
		}
		if err != nil {
			logger.Info("authorize", "request_id", lc.AwsRequestID, "outcome", "refused")
			//nolint:nilerr // A token that is not good is no failure of the function.
			return events.APIGatewayV2CustomAuthorizerSimpleResponse{}, nil
		}
		logger.Info("authorize", "request_id", lc.AwsRequestID, "outcome", "ok")
		return events.APIGatewayV2CustomAuthorizerSimpleResponse{
			IsAuthorized: true,
			Context: map[string]any{
				"sub": c.Subject, "username": c.Username, "scope": c.Scope,
				"groups": strings.Join(c.Groups, " "),
			},
		}, nil
	})
}

// fetchKeys fetches a JSON Web Key Set.
func fetchKeys(ctx context.Context, address string) (map[string]*rsa.PublicKey, error) {
	//nolint:gosec // The address is the operator's.
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, err
	}
	keys := make(map[string]*rsa.PublicKey, len(set.Keys))
	for _, key := range set.Keys {
		n, err := base64.RawURLEncoding.DecodeString(key.N)
		if err != nil {
			return nil, err
		}
		e, err := base64.RawURLEncoding.DecodeString(key.E)
		if err != nil {
			return nil, err
		}
		keys[key.Kid] = &rsa.PublicKey{
			N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64()),
		}
	}
	return keys, nil
}
