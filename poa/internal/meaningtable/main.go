// Command meaningtable packs lists of words that mean the same into the table of meaning that package poa embeds.
//
//	go run ./poa/internal/meaningtable -statistics poa/statistics_v2.txt -synonyms synonyms.tsv \
//		-translations translations.tsv -out poa/meaning_v1.bin
//
// The lists are those that genmeaning writes: "word TAB word TAB weight" in English, and "language TAB word TAB English
// word TAB weight", weights from 0 to 1. What a match is worth follows from how common the words are together: a match
// that chance gives as easily is worth nothing. The output depends on the lists only. It was made once: another table
// is another version of method MEANING.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/openledger/openledger/poa"
)

func main() {
	statistics := flag.String("statistics", "poa/statistics_v2.txt", "table of token frequencies")
	synonyms := flag.String("synonyms", "synonyms.tsv", "English words that mean the same")
	translations := flag.String("translations", "translations.tsv", "English words for words of other languages")
	out := flag.String("out", "meaning_v1.bin", "file to write")
	flag.Parse()
	if err := run(*statistics, *synonyms, *translations, *out); err != nil {
		fmt.Fprintln(os.Stderr, "meaningtable:", err)
		os.Exit(1)
	}
}

func run(statistics, synonyms, translations, out string) error {
	counts, err := readCounts(statistics)
	if err != nil {
		return err
	}
	words := newLexicon()
	if err := words.readSynonyms(synonyms); err != nil {
		return err
	}
	if err := words.readTranslations(translations); err != nil {
		return err
	}
	rows := pack(counts, words)
	table := poa.AppendConcepts(nil, rows)
	neighbours := 0
	for _, r := range rows {
		neighbours += len(r.Neighbours)
	}
	fmt.Fprintf(os.Stderr, "%d concepts, %d neighbours, %d bytes\n", len(rows), neighbours, len(table))
	return os.WriteFile(out, table, 0o644)
}
