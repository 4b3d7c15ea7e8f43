package corpus_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/poa"
)

const good = "The hair bulb is the part of the skin in which the shaft of the hair is formed from cells that divide."

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestReadFolderInOrder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.txt", "second")
	write(t, dir, "a/z.md", "first")
	write(t, dir, "c.jsonl", "{\"text\":\"third\"}\n\n{\"title\":\"named\",\"text\":\"fourth\"}\n")
	write(t, dir, "d.pdf", "passed over")

	documents, err := corpus.Read(dir)
	require.NoError(t, err)
	var names []string
	for _, document := range documents {
		names = append(names, document.Name)
	}
	require.Equal(t, []string{"a/z.md", "b.txt", "c.jsonl:1", "named"}, names)
}

func TestReadErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "bad.jsonl", "{\"text\":\"x\"}\nnot json\n")
	_, err := corpus.Read(dir)
	require.ErrorContains(t, err, "line 2")

	write(t, dir, "bad.jsonl", "{\"title\":\"x\"}\n")
	_, err = corpus.Read(dir)
	require.ErrorContains(t, err, `no "text"`)

	_, err = corpus.Read(t.TempDir())
	require.ErrorContains(t, err, "holds no")
	_, err = corpus.Read(filepath.Join(dir, "missing.md"))
	require.ErrorIs(t, err, os.ErrNotExist)
	write(t, dir, "x.pdf", "x")
	_, err = corpus.Read(filepath.Join(dir, "x.pdf"))
	require.ErrorContains(t, err, "only")
}

func TestReadContributors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "README.md", "passed over")
	write(t, dir, "mei/one.md", good)
	write(t, dir, "jonas/one.md", good)
	contributors, err := corpus.ReadContributors(dir)
	require.NoError(t, err)
	require.Len(t, contributors, 2)
	require.Equal(t, "jonas", contributors[0].Name)

	flat := t.TempDir()
	write(t, flat, "one.md", good)
	_, err = corpus.ReadContributors(flat)
	require.ErrorContains(t, err, "no sub-folders")
}

func TestPrepareListsWhatItRefuses(t *testing.T) {
	prepared := corpus.Prepare([]corpus.Document{
		{Name: "good.md", Text: []byte(good)},
		{Name: "again.md", Text: []byte(good)},
		{Name: "glossary.md", Text: []byte("keratin elastin collagen fibrillin desmin vimentin nestin actin")},
	}, poa.SegmentRules{})
	require.Len(t, prepared.File.Segments, 1)
	require.Equal(t, 1, prepared.Repeated)
	require.Len(t, prepared.Skipped, 1)
	require.Equal(t, "glossary.md", prepared.Skipped[0].Document)

	lifted := corpus.Prepare([]corpus.Document{{Name: "glossary.md", Text: []byte("keratin elastin collagen fibrillin desmin vimentin nestin actin")}},
		poa.SegmentRules{AllowFewStopWords: true})
	require.Len(t, lifted.File.Segments, 1)
}
