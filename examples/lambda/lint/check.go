package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/awslabs/goformation/v7/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// check returns the errors of a template. It checks each resource against the schema of its type,
// with all conditions true and then with all false.
func check(template map[string]any) []error {
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.SamSchema))
	if err != nil {
		return []error{err}
	}
	definitions := parsed.(map[string]any)["definitions"].(map[string]any)
	if err := correct(definitions); err != nil {
		return []error{err}
	}

	var errs []error
	section := func(name string) map[string]any {
		value, present := template[name]
		object, ok := value.(map[string]any)
		if present && !ok {
			errs = append(errs, fmt.Errorf("%s is not a mapping", name))
		}
		return object
	}
	resources, parameters := section("Resources"), section("Parameters")
	conditions := section("Conditions")
	if len(resources) == 0 {
		errs = append(errs, errors.New("there are no resources"))
	}
	if template["Transform"] != "AWS::Serverless-2016-10-31" {
		errs = append(errs, errors.New("the transform is not SAM's"))
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	err = compiler.AddResource("sam.json",
		map[string]any{"definitions": used(definitions, resources)})
	if err != nil {
		return []error{err}
	}
	for _, taken := range []bool{true, false} {
		r := &resolver{
			parameters: parameters, resources: resources, conditions: conditions, taken: taken,
		}
		for _, name := range slices.Sorted(maps.Keys(resources)) {
			resource, _ := r.value(name, resources[name]).(map[string]any)
			kind, _ := resource["Type"].(string)
			if definitions[kind] == nil {
				errs = append(errs, fmt.Errorf("%s: unknown resource type %q", name, kind))
				continue
			}
			compiled, err := compiler.Compile("sam.json#/definitions/" + kind)
			if err == nil {
				err = compiled.Validate(resource)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
		r.value("Globals", section("Globals"))
		r.value("Outputs", section("Outputs"))
		errs = append(errs, r.errs...)
	}
	return errs
}

// used returns the definitions of the types in use, and those they refer to, because compiling all
// of them takes long.
func used(definitions, resources map[string]any) map[string]any {
	found := map[string]any{}
	var find func(value any)
	add := func(name string) {
		if found[name] == nil && definitions[name] != nil {
			found[name] = definitions[name]
			find(definitions[name])
		}
	}
	find = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				find(item)
			}
		case map[string]any:
			if reference, ok := value["$ref"].(string); ok {
				add(strings.TrimPrefix(reference, "#/definitions/"))
			}
			for _, member := range value {
				find(member)
			}
		}
	}
	for _, resource := range resources {
		object, _ := resource.(map[string]any)
		kind, _ := object["Type"].(string)
		add(kind)
	}
	return found
}
