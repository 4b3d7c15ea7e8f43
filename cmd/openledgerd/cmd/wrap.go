package cmd

import "github.com/spf13/cobra"

// wrapCommands makes all commands read amounts, print results and report errors in the same way.
func wrapCommands(cmd *cobra.Command, queries replyTypes) {
	for _, sub := range cmd.Commands() {
		wrapCommands(sub, queries)
	}
	completeHelp(cmd)
	run := cmd.RunE
	if run == nil || cmd.HasSubCommands() {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return rephrase(cmd, args, runWrapped(cmd, args, run, queries))
	}
}

// runWrapped calls the run of a command: it reads amounts before, and prints the result after it.
func runWrapped(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error, queries replyTypes) error {
	if takesAmounts(cmd) {
		var err error
		if args, err = readAmounts(cmd, args); err != nil {
			return err
		}
	}
	switch {
	case useOf(cmd) != asClient:
		return withoutPanic(cmd, args, run)
	case sendsTransaction(cmd):
		if err := run(cmd, args); err != nil {
			return err
		}
		return awaitBroadcast(cmd)
	}
	if printed, ok := printsTransactions(cmd); ok {
		return printTransactions(cmd, args, printed, run)
	}
	if queries.isModuleQuery(cmd) {
		return queries.print(cmd, args, run)
	}
	return run(cmd, args)
}
