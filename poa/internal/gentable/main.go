// Command gentable measures the protocol's table of token frequencies on folders of text and writes the data file that
// package poa embeds.
//
//	go run ./poa/internal/gentable -out poa/statistics_v2.txt en=/folder,/folder de=/folder …
//
// Text is measured by language, because a word that is rare on the whole may be the commonest of its language. A
// paragraph counts once however often it occurs. A token counts once per window of 16 tokens, so that a repeated word
// does not look common. The count of a token is its largest share of windows in any language, scaled to 2^20 tokens;
// the 24,000 largest are kept.
//
// The output depends on the folders only. It was made once: another table is another version of the statistics.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openledger/openledger/poa"
)

const (
	window       = 16
	total        = 1 << 20
	keptOf20     = 17 // of a count, because the largest share in many languages is larger than that in one
	rowsKept     = 24_000
	leastWindows = 8 // of a token, so that chance does not decide
)

// languageTokens is how much text of a language is measured at most.
var languageTokens uint64 = 250_000

func main() {
	out := flag.String("out", "statistics_v2.txt", "file to write")
	points := flag.String("unicode", "", "file to write the table of code points to, instead of statistics")
	words := flag.String("order", "", "file to write the table of word order to, instead of statistics")
	prose := flag.String(
		"collect", "", "folder to write the prose of unpacked packages to, by language, instead of statistics")
	flag.Uint64Var(&languageTokens, "tokens", languageTokens,
		"how many tokens of a language are measured at most, from all parts of its text")
	flag.Parse()
	if *prose != "" {
		if err := collect(*prose, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "gentable:", err)
			os.Exit(1)
		}
		return
	}
	if *points != "" {
		if err := writeUnicode(*points); err != nil {
			fmt.Fprintln(os.Stderr, "gentable:", err)
			os.Exit(1)
		}
		return
	}
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: gentable -out file language=folder,folder …")
		os.Exit(2)
	}
	write := func() error { return run(*out, flag.Args()) }
	if *words != "" {
		write = func() error { return writeOrder(*words, flag.Args()) }
	}
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "gentable:", err)
		os.Exit(1)
	}
}

func run(out string, groups []string) error {
	best := &table{counts: map[string]uint64{}}
	for _, g := range groups {
		language, folders, ok := strings.Cut(g, "=")
		if !ok {
			return fmt.Errorf("%q is not language=folder,folder", g)
		}
		c, err := newCounter(folders, nil)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %d tokens, %d distinct\n", language, c.tokens, len(c.windows.tokens))
		for _, token := range c.windows.tokens {
			if n := c.windows.counts[token]; n >= leastWindows {
				best.set(token, max(best.counts[token], n*total/c.tokens))
			}
		}
	}
	return write(out, best)
}

// table is a map whose tokens are also listed in the order of their first use, so that nothing depends on the map's own
// order.
type table struct {
	counts map[string]uint64
	tokens []string
}

func (t *table) set(token string, n uint64) {
	if _, ok := t.counts[token]; !ok {
		t.tokens = append(t.tokens, token)
	}
	t.counts[token] = n
}

func write(out string, best *table) error {
	type row struct {
		token string
		df    uint64
	}
	var rows []row
	for _, token := range best.tokens {
		if df := best.counts[token]; df > 0 && len(token) <= 64 {
			rows = append(rows, row{token, df})
		}
	}
	order := func(a, b row) int { return cmp.Or(cmp.Compare(b.df, a.df), cmp.Compare(a.token, b.token)) }
	slices.SortFunc(rows, order)
	rows = rows[:min(len(rows), rowsKept)]
	for i := range rows {
		rows[i].df = max(1, rows[i].df*keptOf20/20)
	}
	slices.SortFunc(rows, order)
	var b bytes.Buffer
	for _, r := range rows {
		fmt.Fprintf(&b, "%d %s\n", r.df, r.token)
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// counter counts the windows that hold a token.
type counter struct {
	windows    table
	seen       map[[32]byte]bool
	paragraphs []paragraph
	read       uint64 // tokens of all paragraphs
	tokens     uint64 // tokens of those that were counted
	recent     []string
	take       func(p paragraph) // besides counting, if not nil
}

// paragraph is a paragraph of a language, and the package that it is from: the first part of its path.
type paragraph struct {
	source string
	text   []byte
}

// newCounter reads the folders of one language and counts.
func newCounter(folders string, take func(p paragraph)) (*counter, error) {
	c := &counter{windows: table{counts: map[string]uint64{}}, seen: map[[32]byte]bool{}, take: take}
	for _, folder := range strings.Split(folders, ",") {
		if err := c.folder(folder); err != nil {
			return nil, err
		}
	}
	n := uint64(0)
	for _, p := range c.paragraphs { // of too much text every so manyth paragraph
		if n += languageTokens; c.read <= languageTokens || n >= c.read {
			n -= min(n, c.read)
			c.count(p)
		}
	}
	return c, nil
}

func (c *counter) folder(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := read(path)
		if err != nil {
			return err
		}
		source, _, _ := strings.Cut(strings.TrimPrefix(path[len(root):], string(filepath.Separator)),
			string(filepath.Separator))
		for _, p := range bytes.Split(data, []byte("\n\n")) {
			p = bytes.TrimSpace(p)
			key := sha256.Sum256(p)
			if len(p) < 40 || c.seen[key] {
				continue
			}
			c.seen[key] = true
			c.read += uint64(len(poa.Tokenize(p)))
			c.paragraphs = append(c.paragraphs, paragraph{source, p})
		}
		return nil
	})
}

func (c *counter) count(p paragraph) {
	if c.take != nil {
		c.take(p)
	}
	for _, t := range poa.Tokenize(p.text) {
		token := poa.Fold(p.text[t.Start:t.End])
		c.tokens++
		if !slices.Contains(c.recent, token) {
			c.windows.set(token, c.windows.counts[token]+1)
		}
		if c.recent = append(c.recent, token); len(c.recent) == window {
			c.recent = c.recent[:0]
		}
	}
}

// read returns the prose of a file, and nothing for kinds of file that are not text.
func read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name := path
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if data, err = io.ReadAll(z); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		name = strings.TrimSuffix(name, ".gz")
	}
	ext := filepath.Ext(name)
	switch {
	case ext == ".go":
		return comments(data), nil
	case ext == ".html":
		return stripTags(data), nil
	case ext == ".txt" || ext == ".md" || ext == ".rst" || ext == ".pod":
		return data, nil
	case len(ext) >= 2 && ext[1] >= '1' && ext[1] <= '8' && strings.Contains(path, "/man"):
		return stripRoff(data), nil
	}
	return nil, nil
}

// comments keeps the line comments of Go source; code between them ends a paragraph.
func comments(data []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if text, ok := bytes.CutPrefix(line, []byte("// ")); ok {
			b.Write(text)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// stripRoff drops requests and font changes of a manual page.
func stripRoff(data []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(data) {
		if len(line) > 0 && (line[0] == '.' || line[0] == '\'') {
			b.WriteByte('\n')
			continue
		}
		for i := 0; i < len(line); i++ {
			if line[i] != '\\' || i+1 >= len(line) {
				b.WriteByte(line[i])
				continue
			}
			i++
			switch {
			case line[i] == 'f' && i+1 < len(line):
				i++
			case line[i] == '(' && i+2 < len(line):
				i += 2
			case line[i] == '-':
				b.WriteByte('-')
			}
		}
	}
	return b.Bytes()
}

// stripTags drops markup, scripts and styles.
func stripTags(data []byte) []byte {
	var b bytes.Buffer
	for len(data) > 0 {
		open := bytes.IndexByte(data, '<')
		if open < 0 {
			break
		}
		b.Write(data[:open])
		data = data[open:]
		for _, element := range []string{"script", "style", "pre", "nav"} {
			if bytes.HasPrefix(data, []byte("<"+element)) {
				if end := bytes.Index(data, []byte("</"+element)); end >= 0 {
					data = data[end:]
				}
			}
		}
		shut := bytes.IndexByte(data, '>')
		if shut < 0 {
			break
		}
		if bytes.HasPrefix(data, []byte("</p")) || bytes.HasPrefix(data, []byte("</h")) ||
			bytes.HasPrefix(data, []byte("</li")) {
			b.WriteString("\n\n")
		} else {
			b.WriteByte(' ')
		}
		data = data[shut+1:]
	}
	text := b.Bytes()
	for _, entity := range [][2]string{{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&#x27;", "'"},
		{"&nbsp;", " "}, {"&amp;", "&"}} {
		text = bytes.ReplaceAll(text, []byte(entity[0]), []byte(entity[1]))
	}
	return text
}
