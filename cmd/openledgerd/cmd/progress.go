package cmd

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// progress prints what a command waits for. On a terminal it is one line that changes. Elsewhere it prints a line when
// the text changes.
type progress struct {
	out      io.Writer
	terminal bool
	open     bool
	last     string
	warned   map[string]bool
}

func newProgress(out io.Writer) *progress {
	file, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && term.IsTerminal(int(file.Fd())), warned: make(map[string]bool)}
}

// show prints what the command waits for, and how long that may take.
func (p *progress) show(what, time string) {
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s (%s)", what, time)
		p.open = true
	} else if what != p.last {
		fmt.Fprintf(p.out, "%s (%s)\n", what, time)
	}
	p.last = what
}

// clear removes the line from the terminal.
func (p *progress) clear() {
	if p.open {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.open = false
	}
}

// warn prints a warning, once for each text.
func (p *progress) warn(err error) {
	if !p.warned[err.Error()] {
		p.warned[err.Error()] = true
		p.clear()
		fmt.Fprintf(p.out, "warning: %v\n", err)
	}
}
