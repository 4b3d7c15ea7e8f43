package api_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
)

// anyText draws text of any characters, among them many that JSON must or may escape.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune{
		'"', '\\', '/', '<', '&', '\n', '\r', '\t', '\b', '\f', 0, 0x1b, 0x7f, 'é', '\u2028', '\ufeff', '\ufffd', '😀',
	})))
}

// anyValue draws a value of JSON.
func anyValue(depth int) *rapid.Generator[any] {
	number := rapid.OneOf(
		rapid.Map(rapid.IntRange(-1_000, 1_000), func(n int) any { return float64(n) }),
		rapid.Map(rapid.Float64Range(-1e300, 1e300), func(f float64) any { return f + 0 }),
		rapid.Just[any](math.SmallestNonzeroFloat64), rapid.Just[any](1e21), rapid.Just[any](1e-7))
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }), number,
		rapid.Map(anyText(), func(s string) any { return s }),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 4), func(list []any) any { return list }),
			rapid.Map(rapid.MapOfN(anyText(), anyValue(depth-1), 0, 4), func(m map[string]any) any { return m }))
	}
	return rapid.OneOf(kinds...)
}

// spelled writes a value as another program may: with spaces, with the members of objects in any order, and with
// escapes that are not necessary.
func spelled(t *rapid.T, value any) string {
	space := func() string { return rapid.SampledFrom([]string{"", " ", "\n\t", "\r\n"}).Draw(t, "space") }
	var out strings.Builder
	switch value := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		if len(names) > 1 {
			names = rapid.Permutation(names).Draw(t, "order")
		}
		out.WriteString("{" + space())
		for i, name := range names {
			if i > 0 {
				out.WriteString("," + space())
			}
			out.WriteString(spelled(t, name) + space() + ":" + space() + spelled(t, value[name]))
		}
		out.WriteString("}")
	case []any:
		out.WriteString("[" + space())
		for i, element := range value {
			if i > 0 {
				out.WriteString("," + space())
			}
			out.WriteString(spelled(t, element))
		}
		out.WriteString(space() + "]")
	case string:
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(rapid.Bool().Draw(t, "escaped"))
		if err := encoder.Encode(value); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(encoded.String(), "\n")
		if rapid.Bool().Draw(t, "slash") {
			text = strings.ReplaceAll(text, "/", `\/`)
		}
		out.WriteString(text)
	default:
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
	}
	return out.String()
}

// TestCanonicalIsOneFormOfAValue: however a value is written, its canonical form is the same. The form has the same
// value, and is the canonical form of itself.
func TestCanonicalIsOneFormOfAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyValue(3).Draw(t, "value")
		first, err := api.Canonical([]byte(spelled(t, value)))
		require.NoError(t, err)
		second, err := api.Canonical([]byte(spelled(t, value)))
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
		again, err := api.Canonical(first)
		require.NoError(t, err)
		require.Equal(t, string(first), string(again))
		var read any
		require.NoError(t, json.Unmarshal(first, &read))
		plain, err := json.Marshal(value)
		require.NoError(t, err)
		var want any
		require.NoError(t, json.Unmarshal(plain, &want))
		require.Equal(t, want, read)
	})
}

// FuzzCanonical: an accepted text is JSON, its form has the same value and is its own form; nothing panics.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"b":1,"a":[true,null,"\u00e9\ud83d\ude00"]}`, `-0.0`, `1e21`, `"\\u0000"`, `{"a":{}}`,
		`[[[[]]]]`, "\"\u2028\"", `{"":""}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		form, err := api.Canonical(text)
		if err != nil {
			return
		}
		var of, said any
		require.NoError(t, json.Unmarshal(text, &of))
		require.NoError(t, json.Unmarshal(form, &said))
		require.Equal(t, of, said)
		again, err := api.Canonical(form)
		require.NoError(t, err)
		require.Equal(t, string(form), string(again))
	})
}

// TestQueryLeavesOutHowItIsPaid: the same question has the same hash, however it is paid and delivered. Another
// question or another key has another hash.
func TestQueryLeavesOutHowItIsPaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.MapOfN(anyText(), anyValue(2), 0, 4).Draw(t, "body")
		aside := []string{"openledger", "stream", "stream_options"}
		for _, name := range aside {
			delete(body, name)
		}
		key := poa.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		hash := func(body map[string]any) poa.Hash {
			query, err := api.Query([]byte(spelled(t, body)))
			require.NoError(t, err)
			return api.QueryHash(key, query)
		}
		bare := hash(body)
		for _, name := range aside {
			if rapid.Bool().Draw(t, name) {
				body[name] = anyValue(1).Draw(t, "value of "+name)
			}
		}
		require.Equal(t, bare, hash(body))
		query, err := api.Query([]byte(spelled(t, body)))
		require.NoError(t, err)
		other := key
		other[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		require.NotEqual(t, bare, api.QueryHash(other, query))
		body["another question"] = true
		require.NotEqual(t, bare, hash(body))
	})
}

// TestQueryIsOfAnObject: a list, a text or a number asks nothing.
func TestQueryIsOfAnObject(t *testing.T) {
	for _, text := range []string{`[]`, `"{}"`, `1`, `null`, `true`} {
		_, err := api.Query([]byte(text))
		require.ErrorContains(t, err, "not an object", text)
	}
}
