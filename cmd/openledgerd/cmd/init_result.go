package cmd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// initResult is the result that the SDK's commands print which write a genesis.
type initResult struct {
	Moniker string `json:"moniker"`
	ChainID string `json:"chain_id"`
	NodeID  string `json:"node_id"`
}

// runForResult runs such a command and returns its result. The SDK writes it to the process's stderr, with the whole
// state of the genesis, so this output is read instead of shown. Every other line, such as a question, passes through.
func runForResult(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error) (initResult, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return initResult{}, err
	}
	shown := cmd.ErrOrStderr() // the process's own, which is another one while the command runs
	var object strings.Builder
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewReader(read)
		for {
			line, err := lines.ReadString('\n')
			if object.Len() > 0 || strings.TrimSpace(line) == "{" {
				object.WriteString(line)
			} else {
				_, _ = io.WriteString(shown, line)
			}
			if err != nil {
				return
			}
		}
	}()
	err = withStderr(write, func() error { return run(cmd, args) })
	_ = write.Close()
	<-done
	_ = read.Close()
	if err != nil {
		return initResult{}, err
	}
	var result initResult
	if err := json.Unmarshal([]byte(object.String()), &result); err != nil {
		return initResult{}, fmt.Errorf("read the output of %q: %w", cmd.CommandPath(), err)
	}
	return result, nil
}

// withStderr calls run with os.Stderr replaced by file.
func withStderr(file *os.File, run func() error) error {
	kept := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = kept }()
	return run()
}
