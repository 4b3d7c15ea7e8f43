package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

func (f *File) value(key string) (value, bool) {
	i, ok := slices.BinarySearchFunc(f.values, key, func(v value, key string) int { return strings.Compare(v.key, key) })
	if !ok {
		return value{}, false
	}
	return f.values[i], true
}

// Has reports whether the metadata has a key.
func (f *File) Has(key string) bool {
	_, ok := f.value(key)
	return ok
}

// Keys lists the keys of the metadata, sorted.
func (f *File) Keys() []string {
	keys := make([]string, len(f.values))
	for i, v := range f.values {
		keys[i] = v.key
	}
	return keys
}

// Uint returns a whole number that is not negative, of any width, and reports whether key has one.
func (f *File) Uint(key string) (uint64, bool) {
	v, ok := f.value(key)
	if !ok {
		return 0, false
	}
	n, ok := integer(v.kind, f.data[v.at:v.end])
	return uint64(n), ok && n >= 0
}

// integer reads a number of up to 63 bits.
func integer(k kind, b []byte) (int64, bool) {
	switch k {
	case kindUint8:
		return int64(b[0]), true
	case kindInt8:
		return int64(int8(b[0])), true
	case kindUint16:
		return int64(binary.LittleEndian.Uint16(b)), true
	case kindInt16:
		return int64(int16(binary.LittleEndian.Uint16(b))), true
	case kindUint32:
		return int64(binary.LittleEndian.Uint32(b)), true
	case kindInt32:
		return int64(int32(binary.LittleEndian.Uint32(b))), true
	case kindUint64:
		n := binary.LittleEndian.Uint64(b)
		return int64(n), n <= math.MaxInt64
	case kindInt64:
		return int64(binary.LittleEndian.Uint64(b)), true
	}
	return 0, false
}

// Float returns a floating-point number and reports whether key has one.
func (f *File) Float(key string) (float64, bool) {
	v, ok := f.value(key)
	switch {
	case ok && v.kind == kindFloat32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(f.data[v.at:]))), true
	case ok && v.kind == kindFloat64:
		return math.Float64frombits(binary.LittleEndian.Uint64(f.data[v.at:])), true
	}
	return 0, false
}

// Bool returns a truth value and reports whether key has one.
func (f *File) Bool(key string) (value, ok bool) {
	v, ok := f.value(key)
	if !ok || v.kind != kindBool {
		return false, false
	}
	return f.data[v.at] != 0, true
}

// Text returns a string as it lies in the file and reports whether key has one. It may be invalid UTF-8.
func (f *File) Text(key string) (string, bool) {
	v, ok := f.value(key)
	if !ok || v.kind != kindString {
		return "", false
	}
	return string(f.data[v.at+8 : v.end]), true
}

// Len returns the number of elements of an array and reports whether key has one.
func (f *File) Len(key string) (int, bool) {
	v, ok := f.value(key)
	if !ok || v.kind != kindArray {
		return 0, false
	}
	return v.count, true
}

// EachText calls each with the elements of an array of strings, in order, until it returns an error. The bytes are a
// part of the file.
func (f *File) EachText(key string, each func(i int, text []byte) error) error {
	v, ok := f.value(key)
	if !ok || v.kind != kindArray || v.element != kindString {
		return fmt.Errorf("metadata: %s is not an array of strings", key)
	}
	r := &reader{data: f.data, pos: v.at}
	for i := range v.count {
		text, err := r.text()
		if err != nil {
			return err
		}
		if err := each(i, text); err != nil {
			return err
		}
	}
	return nil
}

// EachFloat calls each with the elements of an array of 32-bit floats, in order, until it returns an error.
func (f *File) EachFloat(key string, each func(i int, x float32) error) error {
	v, ok := f.value(key)
	if !ok || v.kind != kindArray || v.element != kindFloat32 {
		return fmt.Errorf("metadata: %s is not an array of floats", key)
	}
	for i := range v.count {
		if err := each(i, math.Float32frombits(binary.LittleEndian.Uint32(f.data[v.at+4*i:]))); err != nil {
			return err
		}
	}
	return nil
}

// EachInt calls each with the elements of an array of whole numbers of any width, in order, until it returns an error.
func (f *File) EachInt(key string, each func(i int, n int64) error) error {
	v, ok := f.value(key)
	width := v.element.width()
	if !ok || v.kind != kindArray || width == 0 {
		return fmt.Errorf("metadata: %s is not an array of whole numbers", key)
	}
	for i := range v.count {
		n, ok := integer(v.element, f.data[v.at+width*i:])
		if !ok {
			return fmt.Errorf("metadata: %s is not an array of whole numbers", key)
		}
		if err := each(i, n); err != nil {
			return err
		}
	}
	return nil
}
