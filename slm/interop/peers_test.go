//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/openledger/openledger/testutil/peers"
)

// python runs a task of testdata/peers.py: request goes in as JSON, response comes out of it.
func python(t testing.TB, task string, request, response any) {
	t.Helper()
	input, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	cmd := peers.Command(t, "usr/bin/python3.14", "testdata/peers.py", task)
	root := peers.Root(t)
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
