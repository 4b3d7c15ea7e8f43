package cmd

import "github.com/spf13/cobra"

// unify has every command read amounts, print results, and say what went wrong, in the same way.
func unify(cmd *cobra.Command, queries answers) {
	for _, sub := range cmd.Commands() {
		unify(sub, queries)
	}
	reword(cmd)
	run := cmd.RunE
	if run == nil || cmd.HasSubCommands() {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return say(cmd, args, perform(cmd, args, run, queries))
	}
}

func perform(cmd *cobra.Command, args []string, run func(*cobra.Command, []string) error, queries answers) error {
	if takesAmounts(cmd) {
		var err error
		if args, err = readAmounts(cmd, args); err != nil {
			return err
		}
	}
	switch {
	case useOf(cmd) != asClient:
		return withoutPanic(cmd, args, run)
	case sends(cmd):
		if err := run(cmd, args); err != nil {
			return err
		}
		return finish(cmd)
	}
	if printed, ok := printsTransactions(cmd); ok {
		return printTransactions(cmd, args, printed, run)
	}
	if queries.hears(cmd) {
		return queries.print(cmd, args, run)
	}
	return run(cmd, args)
}
