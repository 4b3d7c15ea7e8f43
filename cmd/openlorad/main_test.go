package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/hermetic"
)

// asProgram has the test program be openlorad.
const asProgram = "OPENLORAD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	hermetic.Main(m)
}

// TestProgram: results are on stdout, errors on stderr with the name of the program, and say so in the exit status.
// What a gateway writes into an error does not act on the terminal.
func TestProgram(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"message":"no\u001b]0;owned\u0007 account"}}`)
	}))
	defer gateway.Close()
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"version"}, 0, "\n", ""},
		{[]string{"session", "list", "--json"}, 0, "[]\n", ""},
		{[]string{"sing"}, 1, "", `openlorad: unknown command "sing" for "openlorad"` + "\n"},
		{[]string{"ask"}, 1, "", "openlorad: accepts 1 arg(s), received 0\n"},
		{[]string{"earnings", "x", "--gateway", gateway.URL}, 1, "", "openlorad: no␛]0;owned␇ account\n"},
	} {
		command := exec.Command(os.Args[0], append(c.args, "--home", t.TempDir())...)
		command.Env = append(os.Environ(), asProgram+"=1")
		var stdout, stderr bytes.Buffer
		command.Stdout, command.Stderr = &stdout, &stderr
		err := command.Run()
		require.Equal(t, c.code, command.ProcessState.ExitCode(), "%v: %v: %s", c.args, err, stderr.String())
		require.Equal(t, c.stdout, stdout.String(), "%v", c.args)
		require.Equal(t, c.stderr, stderr.String(), "%v", c.args)
	}
}
