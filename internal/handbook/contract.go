package handbook

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// contract is what the pages need of an OpenAPI document.
type contract struct {
	Info struct {
		Description string
	}
	Tags []struct {
		Name, Description string
	}
	Paths      ordered[pathItem]
	Components struct {
		Parameters ordered[parameter]
		Headers    ordered[parameter]
		Responses  ordered[response]
		Schemas    ordered[schema]
	}
}

type pathItem struct {
	Parameters                    []parameter
	Get, Post, Put, Patch, Delete *operation
}

type operation struct {
	Summary, Description string
	Tags                 []string
	Role                 string `yaml:"x-role"`
	Parameters           []parameter
	RequestBody          struct {
		Content ordered[media]
	} `yaml:"requestBody"`
	Responses ordered[response]
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      schema
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Content     ordered[media]
}

type media struct {
	Schema schema
}

type schema struct {
	Ref         string `yaml:"$ref"`
	Type        string
	Description string
	Default     string
	Enum        []string
	Required    []string
	Items       *schema
	Properties  ordered[schema]
	Additional  yaml.Node `yaml:"additionalProperties"`
	OneOf       []schema  `yaml:"oneOf"`
}

// ordered is a mapping in the order in which it is written.
type ordered[T any] []named[T]

type named[T any] struct {
	name  string
	value T
}

// UnmarshalYAML keeps the order.
func (o *ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: not a mapping", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		n := named[T]{name: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&n.value); err != nil {
			return err
		}
		*o = append(*o, n)
	}
	return nil
}

// find returns the value of a name, or of a reference that ends in it.
func (o ordered[T]) find(ref string) (T, error) {
	name := refName(ref)
	for _, n := range o {
		if n.name == name {
			return n.value, nil
		}
	}
	var none T
	return none, fmt.Errorf("the contract has no %q", ref)
}

// refName is the last part of a reference.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func parseContract(text []byte) (contract, error) {
	var c contract
	if err := yaml.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("openapi.yaml: %w", err)
	}
	return c, nil
}

// methods lists the operations of a path in the order in which the page has them.
func (p pathItem) methods() []named[*operation] {
	var all []named[*operation]
	for _, m := range []named[*operation]{{"GET", p.Get}, {"POST", p.Post}, {"PUT", p.Put}, {"PATCH", p.Patch}, {"DELETE", p.Delete}} {
		if m.value != nil {
			all = append(all, m)
		}
	}
	return all
}
