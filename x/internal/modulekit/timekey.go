package modulekit

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"cosmossdk.io/collections/codec"
)

// TimeKey has moments as keys, in order: 8 bytes of Unix seconds, their sign bit turned around, and 4 bytes of
// nanoseconds, both big-endian. It holds every moment that a protobuf timestamp can, the zero time included. The SDK's
// own key of text is deprecated, and package collections has moments as values only.
var TimeKey codec.KeyCodec[time.Time] = timeKey{}

type timeKey struct{}

const timeKeyBytes = 12

// Encode implements codec.KeyCodec.
func (timeKey) Encode(buffer []byte, key time.Time) (int, error) {
	if len(buffer) < timeKeyBytes {
		return 0, fmt.Errorf("%w: %d bytes for a time, it takes %d", codec.ErrEncoding, len(buffer), timeKeyBytes)
	}
	binary.BigEndian.PutUint64(buffer, uint64(key.Unix())^1<<63)
	binary.BigEndian.PutUint32(buffer[8:], uint32(key.Nanosecond()))
	return timeKeyBytes, nil
}

// Decode implements codec.KeyCodec.
func (timeKey) Decode(buffer []byte) (int, time.Time, error) {
	if len(buffer) < timeKeyBytes {
		return 0, time.Time{}, fmt.Errorf("%w: a time of %d bytes, it has %d", codec.ErrEncoding, len(buffer), timeKeyBytes)
	}
	seconds, nanoseconds := int64(binary.BigEndian.Uint64(buffer)^1<<63), binary.BigEndian.Uint32(buffer[8:])
	if nanoseconds >= uint32(time.Second) {
		return 0, time.Time{}, fmt.Errorf("%w: %d nanoseconds in a second", codec.ErrEncoding, nanoseconds)
	}
	return timeKeyBytes, time.Unix(seconds, int64(nanoseconds)).UTC(), nil
}

// Size implements codec.KeyCodec.
func (timeKey) Size(time.Time) int { return timeKeyBytes }

// EncodeJSON implements codec.KeyCodec.
func (timeKey) EncodeJSON(key time.Time) ([]byte, error) { return json.Marshal(key.UTC()) }

// DecodeJSON implements codec.KeyCodec.
func (timeKey) DecodeJSON(data []byte) (key time.Time, err error) {
	err = json.Unmarshal(data, &key)
	return key.UTC(), err
}

// Stringify implements codec.KeyCodec.
func (timeKey) Stringify(key time.Time) string { return key.UTC().Format(time.RFC3339Nano) }

// KeyType implements codec.KeyCodec.
func (timeKey) KeyType() string { return "time" }

// EncodeNonTerminal implements codec.KeyCodec.
func (k timeKey) EncodeNonTerminal(buffer []byte, key time.Time) (int, error) {
	return k.Encode(buffer, key)
}

// DecodeNonTerminal implements codec.KeyCodec.
func (k timeKey) DecodeNonTerminal(buffer []byte) (int, time.Time, error) { return k.Decode(buffer) }

// SizeNonTerminal implements codec.KeyCodec.
func (timeKey) SizeNonTerminal(time.Time) int { return timeKeyBytes }
