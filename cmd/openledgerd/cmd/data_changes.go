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

// printChanges says what was put right in the text of a file, with some of the words.
func printChanges(cmd *cobra.Command, file corpus.File) {
	if len(file.Changed) == 0 {
		return
	}
	counts := make([]string, len(file.Changed))
	for i, c := range file.Changed {
		counts[i] = counted(c.Count, c.Kind.Name())
	}
	cmd.PrintErrf("            put right: %s\n", strings.Join(counts, ", "))
	for _, change := range file.Changes {
		cmd.PrintErrf("              %s -> %s\n", spelled(change.From), shownName(change.To))
	}
	if file.MoreChanges {
		cmd.PrintErrf("              … and more; --%s N shows them\n", flagShowChanges)
	}
}

// spelled shows text that is put right: the signs that change are spelled out, and so is what a terminal must not see.
func spelled(text string) string {
	var out strings.Builder
	at := 0
	poa.EachChange([]byte(text), func(c poa.Change) bool {
		out.WriteString(shownName(text[at:c.Offset]))
		for _, r := range c.From {
			switch {
			case r == '\r':
				out.WriteString(`\r`)
			case r < utf8.RuneSelf && unicode.IsPrint(r):
				out.WriteRune(r)
			case r < utf8.RuneSelf:
				out.WriteString(shownName(string(r)))
			default:
				fmt.Fprintf(&out, `\u{%x}`, r)
			}
		}
		at = c.Offset + len(c.From)
		return true
	})
	out.WriteString(shownName(text[at:]))
	return out.String()
}

// visibleJSON spells out what a terminal must not see in an encoded value, as JSON does it: another parser reads the
// same strings.
func visibleJSON(encoded []byte) string {
	var out strings.Builder
	for _, r := range string(encoded) {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			out.WriteRune(r)
		case r > 0xFFFF:
			high, low := (r-0x10000)>>10+0xD800, (r-0x10000)&0x3FF+0xDC00
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
