package main

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/cognitomfa/cognitomfa/token"
)

// event is what API Gateway asks an authorizer, in one of three forms:
//
//   - a REST API with an authorizer of the type TOKEN sends the header and the ARN of the method;
//   - a REST API with the type REQUEST, and an HTTP API with payload format 1.0, send all headers
//     and the ARN of the method. These two kinds are answered with an IAM policy;
//   - an HTTP API with payload format 2.0 sends all headers. It is answered with a simple response,
//     which must be enabled (EnableSimpleResponses).
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
// and
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html.
type event struct {
	Version            string              `json:"version"`
	Type               string              `json:"type"`
	AuthorizationToken string              `json:"authorizationToken"` // of the type TOKEN
	MethodARN          string              `json:"methodArn"`          // of all but format 2.0
	Headers            map[string]string   `json:"headers"`
	MultiValueHeaders  map[string][]string `json:"multiValueHeaders"`

	// What parseEvent finds out.
	simple   bool   // it wants a simple response
	resource string // that the policy is about
}

// errEvent is for what comes from elsewhere. It says nothing about the contents.
var errEvent = errors.New("the event is not from an authorizer of API Gateway")

// parseEvent reads an event.
func parseEvent(payload []byte) (*event, error) {
	e := &event{}
	if err := json.Unmarshal(payload, e); err != nil || e.Type != "TOKEN" && e.Type != "REQUEST" {
		return nil, errEvent
	}
	if e.Version == "2.0" {
		e.simple = true
		return e, nil
	}
	var ok bool
	if e.resource, ok = stageOf(e.MethodARN); !ok {
		return nil, errEvent
	}
	return e, nil
}

// stageOf returns the resource that stands for everything in the API's stage to which a method
// belongs. The answer is the same for all of it, since it depends on the token alone, and API
// Gateway remembers it for the token: a policy about the one method would refuse the next.
//
// The ARN of a method is arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH, and that
// of a WebSocket route ends with its key instead of method and path.
func stageOf(methodARN string) (resource string, ok bool) {
	arn := strings.SplitN(methodARN, ":", 6)
	if len(arn) != 6 || arn[0] != "arn" || arn[2] != "execute-api" {
		return "", false
	}
	path := strings.SplitN(arn[5], "/", 3)
	if len(path) != 3 || path[0] == "" || path[1] == "" ||
		strings.ContainsAny(path[0]+path[1], "*?") {
		return "", false
	}
	arn[5] = path[0] + "/" + path[1] + "/*"
	return strings.Join(arn, ":"), true
}

// credentials returns the one Authorization header, and "" if there is none or more than one.
func (e *event) credentials() string {
	if e.Type == "TOKEN" {
		return e.AuthorizationToken
	}
	var found []string
	for name, value := range e.Headers {
		if e.MultiValueHeaders == nil && strings.EqualFold(name, "Authorization") {
			found = append(found, value)
		}
	}
	for name, values := range e.MultiValueHeaders {
		if strings.EqualFold(name, "Authorization") {
			found = append(found, values...)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// simpleResponse is the answer to format 2.0.
type simpleResponse struct {
	IsAuthorized bool              `json:"isAuthorized"`
	Context      map[string]string `json:"context,omitempty"`
}

// policyResponse is the answer to the others.
type policyResponse struct {
	PrincipalID    string            `json:"principalId"`
	PolicyDocument policy            `json:"policyDocument"`
	Context        map[string]string `json:"context,omitempty"`
}

type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Action, Effect, Resource string
}

// allow lets the request through, and tells what is behind the API who makes it:
//
//	sub        the user's UUID in the pool, or the app client's id in a client credentials grant
//	username   the user name; empty in a client credentials grant
//	scope      the scopes
//	groups     the groups
//	acr        the level that the sign-in reached; empty if it did not ask for one
//	auth_time  when the user signed in, in seconds since 1970; empty if the token does not say
//
// All of them are there, and strings: REST APIs take no lists. Neither scopes nor groups can hold a
// space, so that is what separates them.
func (e *event) allow(claims *token.AccessClaims) any {
	authTime := ""
	if !claims.AuthTime.IsZero() {
		authTime = strconv.FormatInt(claims.AuthTime.Unix(), 10)
	}
	context := map[string]string{
		"sub":       claims.Subject,
		"username":  claims.Username,
		"scope":     strings.Join(claims.Scopes, " "),
		"groups":    strings.Join(claims.Groups, " "),
		"acr":       claims.ACR,
		"auth_time": authTime,
	}
	if e.simple {
		return simpleResponse{IsAuthorized: true, Context: context}
	}
	return e.policy("Allow", claims.Subject, context)
}

// deny does not.
func (e *event) deny() any {
	if e.simple {
		return simpleResponse{}
	}
	return e.policy("Deny", "nobody", nil)
}

func (e *event) policy(effect, principal string, context map[string]string) policyResponse {
	return policyResponse{
		PrincipalID: principal,
		PolicyDocument: policy{Version: "2012-10-17", Statement: []statement{
			{Action: "execute-api:Invoke", Effect: effect, Resource: e.resource},
		}},
		Context: context,
	}
}
