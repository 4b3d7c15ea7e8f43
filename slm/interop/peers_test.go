//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// peers is the folder with the unpacked packages.
func peers(t testing.TB) string {
	root := os.Getenv("OPENLEDGER_PEERS")
	if root == "" {
		t.Skip("SKIPPED, nothing was tested: OPENLEDGER_PEERS is not set; run make interop")
	}
	return root
}

// peer returns a command of one of the peers' programs, run by the peers' own loader and libraries.
func peer(t testing.TB, program string, args ...string) *exec.Cmd {
	root := peers(t)
	libraries := filepath.Join(root, "usr/lib/x86_64-linux-gnu")
	path := []string{libraries, filepath.Join(root, "usr/lib")}
	for _, folder := range []string{"llama", "ggml", "blas", "lapack"} {
		path = append(path, filepath.Join(libraries, folder))
	}
	loader := filepath.Join(root, "usr/lib64/ld-linux-x86-64.so.2")
	if _, err := os.Stat(filepath.Join(root, program)); err != nil {
		t.Skipf("SKIPPED, nothing was tested: %v", err)
	}
	args = append([]string{"--library-path", strings.Join(path, ":"), filepath.Join(root, program)}, args...)
	cmd := exec.Command(loader, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that is killed leaves nothing running
	return cmd
}

// python runs a task of testdata/peers.py: request goes in as JSON, response comes out of it.
func python(t testing.TB, task string, request, response any) {
	t.Helper()
	input, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	cmd := peer(t, "usr/bin/python3.14", "testdata/peers.py", task)
	root := peers(t)
	cmd.Env = append(os.Environ(), "PYTHONHOME="+filepath.Join(root, "usr"),
		"PYTHONPATH="+filepath.Join(root, "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE=1", "HF_HUB_OFFLINE=1",
		"TOKENIZERS_PARALLELISM=false", "PYTHONWARNINGS=ignore", "HOME="+t.TempDir())
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("python: %v\n%s", err, log.String())
	}
	if err := json.Unmarshal(out.Bytes(), response); err != nil {
		t.Fatalf("python: %v\n%.2000s\n%s", err, out.String(), log.String())
	}
}
