// Package amount reads and writes amounts of OPEN as people do. Programs and
// files of programs use whole numbers of aopen.
package amount

import (
	"fmt"
	"regexp"
	"strings"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Unit that people use: 1 OPEN = 10^18 aopen.
const Unit = "OPEN"

// decimals between a unit and aopen, by the name of the unit in small letters.
var decimals = map[string]int{
	strings.ToLower(Unit): rewardstypes.Decimals,
	rewardstypes.Denom:    0,
	"attoopen":            0,
}

var form = regexp.MustCompile(`^([0-9]+)(?:\.([0-9]+))?\s*([a-zA-Z][a-zA-Z0-9/:._-]*)?$`)

// Help says how amounts are written.
const Help = "1.5OPEN, or in base units 1500000000000000000aopen"

// Parse reads an amount with its unit as aopen. Only 0 needs no unit.
func Parse(text string) (math.Int, error) {
	whole, fraction, places, err := split(text)
	if err != nil {
		return math.Int{}, err
	}
	if len(fraction) > places {
		return math.Int{}, fmt.Errorf("%q is more exact than 1 %s: OPEN has %d decimals, %s has none", text,
			rewardstypes.Denom, rewardstypes.Decimals, rewardstypes.Denom)
	}
	// In front of a number a zero would mean octal.
	digits := strings.TrimLeft(whole+fraction+strings.Repeat("0", places-len(fraction)), "0")
	if digits == "" {
		return math.ZeroInt(), nil
	}
	value, ok := math.NewIntFromString(digits)
	if !ok {
		return math.Int{}, fmt.Errorf("%q is too large an amount", text)
	}
	return value, nil
}

// ParsePrice reads a price for a unit of gas, in aopen. It may be a fraction of one.
func ParsePrice(text string) (math.LegacyDec, error) {
	whole, fraction, places, err := split(text)
	if err != nil {
		return math.LegacyDec{}, err
	}
	if missing := places - len(fraction); missing > 0 {
		fraction += strings.Repeat("0", missing)
	}
	value, err := math.LegacyNewDecFromStr(whole + fraction[:places] + "." + fraction[places:] + "0")
	if err != nil {
		return math.LegacyDec{}, fmt.Errorf("price %q: %w", text, err)
	}
	return value, nil
}

// split takes an amount into digits before and after the point, and the decimals of its unit.
func split(text string) (whole, fraction string, places int, err error) {
	text = strings.TrimSpace(text)
	parts := form.FindStringSubmatch(text)
	if parts == nil {
		return "", "", 0, fmt.Errorf("%q is not an amount: write %s", text, Help)
	}
	whole, fraction = strings.TrimLeft(parts[1], "0"), strings.TrimRight(parts[2], "0")
	if whole == "" {
		whole = "0"
	}
	if parts[3] == "" {
		if whole == "0" && fraction == "" {
			return whole, fraction, 0, nil
		}
		return "", "", 0, fmt.Errorf("%q has no unit: write %sOPEN, or %saopen for base units (1 OPEN = 10^18 aopen)", text,
			text, text)
	}
	places, known := decimals[strings.ToLower(parts[3])]
	if !known {
		return "", "", 0, fmt.Errorf("%q: there is no %q on this chain: write %s", text, parts[3], Help)
	}
	return whole, fraction, places, nil
}

// ParseCoin reads an amount with its unit as a coin of aopen.
func ParseCoin(text string) (sdk.Coin, error) {
	value, err := Parse(text)
	if err != nil {
		return sdk.Coin{}, err
	}
	return sdk.NewCoin(rewardstypes.Denom, value), nil
}

// Format writes aopen as people read it, such as "1.5 OPEN", without rounding. Parse reads it.
func Format(aopen math.Int) string {
	if aopen.IsNil() {
		aopen = math.ZeroInt()
	}
	return rewardstypes.FormatOpen(aopen) + " " + Unit
}
