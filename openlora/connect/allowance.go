package connect

import (
	"fmt"
	"strings"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
)

// Allowance is what may be spent in each hour, day or month, all in UTC.
type Allowance struct {
	Amount math.Int // aopen
	Per    string   // hour, day or month
}

// hourLayout names an hour; a day and a month are how it begins.
const hourLayout = "2006-01-02T15"

// lengths of how the name of an hour, a day and a month is written.
var lengths = map[string]int{"hour": len(hourLayout), "day": len("2006-01-02"), "month": len("2006-01")}

// ParseAllowance reads an allowance, such as 5OPEN/day.
func ParseAllowance(text string) (Allowance, error) {
	sum, per, found := strings.Cut(text, "/")
	if _, known := lengths[per]; !found || !known {
		return Allowance{}, fmt.Errorf(
			"%q is not a budget: write 5OPEN/day, or another amount for each hour or month",
			text,
		)
	}
	value, err := amount.Parse(sum)
	if err != nil {
		return Allowance{}, err
	}
	return Allowance{Amount: value, Per: per}, nil
}

// String writes what ParseAllowance reads.
func (a Allowance) String() string {
	if a.Per == "" {
		return ""
	}
	return strings.ReplaceAll(amount.Format(a.Amount), " ", "") + "/" + a.Per
}

// MarshalText implements encoding.TextMarshaler.
func (a Allowance) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Allowance) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAllowance(string(text))
	return err
}

// period is the beginning of the names of all hours in which the allowance of a time is spent.
func (a Allowance) period(now time.Time) string { return hour(now)[:lengths[a.Per]] }

// renews is when the next allowance begins.
func (a Allowance) renews(now time.Time) time.Time {
	now = now.UTC()
	switch a.Per {
	case "hour":
		return now.Truncate(time.Hour).Add(time.Hour)
	case "day":
		return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

func hour(now time.Time) string { return now.UTC().Format(hourLayout) }
