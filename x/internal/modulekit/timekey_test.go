package modulekit

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTimesAreKeysInOrder(t *testing.T) {
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "odd") {
			return rapid.SampledFrom(
				[]time.Time{{}, time.Unix(0, 0), time.Unix(-1, 999_999_999),
					time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)}).Draw(t, "time")
		}
		return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"),
			rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := moment.Draw(t, "a"), moment.Draw(t, "b")
		one, other := make([]byte, timeKeyBytes), make([]byte, timeKeyBytes+3)
		n, err := TimeKey.Encode(one, a)
		require.NoError(t, err)
		require.Equal(t, TimeKey.Size(a), n)
		n, err = TimeKey.EncodeNonTerminal(other, b)
		require.NoError(t, err)
		require.Equal(t, a.Compare(b), bytes.Compare(one, other[:n]))

		read, back, err := TimeKey.DecodeNonTerminal(other)
		require.NoError(t, err)
		require.Equal(t, n, read)
		require.Equal(t, b.UTC(), back)
		text, err := TimeKey.EncodeJSON(a)
		require.NoError(t, err)
		back, err = TimeKey.DecodeJSON(text)
		require.NoError(t, err)
		require.Equal(t, a.UTC(), back)
	})
}

func TestWhatIsNoTimeIsRefused(t *testing.T) {
	_, err := TimeKey.Encode(make([]byte, timeKeyBytes-1), time.Time{})
	require.ErrorContains(t, err, "it takes 12")
	_, _, err = TimeKey.Decode(make([]byte, timeKeyBytes-1))
	require.ErrorContains(t, err, "it has 12")
	_, _, err = TimeKey.Decode(bytes.Repeat([]byte{0xff}, timeKeyBytes))
	require.ErrorContains(t, err, "nanoseconds")
	_, err = TimeKey.DecodeJSON([]byte(`"yesterday"`))
	require.Error(t, err)
	require.Equal(t, "2030-01-01T00:00:00.5Z", TimeKey.Stringify(time.Date(2030, 1, 1, 0, 0, 0, 500_000_000, time.UTC)))
}
