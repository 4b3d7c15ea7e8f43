package main

import (
	"context"
	"fmt"
	"os"

	"github.com/openledger/openledger/testutil/chain"
)

// tb is a chain.TB outside of a test: what fails there ends the program.
type tb struct{}

var _ chain.TB = tb{}

func (tb) Helper()                  {}
func (tb) Name() string             { return "washsim" }
func (tb) Context() context.Context { return context.Background() }
func (tb) FailNow()                 { panic("the chain could not be started") }

func (tb) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (t tb) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	t.FailNow()
}

// TempDir is the application's home. Nothing is written there: the database is in memory.
func (tb) TempDir() string { return os.TempDir() }
