package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openledger/openledger/slm/internal/filemap"
)

// Limits of what is read.
const (
	maxValues        = 1 << 12
	maxTensors       = 1 << 14
	maxKeyBytes      = 256
	maxNameBytes     = 128
	maxDimensions    = 4
	maxAlignment     = 1 << 16
	defaultAlignment = 32
	magic            = "GGUF"
	alignmentKey     = "general.alignment"
)

// A Tensor is one tensor of a file.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int  // row-major, [out, in]: the file's dimensions turned round
	Data  []byte // little endian; read only where it comes from a file

	// Load gives Data when the tensor is written, so that not all of them are in memory at once. It is used where Data is
	// nil.
	Load func() ([]byte, error)
}

// A File is an open file.
type File struct {
	data    []byte
	values  []value  // sorted by key
	tensors []Tensor // sorted by name
	mapped  *filemap.Map
}

// value is one entry of the metadata. Its bytes are data[at:end]; those of an array begin at its first element.
type value struct {
	key     string
	kind    kind
	element kind // of an array
	count   int  // of an array
	at, end int
}

// Open maps the file at path and parses it. Close it when nothing of it is used any more.
func Open(path string) (*File, error) {
	mapped, err := filemap.Open(path)
	if err != nil {
		return nil, err
	}
	file, err := Parse(mapped.Data)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), mapped.Close())
	}
	file.mapped = mapped
	return file, nil
}

// Close unmaps the file. Values and tensors must not be used afterwards.
func (f *File) Close() error {
	if f.mapped == nil {
		return nil
	}
	f.data = nil
	return f.mapped.Close()
}

// Tensors returns all tensors, sorted by name. The slice must not be changed.
func (f *File) Tensors() []Tensor { return f.tensors }

// Tensor returns the tensor with a name and reports whether there is one.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := slices.BinarySearchFunc(f.tensors, name, func(t Tensor, name string) int {
		return strings.Compare(t.Name, name)
	})
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Parse reads a whole file. Values and tensors are parts of data, which must not change afterwards.
func Parse(data []byte) (*File, error) {
	if len(data) < 24 || string(data[:4]) != magic {
		return nil, errors.New("not a GGUF file")
	}
	if version := binary.LittleEndian.Uint32(data[4:]); version != 2 && version != 3 {
		return nil, fmt.Errorf("GGUF version %d (or big endian) is not supported; convert the model to version 3, "+
			"little endian", version)
	}
	tensors, values := binary.LittleEndian.Uint64(data[8:]), binary.LittleEndian.Uint64(data[16:])
	if values > maxValues {
		return nil, fmt.Errorf("the file claims %d values of metadata; at most %d are read", values, maxValues)
	}
	if tensors > maxTensors {
		return nil, fmt.Errorf("the file claims %d tensors; at most %d are read", tensors, maxTensors)
	}
	file, r := &File{data: data}, &reader{data: data, pos: 24}
	for range values {
		v, err := r.value()
		if err != nil {
			return nil, fmt.Errorf("metadata: %w", err)
		}
		file.values = append(file.values, v)
	}
	slices.SortFunc(file.values, func(a, b value) int { return strings.Compare(a.key, b.key) })
	for i := 1; i < len(file.values); i++ {
		if file.values[i].key == file.values[i-1].key {
			return nil, fmt.Errorf("metadata: key %q occurs twice", file.values[i].key)
		}
	}
	if parts, ok := file.Uint("split.count"); ok && parts > 1 {
		return nil, fmt.Errorf("the file is one of %d parts; join them with llama-gguf-split --merge", parts)
	}
	return file, file.readTensors(r, int(tensors))
}

func (f *File) readTensors(r *reader, count int) error {
	alignment := uint64(defaultAlignment)
	if n, ok := f.Uint(alignmentKey); ok {
		alignment = n
	} else if f.Has(alignmentKey) {
		return fmt.Errorf("%s is not a whole number", alignmentKey)
	}
	if alignment == 0 || alignment > maxAlignment || alignment&(alignment-1) != 0 {
		return fmt.Errorf("%s is %d; it must be a power of two up to %d", alignmentKey, alignment, maxAlignment)
	}
	type place struct {
		tensor       int
		offset, size uint64
	}
	var places []place
	for i := range count {
		tensor, offset, err := r.tensor()
		if err != nil {
			return fmt.Errorf("tensors: %w", err)
		}
		size, err := tensor.Type.size(tensor.Shape)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", tensor.Name, err)
		}
		f.tensors, places = append(f.tensors, tensor), append(places, place{i, offset, size})
	}
	var start uint64
	if count > 0 {
		start = align(uint64(r.pos), alignment)
		if start > uint64(len(f.data)) {
			return errors.New("the file is cut short: the tensors are missing")
		}
	} else {
		start = uint64(len(f.data))
	}
	room, next := uint64(len(f.data))-start, uint64(0)
	slices.SortFunc(places, func(a, b place) int {
		if a.offset != b.offset {
			return compare(a.offset, b.offset)
		}
		return a.tensor - b.tensor
	})
	for _, p := range places {
		tensor := &f.tensors[p.tensor]
		if p.offset != next {
			return fmt.Errorf("tensor %q begins at byte %d of the tensors; the one before it ends at %d",
				tensor.Name, p.offset, next)
		}
		if p.size > room || p.offset > room-p.size {
			return fmt.Errorf("tensor %q has %d bytes at byte %d of the tensors; the file has %d: it is cut short",
				tensor.Name, p.size, p.offset, room)
		}
		from, to := start+p.offset, start+p.offset+p.size
		tensor.Data = f.data[from:to:to]
		next = align(p.offset+p.size, alignment)
	}
	if room > next {
		return fmt.Errorf("%d bytes behind the last tensor", room-next)
	}
	slices.SortFunc(f.tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(f.tensors); i++ {
		if f.tensors[i].Name == f.tensors[i-1].Name {
			return fmt.Errorf("tensor %q occurs twice", f.tensors[i].Name)
		}
	}
	return nil
}

func compare(a, b uint64) int {
	if a < b {
		return -1
	}
	return 1
}

// align rounds n up to a multiple of a power of two. n is far below 2^63.
func align(n, alignment uint64) uint64 { return (n + alignment - 1) &^ (alignment - 1) }

// reader reads numbers and strings off the front of data. Its methods fail where data ends.
type reader struct {
	data []byte
	pos  int
}

var errShort = errors.New("the file is cut short")

func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.data)-r.pos) {
		return nil, errShort
	}
	part := r.data[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return part, nil
}

func (r *reader) uint32() (uint32, error) {
	part, err := r.take(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(part), nil
}

func (r *reader) uint64() (uint64, error) {
	part, err := r.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(part), nil
}

func (r *reader) text() ([]byte, error) {
	n, err := r.uint64()
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

// name reads a string that is kept: not empty, UTF-8, and at most limit bytes.
func (r *reader) name(limit int) (string, error) {
	text, err := r.text()
	if err != nil {
		return "", err
	}
	if len(text) == 0 || len(text) > limit || !utf8.Valid(text) {
		return "", fmt.Errorf("a name must be 1 to %d bytes of UTF-8; one has %d", limit, len(text))
	}
	return string(text), nil
}

func (r *reader) value() (value, error) {
	key, err := r.name(maxKeyBytes)
	if err != nil {
		return value{}, err
	}
	n, err := r.uint32()
	if err != nil {
		return value{}, err
	}
	v := value{key: key, kind: kind(n), at: r.pos}
	if v.kind == kindArray {
		err = r.array(&v)
	} else {
		err = r.skip(v.kind, 1)
	}
	if err != nil {
		return value{}, fmt.Errorf("%s: %w", key, err)
	}
	v.end = r.pos
	return v, nil
}

func (r *reader) array(v *value) error {
	element, err := r.uint32()
	if err != nil {
		return err
	}
	count, err := r.uint64()
	if err != nil {
		return err
	}
	if count > uint64(len(r.data)-r.pos) {
		return errShort
	}
	v.element, v.count, v.at = kind(element), int(count), r.pos
	if v.element == kindArray {
		return errors.New("arrays of arrays are not supported")
	}
	return r.skip(v.element, v.count)
}

// skip passes over count values, each of which has at least one byte.
func (r *reader) skip(k kind, count int) error {
	if k == kindString {
		for range count {
			if _, err := r.text(); err != nil {
				return err
			}
		}
		return nil
	}
	width := k.width()
	if width == 0 {
		return fmt.Errorf("unknown kind of value %d", k)
	}
	if count > math.MaxInt/width {
		return errShort
	}
	_, err := r.take(uint64(count * width))
	return err
}

func (r *reader) tensor() (Tensor, uint64, error) {
	name, err := r.name(maxNameBytes)
	if err != nil {
		return Tensor{}, 0, err
	}
	dimensions, err := r.uint32()
	if err != nil {
		return Tensor{}, 0, err
	}
	if dimensions == 0 || dimensions > maxDimensions {
		return Tensor{}, 0, fmt.Errorf("tensor %q has %d dimensions; it must have 1 to %d", name, dimensions, maxDimensions)
	}
	tensor := Tensor{Name: name, Shape: make([]int, dimensions)}
	for i := range tensor.Shape {
		n, err := r.uint64()
		if err != nil {
			return Tensor{}, 0, err
		}
		if n == 0 || n > math.MaxInt32 {
			return Tensor{}, 0, fmt.Errorf("tensor %q has a dimension of %d", name, n)
		}
		tensor.Shape[len(tensor.Shape)-1-i] = int(n)
	}
	kind, err := r.uint32()
	if err != nil {
		return Tensor{}, 0, err
	}
	tensor.Type = Type(kind)
	offset, err := r.uint64()
	return tensor, offset, err
}
