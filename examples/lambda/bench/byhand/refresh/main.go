// Command refresh is POST /refresh written without the library, as the baseline for its cost.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type request struct {
	RefreshToken string `json:"refreshToken"`
}

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		logger.Error("config", "error", err)
		os.Exit(1)
	}
	cognito := cognitoidentityprovider.NewFromConfig(cfg)
	client, secret := os.Getenv("COGNITO_CLIENT_ID"), os.Getenv("COGNITO_CLIENT_SECRET")

	lambda.Start(func(
		ctx context.Context, event events.APIGatewayV2HTTPRequest,
	) (events.APIGatewayV2HTTPResponse, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		var in request
		if err := json.Unmarshal([]byte(event.Body), &in); err != nil || in.RefreshToken == "" {
			return answer(http.StatusBadRequest, map[string]string{"error": "bad request"})
		}
		input := &cognitoidentityprovider.GetTokensFromRefreshTokenInput{
			ClientId: aws.String(client), RefreshToken: aws.String(in.RefreshToken),
		}
		if secret != "" {
			input.ClientSecret = aws.String(secret)
		}
		out, err := cognito.GetTokensFromRefreshToken(ctx, input)
		if err != nil {
			var denied *types.NotAuthorizedException
			var reused *types.RefreshTokenReuseException
			if errors.As(err, &denied) || errors.As(err, &reused) {
				return answer(http.StatusUnauthorized, map[string]string{"error": "sign in again"})
			}
			logger.Error("refresh", "request_id", lc.AwsRequestID, "error", err)
			return answer(http.StatusBadGateway, map[string]string{"error": "unavailable"})
		}
		logger.Info("refresh", "request_id", lc.AwsRequestID, "outcome", "ok")
		result := out.AuthenticationResult
		if result.RefreshToken == nil {
			result.RefreshToken = aws.String(in.RefreshToken)
		}
		return answer(http.StatusOK, map[string]any{"AuthenticationResult": result})
	})
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
