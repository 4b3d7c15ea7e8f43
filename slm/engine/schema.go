package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Limits of a schema.
const (
	maxSchemaBytes = 64 << 10
	maxSchemaRules = 20000
	maxSchemaItems = 1000
	maxSchemaDepth = 64
)

// JSONSchema returns the grammar of the JSON values that a schema allows, for the part of JSON Schema that language
// models are asked for:
//
//   - type: object, array, string, number, integer, boolean, null, or a list of these;
//   - properties and required: properties come in the schema's order, and others do not come;
//   - additionalProperties, which must be false;
//   - items, minItems, maxItems; enum, const, anyOf; $ref to #/$defs/NAME or #/definitions/NAME, recursive too;
//   - a schema that says nothing, or true, allows any value.
//
// title, description, default, examples, $schema, $id and $comment change nothing. Any other keyword is refused by its
// name.
func JSONSchema(schema []byte) (*Grammar, error) {
	if len(schema) > maxSchemaBytes {
		return nil, fmt.Errorf("the schema has %d bytes; at most %d are read", len(schema), maxSchemaBytes)
	}
	if !json.Valid(schema) {
		return nil, fmt.Errorf("the schema is not JSON")
	}
	c := schemaCompiler{jsonRules: newJSONRules(), root: schema, named: map[string]int{}}
	c.rules[0] = rule{refs(c.compile(schema, 0))}
	if c.err != nil {
		return nil, c.err
	}
	g := newGrammar(c.rules)
	if g.start == nil {
		return nil, fmt.Errorf("no value fits the schema: a $ref leads to itself")
	}
	return g, nil
}

// schemaCompiler makes rules of a schema, and keeps the first error.
type schemaCompiler struct {
	*jsonRules
	root  []byte
	named map[string]int // rules of $ref
	err   error
}

func (c *schemaCompiler) fail(format string, args ...any) int {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
	return c.value
}

// keywords is a schema's own part of JSON Schema.
type keywords struct {
	Type                 json.RawMessage
	Properties           json.RawMessage
	Required             []string
	AdditionalProperties json.RawMessage
	Items                json.RawMessage
	MinItems             *int
	MaxItems             *int
	Enum                 []json.RawMessage
	Const                json.RawMessage
	AnyOf                []json.RawMessage
	Ref                  string
}

var annotations = []string{
	"title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions",
}

// compile returns the rule of a schema.
func (c *schemaCompiler) compile(schema []byte, depth int) int {
	switch {
	case c.err != nil:
		return c.value
	case depth > maxSchemaDepth:
		return c.fail("schemas lie more than %d deep in one another", maxSchemaDepth)
	case len(c.rules) > maxSchemaRules:
		return c.fail("the schema needs more than %d rules: make it smaller", maxSchemaRules)
	}
	schema = bytes.TrimSpace(schema)
	if string(schema) == "true" {
		return c.value
	}
	if len(schema) == 0 || schema[0] != '{' {
		return c.fail("a schema is %s; give an object", schema)
	}
	k := c.keywords(schema)
	switch {
	case c.err != nil:
		return c.value
	case k.Ref != "":
		return c.reference(k.Ref, depth)
	case len(k.AnyOf) > 0:
		var choices []sequence
		for _, s := range k.AnyOf {
			choices = append(choices, refs(c.compile(s, depth+1)))
		}
		return c.add(choices...)
	case k.Const != nil:
		return c.add(c.literal(k.Const))
	case k.Enum != nil:
		if len(k.Enum) == 0 || len(k.Enum) > maxSchemaItems {
			return c.fail("enum lists %d values; give 1 to %d", len(k.Enum), maxSchemaItems)
		}
		var choices []sequence
		for _, v := range k.Enum {
			choices = append(choices, c.literal(v))
		}
		return c.add(choices...)
	}
	return c.typed(k, depth)
}

// keywords reads a schema and refuses what is not supported.
func (c *schemaCompiler) keywords(schema []byte) keywords {
	var k keywords
	known := map[string]any{
		"type": &k.Type, "properties": &k.Properties, "required": &k.Required,
		"additionalProperties": &k.AdditionalProperties, "items": &k.Items, "minItems": &k.MinItems,
		"maxItems": &k.MaxItems, "enum": &k.Enum, "const": &k.Const, "anyOf": &k.AnyOf, "$ref": &k.Ref,
	}
	for _, member := range c.members(schema) {
		into, ok := known[member.name]
		if !ok {
			if !slices.Contains(annotations, member.name) {
				c.fail("the keyword %q of JSON Schema is not supported: leave it out", member.name)
			}
			continue
		}
		if err := json.Unmarshal(member.value, into); err != nil {
			c.fail("%q of the schema: %w", member.name, err)
		}
	}
	if s := string(k.AdditionalProperties); s != "" && s != "false" {
		c.fail("additionalProperties is %s; only false is supported: other properties never come", s)
	}
	return k
}

type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of an object in their order.
func (c *schemaCompiler) members(object []byte) []member {
	d := json.NewDecoder(bytes.NewReader(object))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		c.fail("%s of a schema is not an object", object)
		return nil
	}
	var out []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			c.fail("the schema: %w", err)
			return nil
		}
		m := member{name: name.(string)}
		if err := d.Decode(&m.value); err != nil {
			c.fail("the schema: %w", err)
			return nil
		}
		if slices.ContainsFunc(out, func(o member) bool { return o.name == m.name }) {
			c.fail("%q is in an object of the schema twice", m.name)
			return nil
		}
		out = append(out, m)
	}
	return out
}

func (c *schemaCompiler) reference(ref string, depth int) int {
	if at, ok := c.named[ref]; ok {
		return at
	}
	for _, place := range []string{"$defs", "definitions"} {
		name, found := strings.CutPrefix(ref, "#/"+place+"/")
		if !found {
			continue
		}
		for _, m := range c.members(c.root) {
			if m.name != place {
				continue
			}
			for _, definition := range c.members(m.value) {
				if definition.name == name {
					at := c.reserve()
					c.named[ref] = at
					c.rules[at] = rule{refs(c.compile(definition.value, depth+1))}
					return at
				}
			}
		}
	}
	return c.fail("$ref %q leads nowhere; give #/$defs/NAME", ref)
}

// literal returns the one way to write a value.
func (c *schemaCompiler) literal(value []byte) sequence {
	var out bytes.Buffer
	if err := json.Compact(&out, value); err != nil {
		c.fail("a value of the schema: %w", err)
	}
	return text(out.String())
}

// typed returns the rule for the types of k.
func (c *schemaCompiler) typed(k keywords, depth int) int {
	var types []string
	switch {
	case len(k.Type) == 0:
		switch {
		case k.Properties != nil || k.Required != nil || k.AdditionalProperties != nil:
			types = []string{"object"}
		case k.Items != nil || k.MinItems != nil || k.MaxItems != nil:
			types = []string{"array"}
		default:
			return c.value
		}
	case k.Type[0] == '[':
		if err := json.Unmarshal(k.Type, &types); err != nil || len(types) == 0 {
			return c.fail("type is %s; give the name of a type, or a list of them", k.Type)
		}
	default:
		types = make([]string, 1)
		if err := json.Unmarshal(k.Type, &types[0]); err != nil {
			return c.fail("type is %s; give the name of a type, or a list of them", k.Type)
		}
	}
	var choices []sequence
	for _, name := range types {
		switch name {
		case "object":
			choices = append(choices, refs(c.object(k, depth)))
		case "array":
			choices = append(choices, refs(c.array(k, depth)))
		case "string":
			choices = append(choices, refs(c.str))
		case "number":
			choices = append(choices, refs(c.number))
		case "integer":
			choices = append(choices, refs(c.integer))
		case "boolean":
			choices = append(choices, text("true"), text("false"))
		case "null":
			choices = append(choices, text("null"))
		default:
			return c.fail("the type %q is none of JSON Schema", name)
		}
	}
	return c.add(choices...)
}

// object returns the rule of an object with k's properties, in their order.
func (c *schemaCompiler) object(k keywords, depth int) int {
	if k.Properties == nil {
		if len(k.Required) > 0 {
			return c.fail("required names %q, which properties lacks", k.Required[0])
		}
		if k.AdditionalProperties != nil {
			return c.add(text("{}"))
		}
		return c.mapOf(c.value)
	}
	properties := c.members(k.Properties)
	for _, name := range k.Required {
		if !slices.ContainsFunc(properties, func(m member) bool { return m.name == name }) {
			return c.fail("required names %q, which properties lacks", name)
		}
	}
	// For each property, from the last one: what may follow if it is the first that comes, and if it is not.
	first, rest := c.add(sequence{}), c.add(sequence{})
	for _, m := range slices.Backward(properties) {
		name, _ := json.Marshal(m.name)
		pair := join(text(string(name)+":"), refs(c.blank, c.compile(m.value, depth+1)))
		begin := []sequence{join(pair, refs(rest))}
		follow := []sequence{join(refs(c.blank), text(","), refs(c.blank), pair, refs(rest))}
		if !slices.Contains(k.Required, m.name) {
			begin, follow = append(begin, refs(first)), append(follow, refs(rest))
		}
		first, rest = c.add(begin...), c.add(follow...)
	}
	return c.add(join(text("{"), refs(c.blank, first, c.blank), text("}")))
}

// array returns the rule of an array of k's items.
func (c *schemaCompiler) array(k keywords, depth int) int {
	item, least, most := c.value, 0, -1
	if k.Items != nil {
		item = c.compile(k.Items, depth+1)
	}
	if k.MinItems != nil {
		least = *k.MinItems
	}
	if k.MaxItems != nil {
		most = *k.MaxItems
	}
	if least < 0 || least > maxSchemaItems || k.MaxItems != nil && (most < least || most > maxSchemaItems) {
		return c.fail("minItems is %d and maxItems %d; give 0 to %d, the lower one first", least, most, maxSchemaItems)
	}
	if least == 0 && most < 0 {
		return c.arrayOf(item)
	}
	next := join(refs(c.blank), text(","), refs(c.blank, item))
	var rest int // after the first item
	if most < 0 {
		rest = c.reserve()
		c.rules[rest] = rule{sequence{}, join(next, refs(rest))}
	} else {
		rest = c.add(sequence{})
	}
	for n := max(most, least); n > 1; n-- {
		switch {
		case n > least:
			rest = c.add(sequence{}, join(next, refs(rest)))
		default:
			rest = c.add(join(next, refs(rest)))
		}
	}
	var choices []sequence
	if least == 0 {
		choices = append(choices, join(text("["), refs(c.blank), text("]")))
	}
	if most != 0 {
		choices = append(choices, join(text("["), refs(c.blank, item, rest, c.blank), text("]")))
	}
	return c.add(choices...)
}
