package cmd

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// printable returns a text of strangers that cannot act on a terminal: signs that are not printed, such as escape
// sequences and marks that reverse text, are spelled out.
func printable(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		case unicode.IsPrint(r) || r == '\n' || r == '\t':
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\u{%x}`, r)
		}
		text = text[size:]
	}
	return out.String()
}

// printableLine returns a text of strangers as one line of printable text.
func printableLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// printableName returns a name of strangers as one line, with line ends and tabs spelled out.
func printableName(name string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(printable(name))
}

// printableError is an error about files of strangers with a printable text.
type printableError struct{ error }

func (e printableError) Error() string { return printableName(e.error.Error()) }

func (e printableError) Unwrap() error { return e.error }

// visibleJSON returns encoded JSON with signs that a terminal must not see escaped. A parser reads the same strings.
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

func statusName(status datanettypes.ContributionStatus) string {
	return enumName(status.String(), "CONTRIBUTION_STATUS_")
}

// enumName returns the name of a constant for people: off-topic for OFF_TOPIC.
func enumName(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", "-")
}

// plural returns a number with a noun, which has an s unless the number is 1.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
