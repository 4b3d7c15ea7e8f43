package jsonscan_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/internal/jsonscan"
)

// read builds what encoding/json builds.
func read(s *jsonscan.Scanner) (any, error) {
	switch s.Peek() {
	case jsonscan.Object:
		m := map[string]any{}
		err := s.Object(func(key string) (err error) {
			m[key], err = read(s)
			return err
		})
		return m, err
	case jsonscan.Array:
		list := []any{}
		err := s.Array(func() error {
			value, err := read(s)
			list = append(list, value)
			return err
		})
		return list, err
	case jsonscan.String:
		return s.String()
	case jsonscan.Number:
		return s.Float()
	case jsonscan.Bool:
		return s.Bool()
	}
	if s.Null() {
		return nil, nil
	}
	return nil, s.Skip()
}

func all(text []byte) (any, error) {
	s := jsonscan.New(text)
	value, err := read(s)
	if err == nil {
		err = s.End()
	}
	return value, err
}

// FuzzScanner compares with encoding/json. That one replaces invalid UTF-8 and half surrogates, which are errors here.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-2.5e3,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{}}`, `[]`, `"\ud800"`, `01`, `-`, `1.`, `[1,]`, `{"a"}`,
		"\"\xff\"", `nul`, ` 1 `, `1 2`, `"\x"`, "\"\x01\"", `1e999`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := all(text)
		var want any
		wantErr := json.Unmarshal(text, &want)
		if err == nil && (wantErr != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%q is %v; encoding/json says %v, %v", text, got, want, wantErr)
		}
		s := jsonscan.New(text)
		if raw, err := s.Raw(); err == nil && s.End() == nil && !json.Valid(raw) {
			t.Fatalf("Skip accepts %q", text)
		}
	})
}

func TestReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := map[string]any{}
		for range rapid.IntRange(0, 5).Draw(t, "members") {
			value[rapid.String().Draw(t, "key")] = rapid.OneOf(
				rapid.Map(rapid.String(), func(s string) any { return s }),
				rapid.Map(rapid.Float64Range(-1e300, 1e300), func(x float64) any { return x }),
				rapid.Map(rapid.Bool(), func(b bool) any { return b }),
				rapid.Map(rapid.SliceOf(rapid.String()), func(list []string) any {
					values := []any{}
					for _, text := range list {
						values = append(values, text)
					}
					return values
				}),
			).Draw(t, "value")
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		got, err := all(text)
		if err != nil || !reflect.DeepEqual(got, any(value)) {
			t.Fatalf("%s: %v %v", text, got, err)
		}
	})
}

func TestDepthIsBounded(t *testing.T) {
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = '['
	}
	if err := jsonscan.New(text).Skip(); err == nil {
		t.Fatal("a million arrays in one another are accepted")
	}
}
