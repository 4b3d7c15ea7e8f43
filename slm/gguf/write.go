package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/openledger/openledger/internal/file"
)

// A Pair is one entry of the metadata to write. Value is a string, bool, uint32, int32, uint64, float32, []string,
// []int32, []uint32 or []float32.
type Pair struct {
	Key   string
	Value any
}

// Write writes a file of version 3 with an alignment of 32: the metadata and the tensors in the given order.
func Write(w io.Writer, metadata []Pair, tensors []Tensor) error {
	head, err := headOf(metadata, tensors)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, tensor := range tensors {
		data := tensor.Data
		if data == nil && tensor.Load != nil {
			if data, err = tensor.Load(); err != nil {
				return fmt.Errorf("tensor %q: %w", tensor.Name, err)
			}
		}
		size, err := tensor.Type.size(tensor.Shape)
		if err == nil && size != uint64(len(data)) {
			err = fmt.Errorf("%s %v does not have %d bytes", tensor.Type, tensor.Shape, len(data))
		}
		if err != nil {
			return fmt.Errorf("tensor %q: %w", tensor.Name, err)
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if _, err := w.Write(make([]byte, align(size, defaultAlignment)-size)); err != nil {
			return err
		}
	}
	return nil
}

func headOf(metadata []Pair, tensors []Tensor) ([]byte, error) {
	if len(metadata) > maxValues || len(tensors) > maxTensors {
		return nil, fmt.Errorf("a file holds at most %d values and %d tensors", maxValues, maxTensors)
	}
	head := append([]byte(magic), 3, 0, 0, 0)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(tensors)))
	head = binary.LittleEndian.AppendUint64(head, uint64(len(metadata)))
	keys := make([]string, 0, len(metadata))
	for _, pair := range metadata {
		if len(pair.Key) == 0 || len(pair.Key) > maxKeyBytes {
			return nil, fmt.Errorf("a key must have 1 to %d bytes", maxKeyBytes)
		}
		var err error
		if head, err = appendValue(appendText(head, pair.Key), pair.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", pair.Key, err)
		}
		keys = append(keys, pair.Key)
	}
	if twice(keys) {
		return nil, errors.New("a key of the metadata occurs twice")
	}
	var offset uint64
	names := make([]string, 0, len(tensors))
	for _, tensor := range tensors {
		if len(tensor.Name) == 0 || len(tensor.Name) > maxNameBytes || len(tensor.Shape) > maxDimensions {
			return nil, fmt.Errorf("tensor %q: at most %d bytes of name and %d dimensions can be written",
				tensor.Name, maxNameBytes, maxDimensions)
		}
		size, err := tensor.Type.size(tensor.Shape)
		if err != nil || size == 0 {
			return nil, errors.Join(fmt.Errorf("tensor %q of shape %v cannot be written", tensor.Name, tensor.Shape), err)
		}
		head = binary.LittleEndian.AppendUint32(appendText(head, tensor.Name), uint32(len(tensor.Shape)))
		for i := len(tensor.Shape) - 1; i >= 0; i-- {
			head = binary.LittleEndian.AppendUint64(head, uint64(tensor.Shape[i]))
		}
		head = binary.LittleEndian.AppendUint32(head, uint32(tensor.Type))
		head = binary.LittleEndian.AppendUint64(head, offset)
		offset += align(size, defaultAlignment)
		names = append(names, tensor.Name)
	}
	if twice(names) {
		return nil, errors.New("a tensor's name occurs twice")
	}
	return append(head, make([]byte, align(uint64(len(head)), defaultAlignment)-uint64(len(head)))...), nil
}

func twice(names []string) bool {
	slices.SortFunc(names, strings.Compare)
	return len(slices.Compact(names)) != len(names)
}

func appendText(to []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint64(to, uint64(len(text))), text...)
}

func appendKind(to []byte, k kind) []byte { return binary.LittleEndian.AppendUint32(to, uint32(k)) }

func appendArray(to []byte, element kind, count int) []byte {
	return binary.LittleEndian.AppendUint64(appendKind(appendKind(to, kindArray), element), uint64(count))
}

func appendValue(to []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return appendText(appendKind(to, kindString), v), nil
	case bool:
		if v {
			return append(appendKind(to, kindBool), 1), nil
		}
		return append(appendKind(to, kindBool), 0), nil
	case uint32:
		return binary.LittleEndian.AppendUint32(appendKind(to, kindUint32), v), nil
	case int32:
		return binary.LittleEndian.AppendUint32(appendKind(to, kindInt32), uint32(v)), nil
	case uint64:
		return binary.LittleEndian.AppendUint64(appendKind(to, kindUint64), v), nil
	case float32:
		return binary.LittleEndian.AppendUint32(appendKind(to, kindFloat32), math.Float32bits(v)), nil
	case []string:
		to = appendArray(to, kindString, len(v))
		for _, text := range v {
			to = appendText(to, text)
		}
		return to, nil
	case []int32:
		to = appendArray(to, kindInt32, len(v))
		for _, n := range v {
			to = binary.LittleEndian.AppendUint32(to, uint32(n))
		}
		return to, nil
	case []uint32:
		to = appendArray(to, kindUint32, len(v))
		for _, n := range v {
			to = binary.LittleEndian.AppendUint32(to, n)
		}
		return to, nil
	case []float32:
		to = appendArray(to, kindFloat32, len(v))
		for _, x := range v {
			to = binary.LittleEndian.AppendUint32(to, math.Float32bits(x))
		}
		return to, nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be written", value)
}

// WriteFile writes to a new file and renames it to path, so that a reader never sees a part of it.
func WriteFile(path string, metadata []Pair, tensors []Tensor) error {
	return file.WriteFrom(path, 0o644, func(w io.Writer) error { return Write(w, metadata, tensors) })
}
