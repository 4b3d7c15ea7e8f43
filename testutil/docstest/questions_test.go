package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answered is how many of the questions the names of files must answer.
const answered = 17

var question = regexp.MustCompile("(?m)^\\| ([^|]+\\?) \\| `([^`]+\\.go)` \\|$")

// TestNamesOfFilesAnswerQuestions reads the twenty questions of CONTRIBUTING.md. Each file exists and is named once;
// most questions hold every word of the name of their file.
func TestNamesOfFilesAnswerQuestions(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	require.NoError(t, err)
	rows := question.FindAllStringSubmatch(string(page), -1)
	require.Len(t, rows, 20)
	named, byName := make(map[string]bool), 0
	for _, row := range rows {
		asked, path := strings.ToLower(row[1]), row[2]
		_, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err, row[1])
		require.False(t, named[path], "%s answers two questions", path)
		named[path] = true
		if holdsAll(asked, strings.Split(strings.TrimSuffix(filepath.Base(path), ".go"), "_")) {
			byName++
		} else {
			t.Logf("%q is not answered by the name %s alone", row[1], path)
		}
	}
	require.GreaterOrEqual(t, byName, answered)
}

// holdsAll reports whether a text holds all words, each as a word of its own.
func holdsAll(text string, words []string) bool {
	in := make(map[string]bool)
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r < 'a' || r > 'z' }) {
		in[word] = true
	}
	for _, word := range words {
		if !in[word] {
			return false
		}
	}
	return true
}
