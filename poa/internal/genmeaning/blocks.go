package main

import (
	"bytes"
	"compress/gzip"
	"html"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// block is a paragraph, heading or other stretch of a document.
type block struct {
	kind string // what it is: blocks that are translations of each other are of one kind
	text string
}

// readFile reads a file, unpacked if its name says that it is packed.
func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return data, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

var (
	roffFont   = regexp.MustCompile(`\\f(?:\[[^\]]*\]|\([A-Za-z]{2}|[A-Z0-9])|\\s[-+]?[0-9]|\\[&|^/,cp%:]`)
	roffSymbol = regexp.MustCompile(`\\\((..)|\\\[([^\]]*)\]|\\\*\(..|\\\*\[[^\]]*\]|\\\*.`)
	roffFonts  = regexp.MustCompile(`^\.(?:B|I|BR|RB|IR|RI|BI|IB|SM|SB|Nm|Fl|Ar|Em|Sy|Li|Pa)\s+`)
)

// manBlocks splits the source of a manual page.
func manBlocks(source string) []block {
	var out []block
	kind := "start"
	var text strings.Builder
	flush := func(next string) {
		if s := strings.TrimSpace(text.String()); s != "" {
			out = append(out, block{kind, s})
		}
		text.Reset()
		kind = next
	}
	literal := false
	for line := range strings.Lines(source) {
		line = strings.TrimRight(line, "\r\n ")
		macro, rest, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(line, `.\"`), strings.HasPrefix(line, `'\"`), line == "":
			if line == "" {
				flush("p")
			}
			continue
		case macro == ".nf" || macro == ".EX":
			flush("code")
			literal = true
			continue
		case macro == ".fi" || macro == ".EE":
			flush("p")
			literal = false
			continue
		case macro == ".SH" || macro == ".SS" || macro == ".Sh" || macro == ".Ss":
			flush("h")
			text.WriteString(rest)
			if rest != "" {
				flush("p")
			}
			continue
		case macro == ".TP" || macro == ".TQ":
			flush("tag")
			continue
		case roffFonts.MatchString(line):
			line = rest
		case strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'"):
			flush("p")
			continue
		}
		if literal {
			continue
		}
		line = roffFont.ReplaceAllString(line, "")
		line = strings.ReplaceAll(line, `\-`, "-")
		line = strings.ReplaceAll(line, `\ `, " ")
		line = roffSymbol.ReplaceAllString(line, "")
		line = strings.ReplaceAll(line, `"`, "")
		text.WriteString(line)
		text.WriteByte(' ')
		if kind == "tag" {
			flush("p")
		}
	}
	flush("")
	return out
}

// blockTags start a block, and the text within skippedTags is none.
var (
	blockTags = set(
		"p h1 h2 h3 h4 h5 h6 li td th dt dd title item div desc note section tr ul ol table body blockquote caption")
	skipTags = set("script style head nav pre code screen")
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// markupBlocks splits a document of HTML or a like language. A block that has an identifier is of a kind of its own.
func markupBlocks(source string) []block {
	var out []block
	var text strings.Builder
	kind := ""
	flush := func(next string) {
		if s := strings.Join(strings.Fields(html.UnescapeString(text.String())), " "); s != "" && kind != "" {
			out = append(out, block{kind, s})
		}
		text.Reset()
		kind = next
	}
	for {
		before, rest, found := strings.Cut(source, "<")
		text.WriteString(before)
		if !found {
			break
		}
		if strings.HasPrefix(rest, "!--") {
			_, source, _ = strings.Cut(rest, "-->")
			continue
		}
		tag, after, _ := strings.Cut(rest, ">")
		source = after
		name := strings.TrimPrefix(tag, "/")
		if i := strings.IndexAny(name, " \t\r\n/"); i >= 0 {
			name = name[:i]
		}
		switch {
		case skipTags[name] && tag[0] != '/' && !strings.HasSuffix(tag, "/"):
			_, source, _ = strings.Cut(source, "</"+name)
			_, source, _ = strings.Cut(source, ">")
		case blockTags[name] && tag[0] == '/':
			flush("after " + name)
		case blockTags[name]:
			if _, id, ok := strings.Cut(tag, ` id="`); ok {
				name, _, _ = strings.Cut(id, `"`)
			}
			flush(name)
		default:
			text.WriteByte(' ')
		}
	}
	return out
}

// alignBlocks calls add with the blocks of two documents that stand for each other: those that lie, without changing
// the order, where kinds and lengths fit best.
func alignBlocks(english, foreign []block, add func(english, foreign string)) {
	n, m := len(english), len(foreign)
	if n == 0 || m == 0 || n*m > 1_500_000 || n > 3*m || m > 3*n {
		return
	}
	ratio := float64(length(foreign)) / float64(length(english))
	const skip = 1.2
	cost := make([]float64, (n+1)*(m+1))
	sizes := func(blocks []block, times float64) []float64 {
		out := make([]float64, len(blocks))
		for i, b := range blocks {
			out[i] = math.Log(float64(len(b.text))*times + 8)
		}
		return out
	}
	sizeE, sizeF := sizes(english, ratio), sizes(foreign, 1)
	match := func(i, k int) float64 {
		e, f := &english[i], &foreign[k]
		c := math.Abs(sizeF[k] - sizeE[i])
		if e.kind != f.kind {
			c += 1.5
		}
		return c
	}
	for i := n; i >= 0; i-- {
		for k := m; k >= 0; k-- {
			c := math.Inf(1)
			if i == n && k == m {
				c = 0
			}
			if i < n {
				c = min(c, cost[(i+1)*(m+1)+k]+skip)
			}
			if k < m {
				c = min(c, cost[i*(m+1)+k+1]+skip)
			}
			if i < n && k < m {
				c = min(c, cost[(i+1)*(m+1)+k+1]+match(i, k))
			}
			cost[i*(m+1)+k] = c
		}
	}
	for i, k := 0, 0; i < n && k < m; {
		here := cost[i*(m+1)+k]
		switch c := match(i, k); {
		case here == cost[(i+1)*(m+1)+k+1]+c:
			if c < 0.9 && english[i].kind == foreign[k].kind {
				alignSentences(english[i].text, foreign[k].text, add)
			}
			i, k = i+1, k+1
		case here == cost[(i+1)*(m+1)+k]+skip:
			i++
		default:
			k++
		}
	}
}

func length(blocks []block) int {
	n := 1
	for _, b := range blocks {
		n += len(b.text)
	}
	return n
}

var sentenceEnd = regexp.MustCompile(`[.!?:;](?:\s+|$)|[。！？：；]`)

// alignSentences splits a block whose two sides have as many sentences.
func alignSentences(english, foreign string, add func(english, foreign string)) {
	e, f := sentenceEnd.Split(english, -1), sentenceEnd.Split(foreign, -1)
	if len(e) != len(f) {
		add(english, foreign)
		return
	}
	for i := range e {
		if e[i] != "" && f[i] != "" {
			add(e[i], f[i])
		}
	}
}

// addManuals adds the manual pages below some folders: those in man/man1 and so on are English, those in man/de/man1
// German.
func (t texts) addManuals(roots []string) error {
	english, foreign := map[string]string{}, map[string]map[string]string{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			parts := strings.Split(filepath.ToSlash(path), "/")
			at := slices.Index(parts, "man")
			if at < 0 || len(parts) < at+3 {
				return nil
			}
			page := strings.TrimSuffix(parts[len(parts)-1], ".gz")
			if strings.HasPrefix(parts[at+1], "man") {
				english[page] = path
				return nil
			}
			if foreign[page] == nil {
				foreign[page] = map[string]string{}
			}
			foreign[page][parts[at+1]] = path
			return nil
		})
		if err != nil {
			return err
		}
	}
	for page, languages := range foreign {
		if english[page] == "" {
			continue
		}
		data, err := readFile(english[page])
		if err != nil {
			return err
		}
		blocks := manBlocks(string(data))
		for locale, path := range languages {
			lang := languageOf(locale)
			if wanted != nil && !wanted[lang] {
				continue
			}
			data, err := readFile(path)
			if err != nil {
				return err
			}
			alignBlocks(blocks, manBlocks(string(data)), func(e, f string) { t.add(lang, e, f) })
		}
	}
	return nil
}

// englishFolders are the names of the folders that hold the English version of a document.
var englishFolders = []string{"C", "en", "en-US", "en_US", "eng", "en-us"}

// addDocuments adds the documents below a folder whose path is that of an English one but for the name of the
// language's folder.
func (t texts) addDocuments(roots []string) error {
	type place struct{ rest, lang string }
	english, foreign := map[string]string{}, map[place]string{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			switch filepath.Ext(path) {
			case ".html", ".page", ".xml", ".xhtml":
			default:
				return nil
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			parts := strings.Split(filepath.ToSlash(rel), "/")
			for i, p := range parts[:len(parts)-1] {
				if slices.Contains(englishFolders, p) {
					english[strings.Join(slices.Replace(slices.Clone(parts), i, i+1, "*"), "/")] = path
				} else if localeName.MatchString(p) && len(p) <= 7 && languageOf(p) != "" {
					foreign[place{strings.Join(slices.Replace(slices.Clone(parts), i, i+1, "*"), "/"), languageOf(p)}] = path
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	cache := map[string][]block{}
	for at, path := range foreign {
		source := english[at.rest]
		if source == "" || wanted != nil && !wanted[at.lang] {
			continue
		}
		if cache[source] == nil {
			data, err := readFile(source)
			if err != nil {
				return err
			}
			cache[source] = markupBlocks(string(data))
		}
		data, err := readFile(path)
		if err != nil {
			return err
		}
		alignBlocks(cache[source], markupBlocks(string(data)), func(e, f string) { t.add(at.lang, e, f) })
	}
	return nil
}
