// Command genmeaning makes lists of words that mean the same, in English and in other languages, from unpacked packages
// of dictionaries, catalogues of messages and translated documents. The lists are what a table of meaning is made of.
//
//	go run ./poa/internal/genmeaning -root /folder -out /folder sources.txt
//
// See README.md for what it reads and what it writes. The output depends on the files only.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	root := flag.String("root", ".", "folder that the paths of the sources are below")
	out := flag.String("out", ".", "folder to write to")
	only := flag.String("only", "", "languages to align, with commas between; all if empty")
	step := flag.String(
		"step", "all", "texts: only collect the texts; lists: make the lists from texts collected before; all")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*root, *out, flag.Arg(0), *only, *step); err != nil {
		fmt.Fprintln(os.Stderr, "genmeaning:", err)
		os.Exit(1)
	}
}

func run(root, out, list, only, step string) error {
	s, err := readSources(root, list)
	if err != nil {
		return err
	}
	if only != "" {
		wanted = map[string]bool{}
		for lang := range strings.SplitSeq(only, ",") {
			wanted[lang] = true
		}
	}
	if step != "lists" {
		if err := s.collect(filepath.Join(out, "texts")); err != nil {
			return err
		}
	}
	if step == "texts" {
		return nil
	}
	return s.lists(out, only)
}

// source is a line of the list of sources: its kind, the files its pattern stands for, and what else the line says.
type source struct {
	kind  string
	paths []string
	rest  []string
}

type sources []source

// readSources reads the list of sources. A line has a kind, a pattern of paths and, for some kinds, more words.
func readSources(root, list string) (sources, error) {
	file, err := os.Open(list)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var out sources
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 2 {
			return nil, fmt.Errorf("%s: %q names no files", list, line)
		}
		paths, err := filepath.Glob(filepath.Join(root, f[1]))
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			fmt.Fprintf(os.Stderr, "genmeaning: there is no %s\n", f[1])
			continue
		}
		out = append(out, source{f[0], paths, f[2:]})
	}
	return out, nil
}
