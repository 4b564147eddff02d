package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/logging"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// Environment variables that stand in for flags. The example services read the same ones.
const (
	poolVariable   = "COGNITO_USER_POOL_ID"
	clientVariable = "COGNITO_CLIENT_ID"
	secretVariable = "COGNITO_CLIENT_SECRET" //nolint:gosec // Its name, not its value.
)

// target is the user pool a command works on, and how to reach it.
type target struct {
	pool, profile, region, endpoint string
}

func (t *target) register(f *flag.FlagSet) {
	f.StringVar(&t.pool, "user-pool-id", "",
		"the `ID` of the user pool (default: $"+poolVariable+")")
	f.StringVar(&t.profile, "profile", "",
		"the `profile` in the AWS configuration (default: as in the AWS CLI)")
	f.StringVar(&t.region, "region", "",
		"the AWS `region` (default: as in the AWS CLI, or else the one that the pool's\n"+
			"ID begins with)")
	f.StringVar(&t.endpoint, "endpoint", "",
		"the `URL` of another Cognito, such as http://127.0.0.1:9229 for cognitotest.\n"+
			"An http URL must point to this computer, and gets dummy credentials unless\n"+
			"-profile is given")
}

// connect returns a client for the user pool's Region. If signed is set, it also checks that AWS
// credentials can be found.
func (t *target) connect(ctx context.Context, signed bool) (*cip.Client, error) {
	t.pool = cmp.Or(t.pool, os.Getenv(poolVariable))
	region := regionOf(t.pool)
	switch {
	case t.pool == "":
		return nil, usagef("-user-pool-id is missing; %s can be set instead", poolVariable)
	case region == "" || strings.ContainsFunc(t.pool, notInID):
		return nil, usagef("-user-pool-id: %s is not a user pool ID, such as eu-west-1_AbCdEfGhI",
			shown(t.pool))
	}
	local, err := checkEndpoint(t.endpoint)
	if err != nil {
		return nil, fmt.Errorf("-endpoint: %w", err)
	}
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if t.profile != "" {
		options = append(options, config.WithSharedConfigProfile(t.profile))
	}
	if t.region != "" {
		options = append(options, config.WithRegion(t.region))
	}
	if local && t.profile == "" {
		dummy := credentials.NewStaticCredentialsProvider("AKIDCOGNITOMFA", "dummy", "")
		options = append(options, config.WithCredentialsProvider(dummy))
	}
	if !signed {
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("the AWS configuration cannot be read: %w", err)
	}
	cfg.Region = cmp.Or(cfg.Region, region)
	t.region = cfg.Region
	client := cip.NewFromConfig(cfg, func(o *cip.Options) {
		if t.endpoint != "" {
			o.BaseEndpoint = &t.endpoint
		}
		o.HTTPClient = loopback.Client{Next: o.HTTPClient}
	})
	if _, err := checkEndpoint(aws.ToString(client.Options().BaseEndpoint)); err != nil {
		return nil, fmt.Errorf("the endpoint in the AWS configuration: %w", err)
	}
	if !signed {
		return client, nil
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, errStopped
		}
		return nil, fmt.Errorf("no AWS credentials found (pass -profile, set AWS_PROFILE or "+
			"sign in with the AWS CLI): %s", shown(err.Error()))
	}
	return client, nil
}

// regionOf returns the Region that a user pool ID begins with, "" if it is not a user pool ID.
func regionOf(pool string) string {
	region, name, _ := strings.Cut(pool, "_")
	if name == "" {
		return ""
	}
	return region
}

// notInID reports whether a user pool ID cannot contain the character.
func notInID(r rune) bool {
	return (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) &&
		r != '-' && r != '_'
}

// checkEndpoint reports whether an endpoint uses http. That is allowed on this computer only, since
// the requests contain passwords and tokens.
func checkEndpoint(endpoint string) (local bool, err error) {
	if endpoint == "" {
		return false, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" {
		return false, usagef("%s is not a URL, such as http://127.0.0.1:9229", shown(endpoint))
	}
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return false, usageError("the URL must not have a user name, a query or a fragment")
	case u.Scheme == "https":
		return false, nil
	case u.Scheme == "http" && loopback.IsHost(u.Host):
		return true, nil
	case u.Scheme == "http":
		return false, usageError(
			"http sends passwords in plain text: use https, or an address of this computer")
	}
	return false, usageError("the URL must begin with https or http")
}

// operator returns a library client for administrative calls, which need no app client, and the SDK
// client it uses.
func (t *target) operator(ctx context.Context) (*cognitomfa.Client, *cip.Client, error) {
	api, err := t.connect(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	mfa, err := cognitomfa.New(api, cognitomfa.Config{
		UserPoolID: t.pool,
		ClientID:   "none", // These calls do not use it.
		Issuer:     "none",
	})
	return mfa, api, err
}

// appClient is the app client a command works with, and where its secret is.
type appClient struct {
	id         string
	secretFile string
}

func (a *appClient) register(f *flag.FlagSet) {
	f.StringVar(&a.id, "client-id", "",
		"the `ID` of the app client (default: $"+clientVariable+", or else the pool's only\n"+
			"app client)")
	f.StringVar(&a.secretFile, "client-secret-file", "",
		"the `file` with the app client's secret (default: the secret is in\n"+
			"$"+secretVariable+"). No flag takes the secret itself, because every\n"+
			"user of a computer can see the arguments of programs")
}

// secret returns the secret that was given, "" if none was.
func (a *appClient) secret() (string, error) {
	if a.secretFile == "" {
		return os.Getenv(secretVariable), nil
	}
	text, err := os.ReadFile(a.secretFile)
	switch {
	case err != nil:
		return "", usagef("-client-secret-file: %v", err)
	case len(text) > maxLine:
		return "", usageError("-client-secret-file: the file is too large to hold a secret")
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", usageError("-client-secret-file: the file is empty")
	}
	return secret, nil
}

// choose sets the app client: the given one, or, if mayList is set, the pool's only one.
func (a *appClient) choose(ctx context.Context, api *cip.Client, pool string, mayList bool) error {
	if a.id = cmp.Or(a.id, os.Getenv(clientVariable)); a.id != "" {
		return nil
	}
	missing := fmt.Sprintf("-client-id is missing; %s can be set instead", clientVariable)
	if !mayList {
		return usageError(missing)
	}
	out, err := api.ListUserPoolClients(ctx, &cip.ListUserPoolClientsInput{
		UserPoolId: &pool, MaxResults: aws.Int32(60),
	})
	var refused *unreadError
	switch err = unread(ctx, "the list of app clients", err); {
	case errors.As(err, &refused) && refused.Right != "":
		return usageError(missing)
	case err != nil:
		return err
	case len(out.UserPoolClients) == 1 && out.NextToken == nil:
		a.id = aws.ToString(out.UserPoolClients[0].ClientId)
		return nil
	case len(out.UserPoolClients) == 0:
		return usageError("the user pool has no app clients; create one first")
	}
	names := make([]string, len(out.UserPoolClients))
	for i, client := range out.UserPoolClients {
		id, name := aws.ToString(client.ClientId), aws.ToString(client.ClientName)
		names[i] = fmt.Sprintf("%s (%s)", shown(id), shown(name))
	}
	return usagef("%s; the pool's app clients are %s", missing, strings.Join(names, ", "))
}
