package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// writeFile writes a list, whole or not at all.
func writeFile(folder, name string, write func(io.Writer)) error {
	path := filepath.Join(folder, name)
	file, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	write(out)
	if err := out.Flush(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// writePairs writes pairs of at least the given weight, those of a word together and from the nearest.
func writePairs(out io.Writer, p pairs, floor float64, most int) {
	keys := slices.SortedFunc(maps.Keys(p), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(p[b], p[a]), cmp.Compare(a[1], b[1]))
	})
	last, n := "", 0
	for _, k := range keys {
		if k[0] != last {
			last, n = k[0], 0
		}
		if n++; n <= most && p[k] >= floor {
			fmt.Fprintf(out, "%s\t%s\t%.3f\n", k[0], k[1], p[k])
		}
	}
}

// writeLexicon writes the translations of a language.
func writeLexicon(out io.Writer, lang string, l lexicon) {
	for _, foreign := range slices.Sorted(maps.Keys(l)) {
		for _, english := range likeliest(l[foreign]) {
			fmt.Fprintf(out, "%s\t%s\t%s\t%.3f\n", lang, foreign, english, l[foreign][english])
		}
	}
}

// sortedKeys returns the pairs by the alphabet.
func sortedKeys(p pairs) [][2]string {
	return slices.SortedFunc(maps.Keys(p), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
}
