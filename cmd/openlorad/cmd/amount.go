package cmd

import (
	"cosmossdk.io/math"

	"github.com/spf13/pflag"

	"github.com/openledger/openledger/amount"
)

// amountFlag is an amount as people write it.
type amountFlag struct {
	text  string
	value math.Int
}

func newAmountFlag(text string) *amountFlag {
	a := new(amountFlag)
	if err := a.Set(text); err != nil {
		panic(err) // a default
	}
	return a
}

// Set implements pflag.Value.
func (a *amountFlag) Set(text string) error {
	value, err := amount.Parse(text)
	if err == nil {
		a.text, a.value = text, value
	}
	return err
}

// String implements pflag.Value.
func (a *amountFlag) String() string { return a.text }

// Type implements pflag.Value.
func (*amountFlag) Type() string { return "amount" }

// amountOf returns the value of a flag in aopen.
func amountOf(flags *pflag.FlagSet, name string) math.Int {
	return flags.Lookup(name).Value.(*amountFlag).value
}
