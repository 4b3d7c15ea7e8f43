package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/openledger/openledger/slm/internal/filemap"
	"github.com/openledger/openledger/slm/internal/jsonscan"
)

// Limits of a header. Headers of models with a thousand layers have less than 2 MB.
const (
	minHeaderLimit = 1 << 20 // bytes that every header may have
	headerShare    = 32      // and this part of the file's size
	maxTensors     = 1 << 14
	maxDimensions  = 8
	maxMetadata    = 1 << 16 // bytes of keys and values
)

// sizes of the format's dtypes in bytes. Types of less than a byte are not known here.
var sizes = map[string]int{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
	"U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}

// A Tensor is one entry of a file.
type Tensor struct {
	Name  string
	DType string // the format's word: F32, F16, BF16, I64, …
	Shape []int  // row-major; empty for a scalar
	Data  []byte // little endian; read only where it comes from a file

	// Load gives Data when the tensor is written, so that not all of them are in memory at once. It is used where Data is
	// nil.
	Load func() ([]byte, error)
}

// A File is an open file of tensors.
type File struct {
	Metadata map[string]string // the header's __metadata__, such as format: pt
	tensors  []Tensor          // sorted by name
	mapped   *filemap.Map
}

// Open maps the file at path and parses it. Close it when no tensor of it is used any more.
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

// Close unmaps the file. Tensors must not be used afterwards.
func (f *File) Close() error {
	if f.mapped == nil {
		return nil
	}
	return f.mapped.Close()
}

// Tensors returns all tensors, sorted by name. The slice must not be changed.
func (f *File) Tensors() []Tensor { return f.tensors }

// Tensor returns the tensor with a name and reports whether there is one.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := slices.BinarySearchFunc(f.tensors, name, func(t Tensor, name string) int { return compare(t.Name, name) })
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Parse reads a whole file. Its tensors are parts of data, which must not change afterwards.
func Parse(data []byte) (*File, error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("not a safetensors file: it has %d bytes", len(data))
	}
	length := binary.LittleEndian.Uint64(data)
	if limit := uint64(minHeaderLimit + len(data)/headerShare); length > limit {
		return nil, fmt.Errorf("not a safetensors file, or a hostile one: its header claims %d bytes; at most %d are read "+
			"of a file of this size", length, limit)
	}
	if length > uint64(len(data)-8) {
		return nil, fmt.Errorf("the file is cut short: the header has %d bytes, %d are there", length, len(data)-8)
	}
	header, body := data[8:8+length], data[8+length:]
	file := &File{}
	var places [][2]int64
	scan := jsonscan.New(header)
	err := scan.Object(func(key string) error {
		if key == "__metadata__" {
			return file.readMetadata(scan)
		}
		tensor, place, err := readEntry(scan, key, int64(len(body)))
		if err != nil {
			return err
		}
		if len(places) == maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		tensor.Data = body[place[0]:place[1]:place[1]]
		file.tensors, places = append(file.tensors, tensor), append(places, place)
		return nil
	})
	if err == nil {
		err = scan.End()
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if err := checkPlaces(places, int64(len(body))); err != nil {
		return nil, err
	}
	slices.SortFunc(file.tensors, func(a, b Tensor) int { return compare(a.Name, b.Name) })
	for i := 1; i < len(file.tensors); i++ {
		if file.tensors[i].Name == file.tensors[i-1].Name {
			return nil, fmt.Errorf("tensor %q occurs twice", file.tensors[i].Name)
		}
	}
	return file, nil
}

func (f *File) readMetadata(scan *jsonscan.Scanner) error {
	if f.Metadata != nil {
		return errors.New("__metadata__ occurs twice")
	}
	f.Metadata = map[string]string{}
	size := 0
	return scan.Object(func(key string) error {
		value, err := scan.String()
		if err != nil {
			return err
		}
		if size += len(key) + len(value); size > maxMetadata {
			return fmt.Errorf("__metadata__ has more than %d bytes", maxMetadata)
		}
		f.Metadata[key] = value
		return nil
	})
}

// readEntry reads one tensor's description and checks that its bytes lie in a body of the given size.
func readEntry(scan *jsonscan.Scanner, name string, body int64) (Tensor, [2]int64, error) {
	tensor := Tensor{Name: name}
	var place [2]int64
	seen := 0
	err := scan.Object(func(key string) (err error) {
		switch key {
		case "dtype":
			seen |= 1
			var word []byte
			if word, err = scan.Text(nil); err == nil {
				tensor.DType, err = dtype(word)
			}
		case "shape":
			seen |= 2
			tensor.Shape, err = readShape(scan)
		case "data_offsets":
			seen |= 4
			n := 0
			err = scan.Array(func() error {
				if n == 2 {
					return errors.New("data_offsets has more than two numbers")
				}
				var err error
				place[n], err = scan.Int()
				n++
				return err
			})
			if err == nil && n != 2 {
				err = errors.New("data_offsets needs two numbers")
			}
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		return err
	})
	if err == nil && seen != 7 {
		err = errors.New("needs dtype, shape and data_offsets")
	}
	if err == nil {
		err = tensor.check(place, body)
	}
	if err != nil {
		return Tensor{}, place, fmt.Errorf("tensor %q: %w", name, err)
	}
	return tensor, place, nil
}

// dtype returns a word that is shared by all tensors.
func dtype(word []byte) (string, error) {
	for known := range sizes {
		if known == string(word) {
			return known, nil
		}
	}
	return "", fmt.Errorf("unknown dtype %q", word)
}

func readShape(scan *jsonscan.Scanner) ([]int, error) {
	var shape [maxDimensions]int
	n := 0
	err := scan.Array(func() error {
		size, err := scan.Int()
		switch {
		case err != nil:
			return err
		case n == maxDimensions:
			return fmt.Errorf("more than %d dimensions", maxDimensions)
		case size < 0 || int64(int(size)) != size:
			return fmt.Errorf("dimension %d is out of range", size)
		}
		shape[n] = int(size)
		n++
		return nil
	})
	return slices.Clone(shape[:n]), err
}

// check compares a tensor's size with its place in a body of the given size.
func (t Tensor) check(place [2]int64, body int64) error {
	if place[0] < 0 || place[1] < place[0] || place[1] > body {
		return fmt.Errorf("bytes %d to %d are not in the file, which has %d behind its header", place[0], place[1], body)
	}
	size, ok := t.size()
	if !ok || size != uint64(place[1]-place[0]) {
		return fmt.Errorf("%s %v does not have %d bytes", t.DType, t.Shape, place[1]-place[0])
	}
	return nil
}

// size is the number of bytes of a tensor; ok is false if it does not fit into 63 bits.
func (t Tensor) size() (size uint64, ok bool) {
	size = uint64(sizes[t.DType])
	if slices.Contains(t.Shape, 0) {
		return 0, true
	}
	for _, n := range t.Shape {
		high, low := bits.Mul64(size, uint64(n))
		if size = low; high != 0 || size >= 1<<63 {
			return 0, false
		}
	}
	return size, true
}

// checkPlaces checks that tensors fill the body without a gap or an overlap.
func checkPlaces(places [][2]int64, body int64) error {
	slices.SortFunc(places, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) })
	var end int64
	for _, place := range places {
		if place[0] != end {
			return fmt.Errorf("tensors overlap or leave a gap at byte %d behind the header", min(end, place[0]))
		}
		end = place[1]
	}
	if end != body {
		return fmt.Errorf("tensors end at byte %d behind the header, the file at %d", end, body)
	}
	return nil
}
