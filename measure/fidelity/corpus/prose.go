package corpus

import (
	"bytes"
	"go/scanner"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/openledger/openledger/poa"
)

// What counts as a paragraph of prose, and the size that paragraphs are merged to, in words and tokens.
const (
	minParagraphWords = 8
	minStopPercent    = 20
	minMerged         = 100
	maxMerged         = 256
)

// englishStops is enough to tell sentences from tables and commented code.
var englishStops = stringSet(`the of and to in is that it for with as on be by this are from or an a which not if at when was but has have
can will may must should its they their than then there these into only no any all each we you one also does do such so use used`)

func stringSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// Prose returns the English of Go comments as documents, one per file and with the package as contributor. It reads
// GOROOT first and then the module cache until there are enough pieces.
func Prose(pieces int) []Document {
	var documents []Document
	total := 0
	for _, root := range Roots() {
		goFiles(root, false, func(path string, source []byte) bool {
			relative, _ := filepath.Rel(root, path)
			merged := mergeParagraphs(commentParagraphs(source))
			if len(merged) > 0 {
				documents = append(documents, Document{
					Contributor: filepath.ToSlash(filepath.Dir(relative)), Name: filepath.Base(relative), Pieces: merged,
				})
				total += len(merged)
			}
			return total < pieces
		})
	}
	return documents
}

// commentParagraphs returns the paragraphs of prose in the comments of a Go file, without comment markers. The licence
// at the top is left out: it is the same in every file.
func commentParagraphs(source []byte) []string {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, source, func(token.Position, string) {}, scanner.ScanComments)
	var out []string
	var lines []string
	last := -2 // line of the last comment
	inCode := false
	flush := func() {
		if inCode || !isLicence(strings.Join(lines, "\n")) {
			out = append(out, proseParagraphs(lines)...)
		}
		lines = lines[:0]
	}
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		if kind != token.COMMENT {
			flush() // a comment behind code does not go on in the next line
			inCode = inCode || kind == token.PACKAGE
			continue
		}
		line := file.Line(pos)
		if line != last+1 {
			flush()
		}
		last = line + strings.Count(text, "\n")
		lines = append(lines, stripMarkers(text)...)
	}
	flush()
	return out
}

// isLicence reports whether a comment before the package clause is about rights.
func isLicence(text string) bool {
	lower := strings.ToLower(text)
	for _, mark := range []string{"copyright", "license", "licence", "redistribution", "warrant"} {
		if strings.Contains(lower, mark) {
			return true
		}
	}
	return false
}

// stripMarkers returns the lines of a comment without // and /* */. Directives become empty lines.
func stripMarkers(comment string) []string {
	if rest, ok := strings.CutPrefix(comment, "//"); ok {
		if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
			return []string{""} // go:build, nolint and the like, or code
		}
		return []string{rest}
	}
	body := strings.TrimSuffix(strings.TrimPrefix(comment, "/*"), "*/")
	lines := strings.Split(body, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimPrefix(l, " * "), " *")
	}
	return lines
}

// proseParagraphs joins lines to paragraphs and keeps those that look like sentences. Indented lines are code.
func proseParagraphs(lines []string) []string {
	var out, current []string
	flush := func() {
		if p := strings.Join(current, " "); looksLikeProse(p) {
			out = append(out, p)
		}
		current = current[:0]
	}
	for _, l := range lines {
		trimmed := strings.TrimSpace(l)
		switch {
		case trimmed == "":
			flush()
		case strings.HasPrefix(l, "\t") || strings.HasPrefix(l, "   "):
			flush()
		default:
			current = append(current, trimmed)
		}
	}
	flush()
	return out
}

func looksLikeProse(paragraph string) bool {
	words := strings.FieldsFunc(strings.ToLower(paragraph), func(r rune) bool { return (r < 'a' || r > 'z') && r != '\'' })
	stops := 0
	for _, w := range words {
		if englishStops[w] {
			stops++
		}
	}
	return len(words) >= minParagraphWords && 100*stops >= minStopPercent*len(words)
}

// mergeParagraphs packs the paragraphs of one file into pieces of 100 to 256 tokens. What is left below that is
// dropped, and so is a paragraph above.
func mergeParagraphs(paragraphs []string) [][]byte {
	var out [][]byte
	var current bytes.Buffer
	tokens := 0
	flush := func() {
		if tokens >= minMerged {
			out = append(out, bytes.Clone(current.Bytes()))
		}
		current.Reset()
		tokens = 0
	}
	for _, p := range paragraphs {
		n := len(poa.Tokenize([]byte(p)))
		if n > maxMerged {
			continue
		}
		if tokens+n > maxMerged || current.Len()+2+len(p) > poa.MaxSegmentBytes {
			flush()
		}
		if tokens > 0 {
			current.WriteString("\n\n")
		}
		current.WriteString(p)
		if tokens += n; tokens >= minMerged {
			flush()
		}
	}
	flush()
	return out
}
