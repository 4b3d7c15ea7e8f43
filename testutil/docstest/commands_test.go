package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	openledgerd "github.com/openledger/openledger/cmd/openledgerd/cmd"
	openlorad "github.com/openledger/openledger/cmd/openlorad/cmd"
)

var (
	inline = regexp.MustCompile("`([^`\n]+)`")
	// word is a word of a command line, quoted or not; an end is where the next command begins.
	word = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'[^']*'|[|;&()]+|#.*|[^\s|;&()]+`)
)

// TestPagesNameCommandsThatExist: every command of ours that a page names exists and has the flags that stand with it.
func TestPagesNameCommandsThatExist(t *testing.T) {
	t.Chdir("../..")
	roots := map[string]*cobra.Command{"openledgerd": openledgerd.NewRootCmd(), "openlorad": openlorad.NewRootCmd()}
	listed, err := exec.Command("git", "ls-files", "*.md").Output()
	require.NoError(t, err)
	pages, commands := 0, 0
	for _, page := range strings.Fields(string(listed)) {
		if page == "CHANGELOG.md" || strings.HasPrefix(page, "docs/adr/") {
			continue // they speak of what was
		}
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		pages++
		for _, line := range commandLines(string(text)) {
			for name, root := range roots {
				for _, args := range uses(line, name) {
					commands++
					if problem := check(root, args); problem != "" {
						t.Errorf("%s: %s %s: %s", page, name, strings.Join(args, " "), problem)
					}
				}
			}
		}
	}
	require.Greater(t, pages, 20)
	require.Greater(t, commands, 100)
}

// commandLines returns what stands in code, a line for each command line.
func commandLines(text string) []string {
	var lines []string
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			lines = append(lines, strings.Split(strings.ReplaceAll(part, "\\\n", " "), "\n")...)
			continue
		}
		for _, span := range inline.FindAllStringSubmatch(part, -1) {
			lines = append(lines, span[1])
		}
	}
	return lines
}

// uses returns the arguments of every use of a program in a line.
func uses(line, program string) [][]string {
	var (
		found   [][]string
		in      bool   // the words are arguments of the program
		command = true // the next word is a program
	)
	for _, w := range word.FindAllString(line, -1) {
		switch {
		case strings.ContainsAny(w[:1], "|;&()#>"), w == "…", w == "do":
			in, command = false, true
		case command && (w == program || strings.HasSuffix(w, "/"+program)):
			found, in, command = append(found, []string{}), true, false
		case in:
			found[len(found)-1] = append(found[len(found)-1], w)
		case command:
			command = strings.Contains(w, "=") || strings.HasSuffix(w, "$") // a variable, or what a command's output goes into
		}
	}
	return found
}

// check says what is wrong with a command line.
func check(root *cobra.Command, args []string) string {
	var names []string
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			break
		}
		names = append(names, arg)
	}
	cmd, rest, err := root.Find(names)
	if err != nil {
		return err.Error()
	}
	if len(rest) > 0 && cmd.HasSubCommands() && regexp.MustCompile(`^[a-z][a-z-]*$`).MatchString(rest[0]) {
		return "no command " + rest[0] + " in " + cmd.CommandPath()
	}
	for _, arg := range args {
		name, ok := strings.CutPrefix(arg, "--")
		name, _, _ = strings.Cut(name, "=")
		if !ok || name == "" || name == "help" {
			continue
		}
		if cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			return "no flag --" + name
		}
	}
	return ""
}
