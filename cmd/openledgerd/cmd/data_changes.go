package cmd

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/poa"
)

// printChanges prints what was put right in the text of a file, with some of the words.
func printChanges(cmd *cobra.Command, file corpus.File) {
	if len(file.Changed) == 0 {
		return
	}
	counts := make([]string, len(file.Changed))
	for i, c := range file.Changed {
		counts[i] = plural(c.Count, c.Kind.Name())
	}
	cmd.PrintErrf("            put right: %s\n", strings.Join(counts, ", "))
	for _, change := range file.Changes {
		cmd.PrintErrf("              %s -> %s\n", spellOut(change.From), printableName(change.To))
	}
	if file.MoreChanges {
		cmd.PrintErrf("              … and more; --%s N shows them\n", flagShowChanges)
	}
}

// spellOut returns text that is put right with the signs that change spelled out, and those that a terminal must not
// see.
func spellOut(text string) string {
	var out strings.Builder
	at := 0
	poa.EachChange([]byte(text), func(c poa.Change) bool {
		out.WriteString(printableName(text[at:c.Offset]))
		for _, r := range c.From {
			switch {
			case r == '\r':
				out.WriteString(`\r`)
			case r < utf8.RuneSelf && unicode.IsPrint(r):
				out.WriteRune(r)
			case r < utf8.RuneSelf:
				out.WriteString(printableName(string(r)))
			default:
				fmt.Fprintf(&out, `\u{%x}`, r)
			}
		}
		at = c.Offset + len(c.From)
		return true
	})
	out.WriteString(printableName(text[at:]))
	return out.String()
}
