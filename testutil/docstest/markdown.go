package main

import (
	"fmt"
	"regexp"
	"strings"
)

// block is a stretch of commands in a page.
type block struct {
	// page and line say where it begins.
	page string
	line int
	// commands are what stands in it.
	commands string
	// until is a command that succeeds once the block, which goes on running, is ready; empty if the block ends by itself.
	until string
	// skip is the reason for which the block cannot run here.
	skip string
	// fails says that the block shows an error.
	fails bool
	// reader is whom the block is for; empty: everybody who reads the page.
	reader string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

var (
	fence     = regexp.MustCompile("^ *```(\\w*) *$")
	directive = regexp.MustCompile(`^ *<!-- docs-test: (.*?)(?: -->)?$`)
	program   = regexp.MustCompile(`^ *(?:export |[A-Z_]+=\S* )?(openledgerd|openlorad|make|curl|go|npm|pip|cd|for|git) `)
)

// blocks returns the blocks of commands of a page: those of the language sh, and those in comments,
//
//	<!-- docs-test: run
//	commands that stand for what a reader does by hand
//	-->
//
// A comment in the line before a block says how it is run:
//
//	<!-- docs-test: skip, REASON -->
//	<!-- docs-test: background until COMMAND -->
//	<!-- docs-test: fails -->
//
// and for whom what follows is:
//
//	<!-- docs-test: reader NAME -->
//
// A block of commands in another language than sh is an error: it would not be run.
func blocks(page, text string) ([]block, error) {
	var (
		found  []block
		next   block // what the last directive says
		reader string
		lines  = strings.Split(text, "\n")
	)
	for i := 0; i < len(lines); i++ {
		if match := directive.FindStringSubmatch(lines[i]); match != nil {
			verb, rest, _ := strings.Cut(match[1], " ")
			switch verb {
			case "skip,":
				next.skip = rest
			case "background":
				next.until = strings.TrimPrefix(rest, "until ")
			case "fails":
				next.fails = true
			case "reader":
				reader = rest
			case "run":
				hidden := block{page: page, line: i + 1, reader: reader}
				for i++; i < len(lines) && lines[i] != "-->"; i++ {
					hidden.commands += lines[i] + "\n"
				}
				found = append(found, hidden)
			default:
				return nil, fmt.Errorf("%s:%d: no directive %q", page, i+1, verb)
			}
			continue
		}
		match := fence.FindStringSubmatch(lines[i])
		if match == nil {
			if strings.TrimSpace(lines[i]) != "" && next != (block{}) {
				return nil, fmt.Errorf("%s:%d: a directive stands before no block", page, i)
			}
			continue
		}
		b := next
		b.page, b.line, b.reader, next = page, i+1, reader, block{}
		indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
			b.commands += strings.TrimPrefix(lines[i], strings.Repeat(" ", indent)) + "\n"
		}
		switch {
		case i == len(lines):
			return nil, fmt.Errorf("%s: the block does not end", b)
		case match[1] == "sh":
			found = append(found, b)
		case match[1] == "" && program.MatchString(b.commands):
			return nil, fmt.Errorf("%s: commands stand in a block that is not marked sh", b)
		}
	}
	return found, nil
}
