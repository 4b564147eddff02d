// Command verify is POST /verify written without the library, as the baseline for its cost.
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
	Code        string `json:"mfaCode"`
	AccessToken string `json:"accessToken"`
	Session     string `json:"authParamSession"`
	UserID      string `json:"authParamUserId"`
}

type service struct {
	cognito        *cognitoidentityprovider.Client
	client, secret string
}

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		logger.Error("config", "error", err)
		os.Exit(1)
	}
	s := &service{
		cognito: cognitoidentityprovider.NewFromConfig(cfg),
		client:  os.Getenv("COGNITO_CLIENT_ID"),
		secret:  os.Getenv("COGNITO_CLIENT_SECRET"),
	}

	lambda.Start(func(
		ctx context.Context, event events.APIGatewayV2HTTPRequest,
	) (events.APIGatewayV2HTTPResponse, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		var in request
		err := json.Unmarshal([]byte(event.Body), &in)
		if err != nil || in.Code == "" || (in.AccessToken == "") == (in.Session == "") {
			return answer(http.StatusBadRequest, map[string]string{"error": "bad request"})
		}
		result, err := s.verify(ctx, &in)
		if err != nil {
			var mismatch *types.CodeMismatchException
			var wrong *types.EnableSoftwareTokenMFAException
			var denied *types.NotAuthorizedException
			switch {
			case errors.As(err, &mismatch), errors.As(err, &wrong):
				return answer(http.StatusBadRequest, map[string]string{"error": "wrong code"})
			case errors.As(err, &denied):
				return answer(http.StatusUnauthorized, map[string]string{"error": "sign in again"})
			}
			logger.Error("verify", "request_id", lc.AwsRequestID, "error", err)
			return answer(http.StatusBadGateway, map[string]string{"error": "unavailable"})
		}
		logger.Info("verify", "request_id", lc.AwsRequestID, "outcome", "ok")
		body := map[string]any{"Status": "SUCCESS"}
		if result != nil {
			body["AuthenticationResult"] = result
		}
		return answer(http.StatusOK, body)
	})
}

// verify makes the calls of a set-up, with an access token or during sign-in.
func (s *service) verify(ctx context.Context, in *request) (*types.AuthenticationResultType, error) {
	verification := &cognitoidentityprovider.VerifySoftwareTokenInput{UserCode: aws.String(in.Code)}
	if in.Session == "" {
		verification.AccessToken = aws.String(in.AccessToken)
	} else {
		verification.Session = aws.String(in.Session)
	}
	verified, err := s.cognito.VerifySoftwareToken(ctx, verification)
	if err != nil {
		return nil, err
	}
	if verified.Status != types.VerifySoftwareTokenResponseTypeSuccess {
		return nil, errors.New("not verified")
	}
	accessToken := aws.String(in.AccessToken)
	var result *types.AuthenticationResultType
	if in.Session != "" {
		responses := map[string]string{"USERNAME": in.UserID}
		if s.secret != "" {
			responses["SECRET_HASH"] = secretHash(s.secret, in.UserID+s.client)
		}
		out, err := s.cognito.RespondToAuthChallenge(ctx, &cognitoidentityprovider.RespondToAuthChallengeInput{
			ClientId:           aws.String(s.client),
			ChallengeName:      types.ChallengeNameTypeMfaSetup,
			ChallengeResponses: responses,
			Session:            verified.Session,
		})
		if err != nil {
			return nil, err
		}
		if out.AuthenticationResult == nil {
			return nil, errors.New("another challenge")
		}
		result, accessToken = out.AuthenticationResult, out.AuthenticationResult.AccessToken
	}
	_, err = s.cognito.SetUserMFAPreference(ctx, &cognitoidentityprovider.SetUserMFAPreferenceInput{
		AccessToken:              accessToken,
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	})
	return result, err
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
