package amount

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"1.5OPEN": "1500000000000000000", "1.5 OPEN": "1500000000000000000", "1.5open": "1500000000000000000",
		"007Open":                  "7000000000000000000",
		"0.000000000000000001OPEN": "1", "1.50000000000000000000OPEN": "1500000000000000000",
		"400aopen": "400", "400AOPEN": "400", "3attoopen": "3", "0": "0", "0.0": "0", "0OPEN": "0", "1.0aopen": "1",
		"1000000000OPEN": "1000000000000000000000000000",
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.String(), text)
	}
	for text, reason := range map[string]string{
		"400":                       `"400" has no unit: write 400OPEN, or 400aopen`,
		"1.5":                       "has no unit",
		"5uatom":                    `there is no "uatom" on this chain: write 1.5OPEN`,
		"5stake":                    `there is no "stake"`,
		"":                          `"" is not an amount`,
		"OPEN":                      "is not an amount",
		"-1OPEN":                    "is not an amount",
		"1,5OPEN":                   "is not an amount",
		"1e3OPEN":                   `there is no "e3OPEN"`,
		".5OPEN":                    "is not an amount",
		"0.0000000000000000001OPEN": "more exact than 1 aopen",
		"1.5aopen":                  "more exact than 1 aopen",
		"99999999999999999999999999999999999999999999999999999999999999999999999999999999OPEN": "too large",
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, reason, text)
	}
}

func TestParsePrice(t *testing.T) {
	for text, want := range map[string]string{
		"1000000000aopen": "1000000000.000000000000000000", "0.000000001OPEN": "1000000000.000000000000000000",
		"0.5aopen": "0.500000000000000000", "0": "0.000000000000000000", "0.0000000000000000015OPEN": "1.500000000000000000",
	} {
		got, err := ParsePrice(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got.String(), text)
	}
	_, err := ParsePrice("5")
	require.ErrorContains(t, err, "has no unit")
}

// TestFormatIsRead: what is printed can be typed.
func TestFormatIsRead(t *testing.T) {
	require.Equal(t, "1.5 OPEN", Format(math.NewInt(1_500_000_000_000_000_000)))
	require.Equal(t, "0 OPEN", Format(math.Int{}))
	rapid.Check(t, func(t *rapid.T) {
		want := math.NewIntFromUint64(rapid.Uint64().Draw(t, "low")).Mul(
			math.NewIntFromUint64(rapid.Uint64().Draw(t, "high")))
		got, err := Parse(Format(want))
		require.NoError(t, err)
		require.Equal(t, want.String(), got.String())
	})
}
