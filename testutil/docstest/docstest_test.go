package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const fenced = "```"

func TestBlocksOfAPage(t *testing.T) {
	found, err := blocks(
		"p.md", "# Page\n\n"+fenced+"sh\nopenledgerd status\n"+fenced+"\n\n"+fenced+"\nwhat it prints\n"+fenced+"\n"+
			"<!-- docs-test: skip, needs a bucket -->\n"+fenced+"sh\na\n"+fenced+"\n"+
			"<!-- docs-test: background until curl -sf http://x -->\n"+fenced+"sh\nb\n"+fenced+"\n"+
			"<!-- docs-test: run\nc\nd\n-->\n"+
			"1. item\n\n   <!-- docs-test: fails -->\n   "+fenced+"sh\n   e\n     f\n   "+fenced+"\n")
	require.NoError(t, err)
	require.Equal(t, []block{
		{page: "p.md", line: 3, commands: "openledgerd status\n"},
		{page: "p.md", line: 11, commands: "a\n", skip: "needs a bucket"},
		{page: "p.md", line: 15, commands: "b\n", until: "curl -sf http://x"},
		{page: "p.md", line: 18, commands: "c\nd\n"},
		{page: "p.md", line: 25, commands: "e\n  f\n", fails: true},
	}, found)

	for name, page := range map[string]string{
		"commands that would not be run":      fenced + "\nopenledgerd status\n" + fenced,
		"a block without an end":              fenced + "sh\nopenledgerd status\n",
		"a directive of another name":         "<!-- docs-test: perhaps -->\n" + fenced + "sh\na\n" + fenced,
		"a directive that says nothing of it": "<!-- docs-test: fails -->\nText.\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := blocks("p.md", page)
			require.Error(t, err)
		})
	}
}

func TestSessionsKeepVariablesAndFolders(t *testing.T) {
	s, err := open(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	run := func(b block) string {
		out, err := s.run(t.Context(), b)
		require.NoError(t, err, out)
		return out
	}
	run(block{commands: "A='one two'\nmkdir x && cd x\n"})
	require.Equal(t, "one two x", run(block{commands: `echo "$A $(basename "$PWD")"`}))
	require.Equal(t, "y", run(block{commands: "read answer\necho $answer"}))
	run(block{commands: "echo ready > file; sleep 100", until: "grep ready file"})
	run(block{commands: "false", fails: true})
	run(block{commands: "sleep 100 &\necho on"})

	for name, b := range map[string]block{
		"a command that fails":        {commands: "false\necho on"},
		"in a pipe":                   {commands: "false | cat"},
		"an error that exits with 0":  {commands: "echo 'Error: no such DataNet'"},
		"an error that does not show": {commands: "true", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.run(t.Context(), b)
			require.Error(t, err)
		})
	}
}
