package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/openledger/openledger/testutil/chain"
)

// harness is a chain.TB outside of a test. A failure becomes an error.
type harness struct{ dirs []string }

var _ chain.TB = (*harness)(nil)

type failure string

// use runs something with a harness, and returns its failure as an error.
func use(run func(t chain.TB) error) (err error) {
	h := &harness{}
	defer func() {
		for _, dir := range h.dirs {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		switch failed := recover().(type) {
		case nil:
		case failure:
			err = fmt.Errorf("%s", string(failed))
		default:
			panic(failed)
		}
	}()
	return run(h)
}

func (h *harness) Helper()                           {}
func (h *harness) Name() string                      { return "bench" }
func (h *harness) Context() context.Context          { return context.Background() }
func (h *harness) FailNow()                          { panic(failure("the application's harness failed")) }
func (h *harness) Errorf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }
func (h *harness) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

func (h *harness) TempDir() string {
	dir, err := os.MkdirTemp("", "openledger-bench-")
	if err != nil {
		panic(failure(err.Error()))
	}
	h.dirs = append(h.dirs, dir)
	return dir
}
