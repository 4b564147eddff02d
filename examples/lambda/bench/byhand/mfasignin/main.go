// Command mfasignin is POST /mfasignin written without the library, as the baseline for its cost.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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
	Code    string `json:"mfaCode"`
	Session string `json:"authParamSession"`
	UserID  string `json:"authParamUserId"`
}

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		logger.Error("config", "error", err)
		os.Exit(1)
	}
	cognito := cognitoidentityprovider.NewFromConfig(cfg)
	pool, client := os.Getenv("COGNITO_USER_POOL_ID"), os.Getenv("COGNITO_CLIENT_ID")
	secret := os.Getenv("COGNITO_CLIENT_SECRET")

	lambda.Start(func(
		ctx context.Context, event events.APIGatewayV2HTTPRequest,
	) (events.APIGatewayV2HTTPResponse, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		var in request
		err := json.Unmarshal([]byte(event.Body), &in)
		if err != nil || in.Code == "" || in.Session == "" || in.UserID == "" {
			return answer(http.StatusBadRequest, map[string]string{"error": "bad request"})
		}
		responses := map[string]string{"USERNAME": in.UserID, "SOFTWARE_TOKEN_MFA_CODE": in.Code}
		if secret != "" {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(in.UserID + client))
			responses["SECRET_HASH"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}
		out, err := cognito.AdminRespondToAuthChallenge(ctx, &cognitoidentityprovider.AdminRespondToAuthChallengeInput{
			UserPoolId:         aws.String(pool),
			ClientId:           aws.String(client),
			ChallengeName:      types.ChallengeNameTypeSoftwareTokenMfa,
			ChallengeResponses: responses,
			Session:            aws.String(in.Session),
		})
		if err != nil {
			var mismatch *types.CodeMismatchException
			var used *types.ExpiredCodeException
			var denied *types.NotAuthorizedException
			switch {
			case errors.As(err, &mismatch), errors.As(err, &used):
				return answer(http.StatusBadRequest, map[string]string{"error": "wrong code"})
			case errors.As(err, &denied):
				return answer(http.StatusUnauthorized, map[string]string{"error": "sign in again"})
			}
			logger.Error("answer the challenge", "request_id", lc.AwsRequestID, "error", err)
			return answer(http.StatusBadGateway, map[string]string{"error": "unavailable"})
		}
		logger.Info("answer the challenge", "request_id", lc.AwsRequestID, "outcome", "ok")
		return answer(http.StatusOK, map[string]any{"AuthenticationResult": out.AuthenticationResult})
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
