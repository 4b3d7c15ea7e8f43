package chain

import "context"

// TB is what a chain needs of a test: a testing.TB has it, and programs that measure bring their own.
type TB interface {
	Helper()
	Name() string
	Context() context.Context
	TempDir() string
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	FailNow()
}
