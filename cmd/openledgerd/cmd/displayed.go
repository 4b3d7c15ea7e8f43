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

// displayed is what the SDK's commands that write a genesis show as their result.
type displayed struct {
	Moniker string `json:"moniker"`
	ChainID string `json:"chain_id"`
	NodeID  string `json:"node_id"`
}

// runDisplayed runs such a command. The SDK writes its result, with the whole state of the genesis in it, to the
// process's stderr: this is read instead of shown. Every other line, such as a question, passes through.
func runDisplayed(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error) (displayed, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return displayed{}, err
	}
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
				_, _ = io.WriteString(cmd.ErrOrStderr(), line)
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
		return displayed{}, err
	}
	var result displayed
	if err := json.Unmarshal([]byte(object.String()), &result); err != nil {
		return displayed{}, fmt.Errorf("read what %q has written: %w", cmd.CommandPath(), err)
	}
	return result, nil
}

// withStderr runs something that writes to os.Stderr by that name.
func withStderr(file *os.File, run func() error) error {
	kept := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = kept }()
	return run()
}
