package main

import (
	"encoding/json"
	"fmt"
	"maps"
)

// corrections are properties that goformation's schema lacks or defines differently from AWS's
// documentation, because its latest version is older. null removes a property.
//
// The sources are the AWS SAM specification (AWS::Serverless::HttpApi, LambdaAuthorizer,
// LambdaAuthorizationIdentity, AWS::Serverless::Function) and the CloudFormation template reference
// (AWS::Cognito::UserPool, AWS::Cognito::UserPoolClient, AWS::Lambda::Function LoggingConfig).
var corrections = map[string]string{
	"AWS::Serverless::HttpApi": `{
		"AccessLogSetting": null,
		"AccessLogSettings": {"$ref": "#/definitions/AWS::Serverless::HttpApi.AccessLogSetting"},
		"RouteSettings": {
			"type": "object",
			"additionalProperties": {"$ref": "#/definitions/AWS::Serverless::HttpApi.RouteSettings"}
		}
	}`,
	"AWS::Serverless::HttpApi.HttpApiAuth": `{
		"EnableIamAuthorizer": {"type": "boolean"},
		"Authorizers": {"type": "object", "additionalProperties": {
			"type": "object",
			"if": {"required": ["JwtConfiguration"]},
			"else": {
				"additionalProperties": false,
				"required": ["FunctionArn", "AuthorizerPayloadFormatVersion"],
				"properties": {
					"AuthorizerPayloadFormatVersion": {"enum": ["1.0", "2.0"]},
					"EnableFunctionDefaultPermissions": {"type": "boolean"},
					"EnableSimpleResponses": {"type": "boolean"},
					"FunctionArn": {"type": "string"},
					"FunctionInvokeRole": {"type": "string"},
					"Identity": {
						"type": "object",
						"additionalProperties": false,
						"properties": {
							"Context": {"type": "array", "items": {"type": "string"}},
							"Headers": {"type": "array", "items": {"type": "string"}},
							"QueryStrings": {"type": "array", "items": {"type": "string"}},
							"ReauthorizeEvery": {"type": "integer", "minimum": 0, "maximum": 3600},
							"StageVariables": {"type": "array", "items": {"type": "string"}}
						}
					}
				}
			}
		}}
	}`,
	"AWS::Serverless::Function": `{
		"LoggingConfig": {
			"type": "object",
			"additionalProperties": false,
			"properties": {
				"ApplicationLogLevel": {"enum": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]},
				"LogFormat": {"enum": ["Text", "JSON"]},
				"LogGroup": {"type": "string", "minLength": 1, "maxLength": 512},
				"SystemLogLevel": {"enum": ["DEBUG", "INFO", "WARN"]}
			}
		}
	}`,
	"AWS::Cognito::UserPool": `{
		"DeletionProtection": {"enum": ["ACTIVE", "INACTIVE"]},
		"UserPoolTier": {"enum": ["LITE", "ESSENTIALS", "PLUS"]}
	}`,
	"AWS::Cognito::UserPoolClient": `{
		"RefreshTokenRotation": {
			"type": "object",
			"additionalProperties": false,
			"properties": {
				"Feature": {"enum": ["ENABLED", "DISABLED"]},
				"RetryGracePeriodSeconds": {"type": "integer", "minimum": 0, "maximum": 60}
			}
		}
	}`,
}

// correct applies the corrections to the definitions of the schema.
func correct(definitions map[string]any) error {
	for name, text := range corrections {
		var properties map[string]any
		if err := json.Unmarshal([]byte(text), &properties); err != nil {
			return fmt.Errorf("the correction of %s: %w", name, err)
		}
		definition, _ := definitions[name].(map[string]any)
		present, _ := definition["properties"].(map[string]any)
		if inner, ok := present["Properties"].(map[string]any); ok { // of a resource
			present, _ = inner["properties"].(map[string]any)
		}
		if present == nil {
			return fmt.Errorf("the schema has no %s to correct", name)
		}
		maps.Copy(present, properties)
		maps.DeleteFunc(present, func(_ string, property any) bool { return property == nil })
	}
	return nil
}
