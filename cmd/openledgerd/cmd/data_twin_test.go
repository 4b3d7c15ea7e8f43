package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
)

// dresses are ways in which the same text comes out of a PDF, a word processor or the web.
var dresses = map[string]func(string) string{
	"decomposed": norm.NFD.String,
	"full width": func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7F {
				return r + 0xFEE0
			}
			return r
		}, s)
	},
	"ligatures": strings.NewReplacer("ffi", "ﬃ", "ffl", "ﬄ", "fi", "ﬁ", "fl", "ﬂ", "ff", "ﬀ", "եւ", "ﬓ", "لا",
		"ﻻ").Replace,
	"no-break spaces": func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") },
	"narrow spaces":   func(s string) string { return strings.ReplaceAll(s, " ", "\u202f") },
	"other quotes": strings.NewReplacer("’", "'", "'", "’", "“", "\"", "”", "\"", "\"", "“", "«", "\"", "»", "\"",
		" – ", " - ", " - ", " – ").Replace,
	"soft hyphens":  func(s string) string { return divided(s, "\u00ad") },
	"divided lines": func(s string) string { return divided(s, "\u00ad\n") },
	"hyphens":       func(s string) string { return divided(s, "-\n") },
}

// divided divides every third long word between two letters.
func divided(text, with string) string {
	words, n := strings.Split(text, " "), 0
	for i, word := range words {
		runes := []rune(word)
		if len(runes) < 8 || unicode.In(runes[0], unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
			unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan) {
			continue
		}
		for at := 4; at < len(runes)-2 && n%3 == 0; at++ {
			if unicode.IsLetter(runes[at-1]) && unicode.IsLetter(runes[at]) {
				words[i] = string(runes[:at]) + with + string(runes[at:])
				break
			}
		}
		n++
	}
	return strings.Join(words, " ")
}

// people returns the texts that poa's rules are tested on, by name, and the scripts that they are written in.
func people(t *testing.T) (texts map[string]string, scripts map[string]bool) {
	t.Helper()
	texts, scripts = make(map[string]string), make(map[string]bool)
	for _, file := range []string{"languages.txt", "scripts.txt"} {
		data, err := os.ReadFile("../../../poa/testdata/prose/" + file)
		require.NoError(t, err)
		name := ""
		for line := range strings.Lines(string(data)) {
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "== "):
				name = fmt.Sprintf("%02d %s.txt", len(texts), line[3:])
			case line == "--":
				texts[name] += "\n\n"
			default:
				texts[name] += line + " "
				for script, table := range unicode.Scripts {
					if script != "Common" && script != "Inherited" && unicode.Is(table, []rune(line)[len([]rune(line))/2]) {
						scripts[script] = true
					}
				}
			}
		}
	}
	return texts, scripts
}

// TestCheckFindsTwins: a text in another dress is a duplicate of the plain one, and of no other, in each script.
func TestCheckFindsTwins(t *testing.T) {
	texts, scripts := people(t)
	require.GreaterOrEqual(t, len(scripts), 20)
	write := func(put func(string) string) string {
		dir := t.TempDir()
		for name, text := range texts {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(put(text)), 0o600))
		}
		return dir
	}
	plain, short := write(norm.NFC.String), make(map[string]bool)
	for dress, put := range dresses {
		twins := write(put)
		out, _, err := checkFiles(t, twins, "--against", plain, "--allow-few-stop-words", "--json", "--report",
			"report.jsonl")
		require.ErrorContains(t, err, "are duplicates: leave them out", dress)
		found := make(map[int]overlap.Finding)
		var findings []overlap.Finding
		require.NoError(t, json.Unmarshal([]byte(out), &findings), dress)
		for _, f := range findings {
			found[f.Segment] = f
		}
		prepared, err := corpus.Import(t.Context(), twins, corpus.Options{}, poa.SegmentRules{AllowFewStopWords: true})
		require.NoError(t, err)
		report, err := os.ReadFile("report.jsonl")
		require.NoError(t, err)
		segment, files := 0, 0
		for line := range strings.Lines(string(report)) {
			var file corpus.File
			require.NoError(t, json.Unmarshal([]byte(line), &file))
			require.Zero(t, file.Refused, "%s: %s", dress, file.Path)
			require.Positive(t, file.Segments, "%s: %s", dress, file.Path)
			for range file.Segments {
				f, text := found[segment], prepared.File.Segments[segment]
				segment++
				if !f.Duplicate() && len(poa.TokenIDs(text)) < 20 {
					short[file.Path] = true // too short to be told, in its own dress too
					continue
				}
				require.True(t, f.Duplicate(), "%s: %s: %d ppm copied of %s: %s", dress, file.Path, f.CopiedPPM, f.Of, text)
				require.Equal(t, file.Path, f.Of, dress)
			}
			files++
		}
		require.Equal(t, len(texts), files, dress)
	}
	require.LessOrEqual(t, len(short), 1)
}
