package main

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/cognitomfa/cognitomfa/token"
)

// event is an event for an authorizer, in one of three forms:
//
//   - a REST API with an authorizer of type TOKEN sends the header and the ARN of the method;
//   - a REST API with type REQUEST, and an HTTP API with payload format 1.0, send all headers and
//     the ARN of the method. These two expect an IAM policy;
//   - an HTTP API with payload format 2.0 sends all headers. It expects a simple response, which
//     must be enabled (EnableSimpleResponses).
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

	// Set by parseEvent.
	simple   bool   // it expects a simple response
	resource string // of the policy
}

// errEvent is for events from elsewhere. It does not quote them.
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

// stageOf returns the resource that stands for the whole stage of a method. API Gateway caches the
// policy for the token, so a policy for a single method would refuse the next one. The decision
// only depends on the token and is the same for the whole stage.
//
// The ARN of a method is arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH. That of a
// WebSocket route has the route key in place of method and path.
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

// credentials returns the Authorization header, or "" if there is none or more than one.
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

// simpleResponse is the response to format 2.0.
type simpleResponse struct {
	IsAuthorized bool              `json:"isAuthorized"`
	Context      map[string]string `json:"context,omitempty"`
}

// policyResponse is the response to the other formats.
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

// allow lets the request through, and tells the API who made it:
//
//	sub        the user's UUID in the pool, or the app client's id in a client credentials grant
//	username   the user name; empty in a client credentials grant
//	scope      the scopes
//	groups     the groups
//	acr        the level that the sign-in reached; empty if it did not ask for one
//	auth_time  when the user signed in, in seconds since 1970; empty if the token does not say
//
// All of them are always present, as strings, because REST APIs take no lists. Scopes and groups
// are separated by spaces, which they cannot contain.
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

// deny refuses the request.
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
