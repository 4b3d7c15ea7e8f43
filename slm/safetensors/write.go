package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/openledger/openledger/internal/file"
)

// alignment of the first tensor's byte in the file. The header is filled with spaces up to it.
const alignment = 64

// Write writes tensors sorted by name. The bytes depend on the tensors and metadata alone.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int { return compare(a.Name, b.Name) })
	header, err := headerOf(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, tensor := range tensors {
		data := tensor.Data
		if data == nil && tensor.Load != nil {
			if data, err = tensor.Load(); err != nil {
				return fmt.Errorf("tensor %q: %w", tensor.Name, err)
			}
		}
		if size, _ := tensor.size(); size != uint64(len(data)) {
			return fmt.Errorf("tensor %q: %s %v does not have %d bytes", tensor.Name, tensor.DType, tensor.Shape, len(data))
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}

func headerOf(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var out bytes.Buffer
	out.Write(make([]byte, 8))
	out.WriteByte('{')
	if len(metadata) > 0 {
		text, err := json.Marshal(metadata)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%q:%s", "__metadata__", text)
	}
	var end uint64
	for i, tensor := range tensors {
		size, ok := tensor.size()
		switch {
		case sizes[tensor.DType] == 0:
			return nil, fmt.Errorf("tensor %q: unknown dtype %q", tensor.Name, tensor.DType)
		case !ok || size > 1<<62-end:
			return nil, fmt.Errorf("tensor %q: the shape %v is too large", tensor.Name, tensor.Shape)
		case i > 0 && tensor.Name == tensors[i-1].Name:
			return nil, fmt.Errorf("tensor %q occurs twice", tensor.Name)
		}
		entry := struct {
			DType   string    `json:"dtype"`
			Shape   []int     `json:"shape"`
			Offsets [2]uint64 `json:"data_offsets"`
		}{tensor.DType, append([]int{}, tensor.Shape...), [2]uint64{end, end + size}}
		end += size
		name, err := json.Marshal(tensor.Name)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(entry)
		if err != nil {
			return nil, err
		}
		if out.Len() > 9 {
			out.WriteByte(',')
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(text)
	}
	out.WriteByte('}')
	for out.Len()%alignment != 0 {
		out.WriteByte(' ')
	}
	header := out.Bytes()
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	return header, nil
}

// WriteFile writes to a new file and renames it to path, so that a reader never sees a part of it.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) error {
	return file.WriteFrom(path, 0o644, func(w io.Writer) error { return Write(w, tensors, metadata) })
}
