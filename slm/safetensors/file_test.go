package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/safetensors"
)

func Example() {
	var file bytes.Buffer
	err := safetensors.Write(&file, []safetensors.Tensor{
		{Name: "lm_head.weight", DType: "BF16", Shape: []int{3, 2}, Data: make([]byte, 12)},
	}, map[string]string{"format": "pt"})
	if err != nil {
		fmt.Println(err)
		return
	}
	parsed, err := safetensors.Parse(file.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	tensor, _ := parsed.Tensor("lm_head.weight")
	fmt.Println(tensor.DType, tensor.Shape, len(tensor.Data), parsed.Metadata["format"])
	// Output: BF16 [3 2] 12 pt
}

func TestTensorsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tensors := map[string]safetensors.Tensor{}
		var list []safetensors.Tensor
		for range rapid.IntRange(0, 6).Draw(t, "tensors") {
			name := rapid.String().Draw(t, "name")
			if _, ok := tensors[name]; ok || name == "__metadata__" {
				continue
			}
			dtype := rapid.SampledFrom([]string{"F32", "F16", "BF16", "I64", "U8"}).Draw(t, "dtype")
			shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")
			size := map[string]int{"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "U8": 1}[dtype]
			for _, n := range shape {
				size *= n
			}
			data := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "data")
			tensors[name] = safetensors.Tensor{Name: name, DType: dtype, Shape: shape, Data: data}
			list = append(list, tensors[name])
		}
		metadata := rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "metadata")
		var out bytes.Buffer
		if err := safetensors.Write(&out, list, metadata); err != nil {
			t.Fatal(err)
		}
		file, err := safetensors.Parse(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Tensors()) != len(list) || len(metadata) > 0 && !reflect.DeepEqual(file.Metadata, metadata) {
			t.Fatalf("%d tensors, %v", len(file.Tensors()), file.Metadata)
		}
		for name, want := range tensors {
			got, ok := file.Tensor(name)
			if !ok || got.DType != want.DType || fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) ||
				!bytes.Equal(got.Data, want.Data) {
				t.Fatalf("%q: %+v, want %+v", name, got, want)
			}
		}
	})
}

func file(header string, body int) []byte {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(data, header...), make([]byte, body)...)
}

func TestRefuses(t *testing.T) {
	one := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"a":{"dtype":"%s","shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	for _, test := range []struct {
		header string
		body   int
		want   string
	}{
		{one("F32", "[2]", "[0,8]"), 8, ""},
		{one("F32", "[]", "[0,4]"), 4, ""},
		{one("F32", "[0,5]", "[0,0]"), 0, ""},
		{one("F32", "[2]", "[0,8]"), 9, "end at byte 8"},
		{one("F32", "[2]", "[0,8]"), 7, "not in the file"},
		{one("F32", "[2]", "[4,12]"), 12, "gap"},
		{one("F32", "[2]", "[8,0]"), 8, "not in the file"},
		{one("F32", "[2]", "[-8,0]"), 8, "not in the file"},
		{one("F32", "[3]", "[0,8]"), 8, "does not have 8 bytes"},
		{one("F32", "[-2]", "[0,8]"), 8, "out of range"},
		{one("F32", "[2147483647,2147483647,9]", "[0,0]"), 0, "does not have"},
		{one("F32", "[9223372036854775807,9223372036854775807,4]", "[0,8]"), 8, ""},
		{one("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "dimensions"},
		{one("F32", "[2]", "[0,8,9]"), 8, "more than two"},
		{one("F32", "[2]", "[0]"), 8, "two numbers"},
		{one("F32", "[2.0]", "[0,8]"), 8, ""},
		{one("Q4", "[2]", "[0,8]"), 8, `unknown dtype "Q4"`},
		{`{"a":{"dtype":"F32","shape":[2]}}`, 0, "needs dtype, shape and data_offsets"},
		{`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3,
			"overlap"},
		{`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0,
			"twice"},
		{`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}`, 0, "unknown key"},
		{`{"__metadata__":{"a":1}}`, 0, "string"},
		{`[]`, 0, "JSON"}, {`{}x`, 0, "behind"}, {``, 0, "JSON"}, {`{"a":`, 0, "JSON"},
		{`{"a` + "\xff" + `":1}`, 0, "UTF-8"},
		{`{"a":{"shape":` + strings.Repeat(`[`, 100), 0, "want a number"},
	} {
		_, err := safetensors.Parse(file(test.header, test.body))
		switch {
		case strings.HasSuffix(test.header, "[0,8]}}") && test.want == "" && test.header != one("F32", "[2]", "[0,8]"):
			if err == nil {
				t.Errorf("%s is accepted", test.header)
			}
		case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s with %d bytes: want %q: %v", test.header, test.body, test.want, err)
		}
	}
	huge := binary.LittleEndian.AppendUint64(nil, 1<<60)
	for _, data := range [][]byte{nil, {1, 2}, huge, append(huge, make([]byte, 100)...), {16, 0, 0, 0, 0, 0, 0, 0, '{'}} {
		if _, err := safetensors.Parse(data); err == nil {
			t.Errorf("%d bytes are accepted", len(data))
		}
	}
}

// A header of the largest size that is read, full of empty tensors, takes at most a tenth of the file and 8 MB.
func TestMemoryIsBounded(t *testing.T) {
	for _, body := range []int{0, 64 << 20} {
		limit := 1<<20 + body/32
		var header strings.Builder
		fmt.Fprintf(&header, `{"body":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}`, body, body)
		for i := range 1<<14 - 1 {
			name := strings.Repeat("n", max(0, min((limit-1<<20)>>14, 150)))
			fmt.Fprintf(&header, `,"%s%x":{"dtype":"U8","shape":[0],"data_offsets":[%d,%d]}`, name, i, body, body)
		}
		header.WriteString("}")
		data := file(header.String(), body)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := safetensors.Parse(data)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(data)/10+8<<20) {
			t.Errorf("%d bytes were allocated for a file of %d", used, len(data))
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Add(file(`{"__metadata__":{"a":"b"},"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}`, 8))
	f.Add(file(`{"a\u00e9\ud83d\ude00":{"dtype":"U8","shape":[0,1],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := safetensors.Parse(data)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := safetensors.Write(&out, parsed.Tensors(), parsed.Metadata); err != nil {
			t.Fatal(err)
		}
		again, err := safetensors.Parse(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Tensors()) != len(parsed.Tensors()) {
			t.Fatal("a tensor was lost")
		}
	})
}
