package engine

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// accepts reports whether a text is in the grammar.
func accepts(g *Grammar, text string) bool {
	s := g.start.read([]byte(text))
	return s != nil && s.accepts
}

func schema(t require.TestingT, s string) *Grammar {
	g, err := JSONSchema([]byte(s))
	require.NoError(t, err)
	return g
}

func TestJSONObject(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `{"a":1}`: true, `{ "a": [1, 2.5e-3, -0, true, null, "x\n\u00e9é世"], "b": {"c": {}}}`: true,
		"{\n  \"a\": [\n    1,\n    2\n  ]\n}": true,
		``:                                     false, `[]`: false, `{"a"}`: false, `{"a":01}`: false, `{"a":1,}`: false,
		`{"a":"` + "\n" + `"}`: false,
		`{"a":.5}`:             false, `{"a":1.}`: false, `{"a":tru}`: false, `{"a":1} `: false, `{"a":"\x"}`: false,
		"{\"a\":\"\xff\"}":         false,
		"{\"a\":\"\xed\xa0\x80\"}": false, `{"a":"\ud800"}`: false, `{a:1}`: false, `{"a":1}}`: false,
	} {
		require.Equal(t, want, accepts(JSONObject(), text), "%q", text)
	}
	require.True(t, JSONObject().start.read([]byte(`{}`)).final())
	// Lists of any length, and depth.
	require.True(t, accepts(JSONObject(), `{"a":[`+strings.Repeat("1,", 5000)+`1]}`))
	require.True(t, accepts(JSONObject(), strings.Repeat(`{"a":`, 500)+"1"+strings.Repeat("}", 500)))
}

// TestMarshal holds that what encoding/json writes is accepted, and that a text with a byte changed is accepted only if
// it is JSON.
func TestMarshal(t *testing.T) {
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		leaves := []*rapid.Generator[any]{
			rapid.String().AsAny(), rapid.Int32().AsAny(), rapid.Bool().AsAny(), rapid.Float32Range(-1e6, 1e6).AsAny(),
			rapid.Just[any](nil),
		}
		if depth > 0 {
			deeper := rapid.Deferred(func() *rapid.Generator[any] { return value(depth - 1) })
			leaves = append(leaves, rapid.MapOfN(rapid.String(), deeper, 0, 3).AsAny(), rapid.SliceOfN(deeper, 0, 3).AsAny())
		}
		return rapid.OneOf(leaves...)
	}
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.MapOfN(rapid.String(), value(2), 0, 4).Draw(t, "object")
		text, err := json.Marshal(object)
		require.NoError(t, err)
		require.True(t, accepts(JSONObject(), string(text)), "%s", text)
		indented, err := json.MarshalIndent(object, "", "  ")
		require.NoError(t, err)
		require.True(t, accepts(JSONObject(), string(indented)), "%s", indented)
		text[rapid.IntRange(0, len(text)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		if accepts(JSONObject(), string(text)) {
			require.True(t, json.Valid(text), "%q", text)
		}
	})
}

func TestJSONSchema(t *testing.T) {
	for name, c := range map[string]struct {
		schema   string
		yes, not []string
	}{
		"properties in order, some optional": {
			`{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer"},"c":{"type":"null"}},"required":["a"],
				"additionalProperties":false,"description":"x"}`,
			[]string{`{"a":1}`, `{"b":"x","a":-2}`, `{"a":1,"c":null}`, `{ "b": "x", "a": 1, "c": null }`},
			[]string{`{}`, `{"a":1,"b":"x"}`, `{"a":1.5}`, `{"a":1,}`, `{"a":1,"d":1}`, `{,"a":1}`},
		},
		"all optional": {
			`{"properties":{"a":{},"b":true}}`,
			[]string{`{}`, `{"a":[]}`, `{"b":1}`, `{"a":{"x":1},"b":"y"}`}, []string{`{"b":1,"a":1}`, `{"a":1 "b":1}`, `[]`},
		},
		"arrays": {
			`{"type":"array","items":{"type":["number","null"]},"minItems":2,"maxItems":3}`,
			[]string{`[1,2]`, `[1.5, null, 3]`}, []string{`[]`, `[1]`, `[1,2,3,4]`, `["a",1]`},
		},
		"arrays with a minimum": {
			`{"type":"array","minItems":2}`, []string{`[1,2]`, `[1,2,3,4,5]`}, []string{`[]`, `[1]`},
		},
		"empty array": {`{"type":"array","maxItems":0}`, []string{`[]`, `[ ]`}, []string{`[1]`}},
		"enum": {`{"enum":["a", 1, {"x": [1]}]}`, []string{`"a"`, `1`, `{"x":[1]}`},
			[]string{`"b"`, `12`, `{"x": [1]}`}},
		"const": {`{"const":"é\""}`, []string{`"é\""`}, []string{`"e"`}},
		"anyOf": {`{"anyOf":[{"type":"boolean"},{"type":"string"}]}`, []string{`true`, `"x"`}, []string{`1`}},
		"recursion": {
			`{"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"kids":{"type":"array",
				"items":{"$ref":"#/$defs/tree"}}},"required":["kids"]}}}`,
			[]string{`{"kids":[]}`, `{"kids":[{"kids":[]},{"kids":[{"kids":[]}]}]}`}, []string{`{"kids":[1]}`, `{}`},
		},
		"anything":  {`{}`, []string{`1`, `"x"`, `{"a":[]}`, `-1.5e10`}, []string{``, `x`}},
		"no member": {`{"type":"object","additionalProperties":false}`, []string{`{}`}, []string{`{"a":1}`}},
	} {
		t.Run(name, func(t *testing.T) {
			g := schema(t, c.schema)
			for _, text := range c.yes {
				require.True(t, accepts(g, text), text)
			}
			for _, text := range c.not {
				require.False(t, accepts(g, text), text)
			}
		})
	}
}

// TestAmbiguousSchema reads a text that a schema allows in 30^5 ways, and more.
func TestAmbiguousSchema(t *testing.T) {
	one := `{"type":"array","items":{"$ref":"#/$defs/a"}},`
	g := schema(t, `{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[`+strings.Repeat(one, 30)+`{"type":"string"}]}}}`)
	tree := newTokenTree(letters{}, vocabulary)
	s := g.start
	for _, b := range []byte(`[[["ab",[]],"c"],["d"]]`) {
		require.True(t, tree.allowed(s, nil).has(int(b)+3), "%c", b)
		require.LessOrEqual(t, len(s.frames), maxFrames)
		s = s.read([]byte{b})
	}
	require.True(t, s.final())
}

// TestManyStates goes deeper than what is remembered.
func TestManyStates(t *testing.T) {
	g := newGrammar(JSONObject().rules)
	tree := newTokenTree(letters{}, vocabulary)
	s := g.start.read([]byte(`{"a":`))
	for range 3 * maxStates {
		s = s.read([]byte("["))
		require.NotNil(t, s)
		require.LessOrEqual(t, len(g.states), maxStates+1)
	}
	require.True(t, tree.allowed(s, nil).has(int(']')+3))
	s = s.read([]byte(strings.Repeat("]", 3*maxStates) + "}"))
	require.True(t, s.final())
	require.True(t, accepts(g, `{"a":[1]}`))
}

func TestSchemaRefusals(t *testing.T) {
	deep := strings.Repeat(`{"items":`, 70) + "{}" + strings.Repeat("}", 70)
	for s, message := range map[string]string{
		`{"pattern":"a+"}`:                                        `the keyword "pattern" of JSON Schema is not supported`,
		`{"properties":{"a":{"minimum":1}}}`:                      `the keyword "minimum"`,
		`{"additionalProperties":true}`:                           "additionalProperties is true",
		`{"type":"objekt"}`:                                       `the type "objekt" is none`,
		`{"type":7}`:                                              "type is 7",
		`{"required":["a"],"properties":{"b":{}}}`:                `required names "a"`,
		`{"$ref":"#/$defs/a"}`:                                    "leads nowhere",
		`{"$ref":"http://x"}`:                                     "leads nowhere",
		`{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}`: "no value fits the schema",
		`{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}]}}}`: "no value fits",
		`{"minItems":3,"maxItems":2}`:    "the lower one first",
		`{"minItems":2000}`:              "give 0 to 1000",
		`{"enum":[]}`:                    "enum lists 0 values",
		`{"properties":{"a":{},"a":{}}}`: "twice",
		`{"properties":[]}`:              "is not an object",
		`{"anyOf":[false]}`:              "a schema is false",
		`{`:                              "is not JSON",
		`7`:                              "a schema is 7",
		deep:                             "more than 64 deep",
		`{"x":"` + strings.Repeat("y", 70000) + `"}`: "at most 65536 are read",
	} {
		_, err := JSONSchema([]byte(s))
		require.ErrorContains(t, err, message, "%.100s", s)
	}
	// A small schema that names many times more.
	wide := `{"$ref":"#/$defs/a","$defs":{"a":{"items":{"enum":[` + strings.Repeat("1,", 900) +
		`1]},"minItems":1000,"maxItems":1000}}}`
	_, err := JSONSchema([]byte(wide))
	require.NoError(t, err)
}

func FuzzJSONSchema(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`, `{"a":"x"}`)
	f.Add(`{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"items":{"$ref":"#/$defs/a"}},{"const":1}]}}}`, `[[1]]`)
	f.Fuzz(func(t *testing.T, s, text string) {
		g, err := JSONSchema([]byte(s))
		if err == nil && accepts(g, text) && !json.Valid([]byte(text)) {
			t.Fatalf("%q allows %q, which is no JSON", s, text)
		}
	})
}
