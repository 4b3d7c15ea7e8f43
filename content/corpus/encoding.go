package corpus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	utf8Mark    = []byte("\xEF\xBB\xBF")
	utf16LEMark = []byte("\xFF\xFE")
	utf16BEMark = []byte("\xFE\xFF")
	utf32LEMark = []byte("\xFF\xFE\x00\x00")
	utf32BEMark = []byte("\x00\x00\xFE\xFF")
)

// decodeText returns text as UTF-8 without a byte order mark. It reads UTF-8, and UTF-16 with a mark. Other encodings
// cannot be recognised with certainty: it refuses them, and the error says how to convert them.
func decodeText(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, utf32LEMark), bytes.HasPrefix(data, utf32BEMark):
		return nil, errors.New("is UTF-32: convert it with iconv -f UTF-32 -t UTF-8 OLD > NEW")
	case bytes.HasPrefix(data, utf16LEMark):
		return decodeUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, utf16BEMark):
		return decodeUTF16(data[2:], binary.BigEndian)
	}
	data = bytes.TrimPrefix(data, utf8Mark)
	if bytes.IndexByte(data, 0) >= 0 {
		if order := zeroOrder(data); order != "" {
			return nil, fmt.Errorf(
				"looks like UTF-16 without a byte order mark: convert it with iconv -f UTF-16%s -t UTF-8 OLD > NEW", order)
		}
		return nil, errors.New("holds binary data, not text")
	}
	if at := invalidUTF8(data); at >= 0 {
		if !utf8.FullRune(data[at:]) {
			return nil, errors.New("ends in the middle of a character: it is cut off")
		}
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		return nil, fmt.Errorf(
			"is not UTF-8 text: byte 0x%02X in line %d; save it as UTF-8, or convert it, for example with "+
				"iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW", data[at], line)
	}
	return data, nil
}

// invalidUTF8 returns the place of the first byte that is not UTF-8, or -1.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// zeroOrder returns the byte order of UTF-16 text, of which most second bytes are 0, or "".
func zeroOrder(data []byte) string {
	data = data[:min(len(data), 4096)&^1]
	even, odd := 0, 0
	for i := 0; i < len(data); i += 2 {
		if data[i] == 0 {
			even++
		}
		if data[i+1] == 0 {
			odd++
		}
	}
	switch pairs := len(data) / 2; {
	case pairs > 0 && odd*4 >= pairs*3 && even == 0:
		return "LE"
	case pairs > 0 && even*4 >= pairs*3 && odd == 0:
		return "BE"
	}
	return ""
}

func decodeUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, errors.New("is UTF-16 text that ends in the middle of a character: it is cut off")
	}
	out := make([]byte, 0, len(data)/2+len(data)/8)
	for i := 0; i < len(data); i += 2 {
		c := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(c) {
			var low rune
			if i+4 <= len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			at := i
			if c, i = utf16.DecodeRune(c, low), i+2; c == utf8.RuneError {
				return nil, fmt.Errorf("is UTF-16 text that is damaged at byte %d", at+2)
			}
		}
		if c == 0 {
			return nil, errors.New("holds binary data, not text")
		}
		out = utf8.AppendRune(out, c)
	}
	return out, nil
}
