package gguf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/gguf"
)

func encode(t testing.TB, metadata []gguf.Pair, tensors []gguf.Tensor) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := gguf.Write(&out, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func Example() {
	var file bytes.Buffer
	err := gguf.Write(&file, []gguf.Pair{{Key: "general.name", Value: "tiny"}}, []gguf.Tensor{
		{Name: "token_embd.weight", Type: gguf.F16, Shape: []int{3, 2}, Data: make([]byte, 12)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	parsed, err := gguf.Parse(file.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	name, _ := parsed.Text("general.name")
	tensor, _ := parsed.Tensor("token_embd.weight")
	fmt.Println(name, tensor.Type, tensor.Shape, len(tensor.Data))
	// Output: tiny F16 [3 2] 12
}

func TestValuesComeBack(t *testing.T) {
	data := encode(t, []gguf.Pair{
		{Key: "text", Value: "é"}, {Key: "yes", Value: true}, {Key: "no", Value: false}, {Key: "u32", Value: uint32(7)},
		{Key: "i32", Value: int32(-7)}, {Key: "u64", Value: uint64(math.MaxUint64)}, {Key: "f32", Value: float32(0.5)},
		{Key: "texts", Value: []string{"a", "", "\xff"}}, {Key: "ints", Value: []int32{1, -2}},
		{Key: "uints", Value: []uint32{3}}, {Key: "floats", Value: []float32{1.5, -2}},
	}, nil)
	file, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := file.Text("text"); v != "é" || !ok {
		t.Error(v)
	}
	if v, ok := file.Bool("yes"); !v || !ok {
		t.Error(v)
	}
	if v, ok := file.Bool("no"); v || !ok {
		t.Error(v)
	}
	if v, ok := file.Uint("u32"); v != 7 || !ok {
		t.Error(v)
	}
	for _, key := range []string{"i32", "u64", "text", "missing"} {
		if v, ok := file.Uint(key); ok {
			t.Error(key, v)
		}
	}
	if v, ok := file.Float("f32"); v != 0.5 || !ok {
		t.Error(v)
	}
	var texts []string
	err = file.EachText("texts", func(_ int, text []byte) error { texts = append(texts, string(text)); return nil })
	if err != nil || !slices.Equal(texts, []string{"a", "", "\xff"}) {
		t.Error(texts, err)
	}
	var ints []int64
	each := func(_ int, n int64) error { ints = append(ints, n); return nil }
	if err := file.EachInt("ints", each); err != nil || !slices.Equal(ints, []int64{1, -2}) {
		t.Error(ints, err)
	}
	for _, key := range []string{"texts", "u32", "missing", "floats"} {
		if err := file.EachInt(key, each); err == nil {
			t.Error(key)
		}
	}
	var floats []float32
	err = file.EachFloat("floats", func(_ int, x float32) error { floats = append(floats, x); return nil })
	if err != nil || !slices.Equal(floats, []float32{1.5, -2}) {
		t.Error(floats, err)
	}
	if n, ok := file.Len("texts"); n != 3 || !ok {
		t.Error(n)
	}
}

func TestTensorsComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var tensors []gguf.Tensor
		for i := range rapid.IntRange(0, 6).Draw(rt, "tensors") {
			kind := rapid.SampledFrom([]gguf.Type{gguf.F32, gguf.F16, gguf.BF16, gguf.Q8_0}).Draw(rt, "type")
			shape := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(rt, "shape")
			elements := 1
			for _, n := range shape {
				elements *= n
			}
			size := elements * map[gguf.Type]int{gguf.F32: 4, gguf.F16: 2, gguf.BF16: 2, gguf.Q8_0: 34}[kind]
			if kind == gguf.Q8_0 {
				shape[len(shape)-1] *= 32
			}
			data := rapid.SliceOfN(rapid.Byte(), size, size).Draw(rt, "data")
			tensor := gguf.Tensor{Name: fmt.Sprintf("t%d", i), Type: kind, Shape: shape, Data: data}
			if rapid.Bool().Draw(rt, "late") {
				tensor.Data, tensor.Load = nil, func() ([]byte, error) { return data, nil }
			}
			tensors = append(tensors, tensor)
		}
		file, err := gguf.Parse(encode(t, nil, tensors))
		if err != nil {
			rt.Fatal(err)
		}
		if len(file.Tensors()) != len(tensors) {
			rt.Fatal(len(file.Tensors()))
		}
		for _, want := range tensors {
			data := want.Data
			if data == nil {
				data, _ = want.Load()
			}
			got, ok := file.Tensor(want.Name)
			if !ok || got.Type != want.Type || !reflect.DeepEqual(got.Shape, want.Shape) || !bytes.Equal(got.Data, data) {
				rt.Fatalf("%+v", got)
			}
		}
	})
}

// Numbers in a file do not make the parser allocate, however large they are, and every cut of a file is an error.
func TestHostileFiles(t *testing.T) {
	whole := encode(t, []gguf.Pair{{Key: "general.name", Value: "x"}, {Key: "list", Value: []string{"a", "b"}}},
		[]gguf.Tensor{{Name: "t", Type: gguf.F32, Shape: []int{8, 8}, Data: make([]byte, 256)}})
	if _, err := gguf.Parse(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := gguf.Parse(whole[:n]); err == nil {
			t.Fatalf("%d bytes of %d are accepted", n, len(whole))
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for at := 0; at+8 <= len(whole)-256; at++ {
		for _, n := range []uint64{math.MaxUint64, math.MaxInt64, 1 << 40, 1 << 32, 1<<31 - 1, 1 << 16, 0} {
			spoiled := slices.Clone(whole)
			binary.LittleEndian.PutUint64(spoiled[at:], n)
			gguf.Parse(spoiled)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes were allocated for files of %d", used, len(whole))
	}
}

func TestRefusesByName(t *testing.T) {
	tensor := gguf.Tensor{Name: "t", Type: gguf.F32, Shape: []int{32}, Data: make([]byte, 128)}
	whole := encode(t, nil, []gguf.Tensor{tensor})
	spoil := func(at int, b ...byte) []byte {
		spoiled := slices.Clone(whole)
		copy(spoiled[at:], b)
		return spoiled
	}
	kind := 24 + 8 + 1 + 4 + 8 // magic to counts, name, dimensions, 32
	for want, data := range map[string][]byte{
		"not a GGUF file":              []byte("PK\x03\x04 and then some more bytes"),
		"version 1":                    spoil(4, 1),
		"big endian":                   spoil(4, 0, 0, 0, 3),
		"Q4_K is not supported":        spoil(kind, 12),
		"type 200 is not supported":    spoil(kind, 200),
		"begins at byte 32":            spoil(kind+4, 32),
		"one of 3 parts":               encode(t, []gguf.Pair{{Key: "split.count", Value: uint32(3)}}, nil),
		"must be a power of two":       encode(t, []gguf.Pair{{Key: "general.alignment", Value: uint32(3)}}, nil),
		"general.alignment is not":     encode(t, []gguf.Pair{{Key: "general.alignment", Value: "x"}}, nil),
		"bytes behind the last tensor": append(slices.Clone(whole), 1),
	} {
		if _, err := gguf.Parse(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	for _, tensors := range [][]gguf.Tensor{
		{tensor, tensor}, {{Name: "t", Type: gguf.Q8_0, Shape: []int{31}}}, {{Name: "", Type: gguf.F32, Shape: []int{1}}},
		{{Name: "t", Type: gguf.F32, Shape: []int{2}, Data: make([]byte, 4)}}, {{Name: "t", Type: 2, Shape: []int{32}}},
		{{Name: "t", Type: gguf.F32, Shape: []int{0}}}, {{Name: "t", Type: gguf.F32}},
	} {
		if err := gguf.Write(&bytes.Buffer{}, nil, tensors); err == nil {
			t.Errorf("%+v was written", tensors)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("GGUF"))
	f.Add(encode(f, []gguf.Pair{{Key: "a", Value: []string{"x"}}, {Key: "b", Value: float32(1)}}, []gguf.Tensor{
		{Name: "t", Type: gguf.Q8_0, Shape: []int{2, 32}, Data: make([]byte, 68)},
		{Name: "u", Type: gguf.BF16, Shape: []int{3}, Data: make([]byte, 6)},
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := gguf.Parse(data)
		if err != nil {
			return
		}
		for _, key := range file.Keys() {
			file.Uint(key)
			file.Float(key)
			file.Bool(key)
			file.Text(key)
			file.EachText(key, func(int, []byte) error { return nil })
			file.EachInt(key, func(int, int64) error { return nil })
			file.EachFloat(key, func(int, float32) error { return nil })
		}
		total := 0
		for _, tensor := range file.Tensors() {
			total += len(tensor.Data)
		}
		if total > len(data) {
			t.Fatalf("tensors of %d bytes in a file of %d", total, len(data))
		}
	})
}
