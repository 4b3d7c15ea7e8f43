package corpus_test

import (
	"context"
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
	write(t, dir, "d.doc", "passed over")

	documents, files, err := corpus.Read(context.Background(), dir, corpus.Options{})
	require.NoError(t, err)
	var names []string
	for _, document := range documents {
		names = append(names, document.Name)
	}
	require.Equal(t, []string{"a/z.md", "b.txt", "c.jsonl:1", "named"}, names)
	require.Len(t, files, 4)
	require.Equal(t, "d.doc", files[3].Path)
	require.Contains(t, files[3].Reason, "save it as .docx")
}

func TestReadErrorsSayWhatToDo(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	write(t, dir, "bad.jsonl", "not json\n")
	_, _, err := corpus.Read(ctx, dir, corpus.Options{})
	require.ErrorContains(t, err, "line 1")

	write(t, dir, "bad.jsonl", "{\"title\":\"x\"}\n")
	_, _, err = corpus.Read(ctx, dir, corpus.Options{})
	require.ErrorContains(t, err, `no "text"`)

	_, _, err = corpus.Read(ctx, t.TempDir(), corpus.Options{})
	require.ErrorContains(t, err, "holds no files")
	_, _, err = corpus.Read(ctx, filepath.Join(dir, "missing.md"), corpus.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	write(t, dir, "x.go", "package x")
	_, _, err = corpus.Read(ctx, filepath.Join(dir, "x.go"), corpus.Options{})
	require.ErrorContains(t, err, "rename it to .txt")
}

func TestReadContributors(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	write(t, dir, "README.md", "passed over")
	write(t, dir, ".git/one.md", good)
	write(t, dir, "mei/one.md", good)
	write(t, dir, "jonas/one.md", good)
	write(t, dir, "jonas/two.png", "\x89PNG\r\n\x1a\n")
	contributors, err := corpus.ReadContributors(ctx, dir)
	require.NoError(t, err)
	require.Len(t, contributors, 2)
	require.Equal(t, "jonas", contributors[0].Name)
	require.Len(t, contributors[0].Files, 2)

	flat := t.TempDir()
	write(t, flat, "one.md", good)
	_, err = corpus.ReadContributors(ctx, flat)
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
	require.Equal(t, 1, prepared.Refused)
	require.Len(t, prepared.Skipped, 1)
	require.Equal(t, "glossary.md", prepared.Skipped[0].Document)

	lifted := corpus.Prepare(
		[]corpus.Document{
			{Name: "glossary.md", Text: []byte("keratin elastin collagen fibrillin desmin vimentin nestin actin")}},
		poa.SegmentRules{AllowFewStopWords: true})
	require.Len(t, lifted.File.Segments, 1)
}
