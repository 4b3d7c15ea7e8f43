package safetensors

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
		if _, err := w.Write(tensor.Data); err != nil {
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
	end := 0
	for i, tensor := range tensors {
		size, ok := tensor.size()
		switch {
		case sizes[tensor.DType] == 0:
			return nil, fmt.Errorf("tensor %q: unknown dtype %q", tensor.Name, tensor.DType)
		case !ok || size != uint64(len(tensor.Data)):
			return nil, fmt.Errorf("tensor %q: %s %v does not have %d bytes",
				tensor.Name, tensor.DType, tensor.Shape, len(tensor.Data))
		case i > 0 && tensor.Name == tensors[i-1].Name:
			return nil, fmt.Errorf("tensor %q occurs twice", tensor.Name)
		}
		entry := struct {
			DType   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}{tensor.DType, append([]int{}, tensor.Shape...), [2]int{end, end + len(tensor.Data)}}
		end += len(tensor.Data)
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

// WriteFile writes tensors to a new file beside path and renames it, so that a reader never sees a part of it.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".safetensors-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	buffered := bufio.NewWriterSize(file, 1<<16)
	if err := Write(buffered, tensors, metadata); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
