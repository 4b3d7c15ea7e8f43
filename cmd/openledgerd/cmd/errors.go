package cmd

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/server"
)

// rephrasedError is an error in other words.
type rephrasedError struct {
	text string
	error
}

// Error implements error.
func (e rephrasedError) Error() string { return e.text }

// Unwrap returns the error as it was made.
func (e rephrasedError) Unwrap() error { return e.error }

// phrases are texts that libraries add to errors and that tell the user nothing, and their replacements.
var phrases = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`rpc error: code = \w+ desc = `), ""},
	{regexp.MustCompile(`failed to execute message; message index: 0: `), ""},
	{regexp.MustCompile(` with gas used: '[0-9]+': unknown request$`), ""},
	{regexp.MustCompile(`strconv\.Parse(?:Ui|I)nt: parsing ("[^"]*"): .*$`), "$1 is not a whole number in its range"},
	{regexp.MustCompile(` \[[\w./@-]+\.go:[0-9]+\]`), ""},
}

// position matches an error of autocli, which names arguments by their position.
var position = regexp.MustCompile(`invalid argument (.*) for "--([0-9]+)" flag: `)

// rephrase returns an error with a text that users of a command understand.
func rephrase(cmd *cobra.Command, args []string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, part := range phrases {
		text = part.pattern.ReplaceAllString(text, part.with)
	}
	if match := position.FindStringSubmatch(text); match != nil {
		at, _ := strconv.Atoi(match[2])
		if names := argumentNames(cmd.Use, len(args)); at < len(names) {
			text = strings.Replace(text, match[0], strings.ToUpper(names[at])+": ", 1)
		}
	}
	for _, known := range explanations {
		if strings.Contains(text, known.pattern) {
			text = known.text
		}
	}
	if text == err.Error() {
		return err
	}
	return rephrasedError{text, err}
}

// startAnew ends the advice about a wrong genesis: the node has stored the genesis from which it could not start.
const startAnew = "; then forget the failed start with `openledgerd comet unsafe-reset-all`"

// explanations replace errors of the SDK and of CometBFT that contain a pattern by a text that says what to do.
var explanations = []struct{ pattern, text string }{
	{"signature verification failed; please verify account number (0)",
		"genesis.json holds a transaction of a validator (gentx) that was signed for another chain or changed since: " +
			"remove it from config/gentx, sign again with `openledgerd genesis gentx`, run `openledgerd genesis " +
			"collect-gentxs`" + startAnew},
	{"transaction indexing is disabled", "this node indexes no transactions: ask another one with --node, or let it " +
		"index those to come with `openledgerd config mode full` or `single`"},
	{"validator set is empty after InitGenesis",
		"genesis.json has no validator with at least 1 OPEN: add one with `openledgerd genesis gentx KEY 1000OPEN` and " +
			"`openledgerd genesis collect-gentxs`" + startAnew},
	{"state.AppHash does not match AppHash after replay",
		"the state of the application and the blocks of this node do not belong together: after `openledgerd snapshots " +
			"restore`, run `openledgerd comet bootstrap-state` before the first start; it needs statesync.rpc_servers, " +
			"trust_height and trust_hash in config.toml"},
}

// withoutPanic turns a panic of a command of the node into an error. --trace shows where it was.
func withoutPanic(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error) (err error) {
	if trace, _ := cmd.Flags().GetBool(server.FlagTrace); trace {
		return run(cmd, args)
	}
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("`%s` stopped: %w; --%s shows where", cmd.CommandPath(), reasonOf(reason), server.FlagTrace)
		}
	}()
	return run(cmd, args)
}

func reasonOf(reason any) error {
	if err, ok := reason.(error); ok {
		return err
	}
	return errors.New(fmt.Sprint(reason))
}
