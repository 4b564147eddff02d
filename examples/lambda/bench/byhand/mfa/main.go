// Command mfa is POST /mfa written without the library, as the baseline for its cost.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/skip2/go-qrcode"
)

type request struct {
	AccessToken string
}

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		logger.Error("config", "error", err)
		os.Exit(1)
	}
	cognito := cognitoidentityprovider.NewFromConfig(cfg)
	issuer := os.Getenv("MFA_ISSUER")

	lambda.Start(func(
		ctx context.Context, event events.APIGatewayV2HTTPRequest,
	) (events.APIGatewayV2HTTPResponse, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		var in request
		if err := json.Unmarshal([]byte(event.Body), &in); err != nil || in.AccessToken == "" {
			return answer(http.StatusBadRequest, map[string]string{"error": "bad request"})
		}
		out, err := cognito.AssociateSoftwareToken(ctx,
			&cognitoidentityprovider.AssociateSoftwareTokenInput{AccessToken: aws.String(in.AccessToken)})
		if err != nil {
			var denied *types.NotAuthorizedException
			if errors.As(err, &denied) {
				return answer(http.StatusUnauthorized, map[string]string{"error": "sign in again"})
			}
			logger.Error("associate", "request_id", lc.AwsRequestID, "error", err)
			return answer(http.StatusBadGateway, map[string]string{"error": "unavailable"})
		}
		uri := "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(username(in.AccessToken)) +
			"?secret=" + *out.SecretCode + "&issuer=" + url.PathEscape(issuer)
		picture, err := qrcode.Encode(uri, qrcode.Medium, 256)
		if err != nil {
			return answer(http.StatusInternalServerError, map[string]string{"error": "no QR code"})
		}
		logger.Info("associate", "request_id", lc.AwsRequestID, "outcome", "ok")
		return answer(http.StatusOK, map[string]string{
			"qrcode": base64.StdEncoding.EncodeToString(picture),
			"secret": *out.SecretCode,
			"uri":    uri,
		})
	})
}

// username reads the user name from a token that Cognito has just accepted.
func username(accessToken string) string {
	var claims struct{ Username string }
	if parts := strings.Split(accessToken, "."); len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(text, &claims)
		}
	}
	return claims.Username
}

func answer(status int, body any) (events.APIGatewayV2HTTPResponse, error) {
	text, err := json.Marshal(body)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers: map[string]string{
			"Content-Type": "application/json", "Cache-Control": "no-store",
		},
		Body: string(text),
	}, err
}
