package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// maxColumns is how long a line may be. The linter checks Go.
const maxColumns = 120

var (
	// checkedFile matches what people read and write beside Go.
	checkedFile = regexp.MustCompile(`\.(md|sh|ya?ml)$|^Makefile$|^\.ci/run$|^scripts/`)
	// skippedFolder matches what nobody here writes, and texts that the demo contributes: their bytes are hashed.
	skippedFolder = regexp.MustCompile(`^(\.git|build|examples/dermatology/[^/]+)$|(^|/)(node_modules|vendor)$`)
	// skippedFile matches what a program writes.
	skippedFile = regexp.MustCompile(`^docs/static/|^docs/benchmarks\.md$`)
	// unbroken matches a line that no space can break: an address or a hash, behind a marker of a list or comment.
	unbroken = regexp.MustCompile(`^\s*([-*#>]\s+|\[[^\]]+\]:\s+)?\S+$`)
	// quote opens or closes text that is quoted as it is: commands and what they print. Comments, in which pages hide
	// commands for this program, are as they are too.
	quote = regexp.MustCompile("^\\s*(```|~~~)")
)

// longLine names lines that stay long, by their beginnings.
var longLine = map[string]string{
	".golangci.yml": `          files: ["**/internal/file/**"`, // a list on one line, as beside it
}

// longRows is how many rows of Markdown tables are longer than maxColumns. A row cannot be wrapped. The numbers may
// only fall: shorten cells, or write a list. Tables of docs/adr are records and are not counted.
var longRows = map[string]int{
	"CONTRIBUTING.md":                             1,
	"SECURITY.md":                                 2,
	"attestor/README.md":                          11,
	"clients/python/README.md":                    2,
	"clients/ts/README.md":                        3,
	"content/corpus/README.md":                    7,
	"docs/architecture.md":                        10,
	"docs/clients.md":                             3,
	"docs/contributor.md":                         6,
	"docs/dapp.md":                                12,
	"docs/economics.md":                           14,
	"docs/models.md":                              3,
	"docs/operators.md":                           17,
	"docs/owner.md":                               2,
	"docs/privacy.md":                             3,
	"docs/provider.md":                            12,
	"docs/reviewer.md":                            4,
	"docs/tools.md":                               3,
	"docs/validators.md":                          4,
	"docs/x402.md":                                10,
	"examples/dermatology/README.md":              1,
	"measure/fidelity/README.md":                  6,
	"measure/fidelity/testdata/answers/README.md": 1,
	"openlora/README.md":                          23,
	"openlora/engine/upstream/testdata/README.md": 2,
	"poa/README.md":                               15,
	"poa/internal/genmeaning/README.md":           1,
	"poa/internal/gentable/README.md":             2,
	"testutil/network/README.md":                  1,
	"x/attribution/README.md":                     22,
	"x/datanet/README.md":                         17,
	"x/models/README.md":                          2,
	"x/rewards/README.md":                         7,
}

// TestLinesAreShort checks the lines of what is not Go.
func TestLinesAreShort(t *testing.T) {
	root := filepath.Join("..", "..")
	rows := make(map[string]int)
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case entry.IsDir() && skippedFolder.MatchString(name):
			return fs.SkipDir
		case !entry.Type().IsRegular() || !checkedFile.MatchString(name) || skippedFile.MatchString(name):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		long, tableRows := longLines(name, string(text))
		for _, line := range long {
			t.Errorf("%s: %d columns, at most %d: %.60s…", name, utf8.RuneCountInString(line), maxColumns, line)
		}
		if tableRows > 0 && !strings.HasPrefix(name, "docs/adr/") {
			rows[name] = tableRows
		}
		return nil
	}))
	for name, n := range rows {
		if n > longRows[name] {
			t.Errorf("%s: %d rows of tables are longer than %d columns, %d were", name, n, maxColumns, longRows[name])
		}
	}
	for name, n := range longRows {
		if n > rows[name] {
			t.Errorf("%s: only %d rows of tables are long now: write that here instead of %d", name, rows[name], n)
		}
	}
}

// longLines returns the lines of a file that are too long and could be shorter, and counts long rows of tables.
func longLines(name, text string) (long []string, tableRows int) {
	markdown, quoted, hidden := strings.HasSuffix(name, ".md"), false, false
	for line := range strings.SplitSeq(text, "\n") {
		if markdown && quote.MatchString(line) {
			quoted = !quoted
		}
		hidden = hidden || markdown && !quoted && strings.HasPrefix(strings.TrimSpace(line), "<!--")
		excepted := longLine[name]
		switch {
		case utf8.RuneCountInString(line) <= maxColumns || quoted || hidden || unbroken.MatchString(line):
		case excepted != "" && strings.HasPrefix(line, excepted):
		case markdown && strings.HasPrefix(strings.TrimSpace(line), "|"):
			tableRows++
		default:
			long = append(long, line)
		}
		hidden = hidden && !strings.Contains(line, "-->")
	}
	return long, tableRows
}

func TestLongLines(t *testing.T) {
	word, row := strings.Repeat("word ", 30), "| "+strings.Repeat("cell ", 30)+"|"
	page := strings.Join([]string{"# Title", word, row, "```", word, "```", "- https://example.com/" + strings.Repeat("x", 120),
		strings.Repeat("ü", maxColumns), "<!-- docs-test: run", word, "-->", word}, "\n")
	long, rows := longLines("page.md", page)
	require.Equal(t, []string{word, word}, long)
	require.Equal(t, 1, rows)
	long, rows = longLines("scripts/run.sh", row)
	require.Equal(t, []string{row}, long)
	require.Zero(t, rows)
}
