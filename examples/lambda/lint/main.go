// Command lint checks a SAM template against the CloudFormation and SAM schema that AWS Labs
// publish with goformation, with corrections, and checks that all references resolve. With -json it
// prints the template as JSON, with functions in their long form.
//
// It is a separate module because nothing else needs the schema, which is large.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

func main() {
	asJSON := flag.Bool("json", false, "print the template as JSON")
	flag.Parse()
	if flag.NArg() != 1 {
		_, _ = fmt.Fprintln(os.Stderr, "usage: lint [-json] TEMPLATE")
		os.Exit(2)
	}
	template, err := read(flag.Arg(0))
	if err == nil {
		err = errors.Join(check(template)...)
	}
	if err == nil && *asJSON {
		err = json.NewEncoder(os.Stdout).Encode(template)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// read reads a template in YAML.
func read(file string) (map[string]any, error) {
	text, err := os.ReadFile(file) //nolint:gosec // Reading the given file is its purpose.
	if err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if len(root.Content) != 1 {
		return nil, errors.New("the template is empty")
	}
	value, err := plain(root.Content[0])
	if err != nil {
		return nil, err
	}
	template, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("the template is not a mapping")
	}
	return template, nil
}
