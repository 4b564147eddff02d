package gateway

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// parameterTimeout limits the one call at start, for which Lambda allows ten seconds.
const parameterTimeout = 5 * time.Second

// readParameter returns the decrypted value of a parameter, by GetParameter of AWS Systems Manager.
// It does not use the SDK's client because that makes each function an eighth larger.
//
// See https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html.
func readParameter(ctx context.Context, cfg aws.Config, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, parameterTimeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{"Name": name, "WithDecryption": true})
	if err != nil {
		return "", err
	}
	endpoint := parameterEndpoint(cfg)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonSSM.GetParameter")
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(
		ctx, credentials, r, hex.EncodeToString(sum[:]), "ssm", cfg.Region, time.Now())
	if err != nil {
		return "", err
	}
	client := cfg.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Parameter struct{ Value string }
		Type      string `json:"__type"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil {
		return "", fmt.Errorf("status %d and no JSON", resp.StatusCode)
	}
	switch {
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("status %d, %s", resp.StatusCode, cmp.Or(answer.Type, "no type"))
	case answer.Parameter.Value == "":
		return "", errors.New("it is empty")
	}
	return answer.Parameter.Value, nil
}

// parameterEndpoint returns the endpoint of Systems Manager: from the SDK's variables, or else that
// of the region.
func parameterEndpoint(cfg aws.Config) string {
	suffix := "amazonaws.com"
	if strings.HasPrefix(cfg.Region, "cn-") {
		suffix += ".cn"
	}
	return cmp.Or(os.Getenv("AWS_ENDPOINT_URL_SSM"), aws.ToString(cfg.BaseEndpoint),
		"https://ssm."+cfg.Region+"."+suffix)
}
