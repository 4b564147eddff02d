package main

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// plain converts YAML to JSON values, and the short forms of CloudFormation's functions, such as
// !Ref, to the long ones.
func plain(node *yaml.Node) (any, error) {
	value, err := untagged(node)
	if err != nil || !strings.HasPrefix(node.Tag, "!") || strings.HasPrefix(node.Tag, "!!") {
		return value, err
	}
	name := strings.TrimPrefix(node.Tag, "!")
	switch name {
	case "Ref", "Condition":
		return map[string]any{name: value}, nil
	case "GetAtt":
		if text, ok := value.(string); ok {
			resource, attribute, _ := strings.Cut(text, ".")
			value = []any{resource, attribute}
		}
	}
	return map[string]any{"Fn::" + name: value}, nil
}

func untagged(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.MappingNode:
		object := make(map[string]any, len(node.Content)/2)
		for i := 0; i < len(node.Content); i += 2 {
			name := node.Content[i].Value
			if _, twice := object[name]; twice {
				return nil, fmt.Errorf("line %d: duplicate key %s", node.Content[i].Line, name)
			}
			value, err := plain(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			object[name] = value
		}
		return object, nil
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case yaml.ScalarNode:
		own := strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!")
		if own || node.Tag == "!!timestamp" {
			return node.Value, nil
		}
		var value any
		err := node.Decode(&value)
		return value, err
	}
	return nil, fmt.Errorf("line %d: CloudFormation does not support aliases", node.Line)
}

// resolver replaces each function by a value of the type that it has once deployed.
type resolver struct {
	parameters, resources, conditions map[string]any
	taken                             bool // the value of all conditions
	errs                              []error
}

// leftOut stands for AWS::NoValue.
type leftOut struct{}

func (r *resolver) fail(format string, args ...any) string {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
	return ""
}

func (r *resolver) value(where string, value any) any {
	switch value := value.(type) {
	case []any:
		list := []any{}
		for i, item := range value {
			if item = r.value(fmt.Sprintf("%s.%d", where, i), item); item != (leftOut{}) {
				list = append(list, item)
			}
		}
		return list
	case map[string]any:
		if len(value) == 1 {
			for name, argument := range value {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return r.function(where, name, argument)
				}
			}
		}
		object := make(map[string]any, len(value))
		for name, member := range value {
			if member = r.value(where+"."+name, member); member != (leftOut{}) {
				object[name] = member
			}
		}
		return object
	}
	return value
}

func (r *resolver) function(where, name string, argument any) any {
	arguments, _ := argument.([]any)
	text, _ := argument.(string)
	switch {
	case name == "Ref":
		return r.ref(where, text)
	case name == "Fn::GetAtt" && len(arguments) == 2:
		resource, _ := arguments[0].(string)
		if r.resources[resource] == nil {
			r.fail("%s: there is no resource %s", where, resource)
		}
		return "attribute"
	case name == "Fn::Sub" && text != "":
		return references.ReplaceAllStringFunc(text, func(reference string) string {
			target, _, attribute := strings.Cut(strings.Trim(reference, "${}"), ".")
			if attribute && r.resources[target] == nil {
				return r.fail("%s: there is no resource %s", where, target)
			} else if !attribute {
				r.ref(where, target)
			}
			return target
		})
	case name == "Fn::If" && len(arguments) == 3:
		condition, _ := arguments[0].(string)
		if r.conditions[condition] == nil {
			r.fail("%s: there is no condition %s", where, condition)
		}
		if r.taken {
			return r.value(where, arguments[1])
		}
		return r.value(where, arguments[2])
	}
	return r.fail("%s: %s is not written as this check knows it", where, name)
}

// references matches what Fn::Sub replaces.
var references = regexp.MustCompile(`\$\{[^!}][^}]*\}`)

func (r *resolver) ref(where, target string) any {
	if target == "AWS::NoValue" {
		return leftOut{}
	}
	if parameter, ok := r.parameters[target].(map[string]any); ok {
		if value, ok := parameter["Default"]; ok {
			return value
		}
		if parameter["Type"] == "Number" {
			return 1
		}
		return "parameter"
	}
	if r.resources[target] == nil && !strings.HasPrefix(target, "AWS::") {
		r.fail("%s: there is neither a resource nor a parameter %s", where, target)
	}
	return "resource"
}
