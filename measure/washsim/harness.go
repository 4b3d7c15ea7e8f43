package main

import (
	"context"
	"fmt"
	"os"

	"github.com/openledger/openledger/testutil/chain"
)

// harness is a chain.TB outside of a test. A failure ends the program.
type harness struct{}

var _ chain.TB = harness{}

func (harness) Helper()                  {}
func (harness) Name() string             { return "washsim" }
func (harness) Context() context.Context { return context.Background() }
func (harness) FailNow()                 { panic("the chain could not be started") }

func (harness) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func (h harness) Fatalf(format string, args ...any) {
	h.Errorf(format, args...)
	h.FailNow()
}

// TempDir returns the application's home. Nothing is written there: the database is in memory.
func (harness) TempDir() string { return os.TempDir() }
