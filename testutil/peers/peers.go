// Package peers runs the programs of others that `make interop` unpacks to a folder, beside which tests compare what is
// ours. Nothing of them is installed: they run with the loader and the libraries of their own folder.
package peers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Root is the folder with the unpacked packages. A test without it is skipped.
func Root(t testing.TB) string {
	t.Helper()
	root := os.Getenv("OPENLEDGER_PEERS")
	if root == "" {
		t.Skip("SKIPPED, nothing was tested: OPENLEDGER_PEERS is not set; run make interop")
	}
	return root
}

func loader(root string) string { return filepath.Join(root, "usr/lib64/ld-linux-x86-64.so.2") }

// libraries is where the loader looks.
func libraries(root string) string {
	folder := filepath.Join(root, "usr/lib/x86_64-linux-gnu")
	path := []string{folder, filepath.Join(root, "usr/lib")}
	for _, name := range []string{"llama", "ggml", "blas", "lapack"} {
		path = append(path, filepath.Join(folder, name))
	}
	return strings.Join(path, ":")
}

// Command returns a command of one of the peers' programs, which ends with the test's process.
func Command(t testing.TB, program string, args ...string) *exec.Cmd {
	t.Helper()
	root := Root(t)
	program = filepath.Join(root, program)
	if _, err := os.Stat(program); err != nil {
		t.Skipf("SKIPPED, nothing was tested: %v", err)
	}
	cmd := exec.Command(loader(root), append([]string{"--library-path", libraries(root), program}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}
