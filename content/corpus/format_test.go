package corpus_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/corpus"
)

// one reads a single file of a name and content.
func one(t *testing.T, name string, content []byte) (string, corpus.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	documents, files, _ := corpus.Read(context.Background(), path, corpus.Options{})
	require.Len(t, files, 1)
	var texts []string
	for _, d := range documents {
		texts = append(texts, string(d.Text))
	}
	require.Equal(t, len(documents), files[0].Documents)
	require.Equal(t, len(documents) > 0, files[0].Taken(), "%+v", files[0])
	return strings.Join(texts, "\n\n====\n\n"), files[0]
}

func TestEncodings(t *testing.T) {
	for name, content := range map[string]string{
		"plain":         "Ärzte und Ωmega.",
		"with mark":     "\xEF\xBB\xBFÄrzte und Ωmega.",
		"UTF-16 little": "\xFF\xFE\xC4\x00r\x00z\x00t\x00e\x00 \x00u\x00n\x00d\x00 \x00\xA9\x03m\x00e\x00g\x00a\x00.\x00",
		"UTF-16 big":    "\xFE\xFF\x00\xC4\x00r\x00z\x00t\x00e\x00 \x00u\x00n\x00d\x00 \x03\xA9\x00m\x00e\x00g\x00a\x00.",
	} {
		text, file := one(t, "a.TXT", []byte(content))
		require.Equal(t, "Ärzte und Ωmega.", text, name)
		require.Equal(t, corpus.Text, file.Format)
	}
	for content, reason := range map[string]string{
		"\xC4rzte sind da":               "iconv -f WINDOWS-1252",
		"line\nline\n\xFF":               "byte 0xFF in line 3",
		"cut off at \xE2\x82":            "ends in the middle of a character",
		"a\x00b\x00c\x00d\x00":           "iconv -f UTF-16LE",
		"\x00a\x00b\x00c\x00d":           "iconv -f UTF-16BE",
		"a\x00bcd":                       "binary data",
		"\xFF\xFE\x00\x00a\x00\x00\x00":  "UTF-32",
		"\xFF\xFEa":                      "cut off",
		"\xFF\xFE\x00\xD8a\x00":          "damaged at byte",
		"":                               "is empty",
		" \n\t ":                         "no text",
		"-----BEGIN PGP MESSAGE-----\nx": "is encrypted",
		"-----BEGIN PRIVATE KEY-----\nx": "private key",
	} {
		_, file := one(t, "a.txt", []byte(content))
		require.Contains(t, file.Reason, reason, "%q", content)
	}
}

func TestContentDecidesWhereTheExtensionLies(t *testing.T) {
	page := "<!DOCTYPE html><title>t</title><p>" + good
	for _, c := range []struct {
		name    string
		content []byte
		format  corpus.Format
		note    string
	}{
		{"scan.txt", pdfOf(pdfLines(good)), corpus.PDF, "is a PDF, although it is called .txt"},
		{"scan", pdfOf(pdfLines(good)), corpus.PDF, "without an extension"},
		{"paper.pdf", wordOf(wordParagraph(good)), corpus.Word, "is a Word document, although it is called .pdf"},
		{"paper.docx", odtOf("<text:p>" + good + "</text:p>"), corpus.ODT, "OpenDocument text, although"},
		{"book.odt", epubOf(nil, good), corpus.EPUB, "an e-book, although"},
		{"saved.md", []byte(page), corpus.HTML, "a web page, although"},
		{"export.csv", []byte(page), corpus.HTML, "a web page, although"},
		{"note.pdf", []byte(good), corpus.Text, "plain text, although it is called .pdf"},
		{"work.json", []byte(`{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "` + good + `"}]}`),
			corpus.Notebook, "a notebook, although"},
		{"prose.csv", []byte("One sentence without any sign that divides\nand another one\n"), corpus.Text, "no columns"},
	} {
		text, file := one(t, c.name, c.content)
		require.True(t, file.Taken(), "%s: %s", c.name, file.Reason)
		require.Equal(t, c.format, file.Format, c.name)
		require.Contains(t, strings.Join(file.Notes, "; "), c.note, c.name)
		require.NotEmpty(t, text)
	}
}

func TestWhatIsNotReadIsNamed(t *testing.T) {
	wide := func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	for _, c := range []struct{ name, content, reason string }{
		{"a.png", "\x89PNG\r\n\x1a\n", "is a picture"},
		{"a.txt", "\xFF\xD8\xFF\xE0", "is a picture"},
		{"a.zip", string(zipOf(entry{"a.txt", good})), "is an archive: unpack it"},
		{"a.xlsx", string(zipOf(entry{"xl/workbook.xml", ""})), "each sheet as .csv"},
		{"a.pptx", string(zipOf(entry{"ppt/presentation.xml", ""})), "save it as .pdf"},
		{"a.ods", string(zipOf(entry{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"})), "each sheet as .csv"},
		{"a.gz", "\x1F\x8B\x08", "is an archive"},
		{"a.doc", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + wide("WordDocument"), "save it as .docx"},
		{"a.docx", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + wide("EncryptedPackage"), "is encrypted"},
		{"a.rtf", `{\rtf1 text}`, "save it as .docx"},
		{"a.mp4", "\x00\x00\x00\x20ftypisom", "sound or film"},
		{"a.wav", "RIFF\x00\x00\x00\x00WAVE", "sound or film"},
		{"a.olseg", "OLSEG1\n\x01\x01a", "prepared already"},
		{"a.json", `{"text": "x"}`, ".jsonl"},
		{"Makefile", "all:\n", "rename it to .txt"},
		{"a.bin", "\x00\x01\x02\xFF", "not of a kind that is read"},
		{"a.pdf", "\x00\x01\x02\xFF", "is not a PDF, nor text"},
	} {
		_, file := one(t, c.name, []byte(c.content))
		require.Contains(t, file.Reason, c.reason, c.name)
		require.False(t, file.LeftOut)
	}
}

func TestTextThatBeginsLikeAnotherFormat(t *testing.T) {
	for _, text := range []string{
		"ID3 is a tag of music.", "The new WAVE of it.", "The ftyp of a film.", "GIF89a is an old format.",
		"A text about files that begin with %PDF-1.7.", "PK is a name.",
		"BZh is how it begins.", "Salted__ is what some begin with.",
	} {
		got, file := one(t, "a.md", []byte(text))
		require.Equal(t, text, got)
		require.Empty(t, file.Notes)
	}
	// A PDF may have other bytes before it.
	got, file := one(t, "a.txt", append([]byte("\xFF\x00junk\n"), pdfOf(pdfLines("Some text."))...))
	require.Equal(t, corpus.PDF, file.Format, file.Reason)
	require.Equal(t, "Some text.", got)
}

func TestHiddenFilesAndLinksAreLeftOut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "note.md", good)
	write(t, dir, ".trash/deleted.md", "The patient is called by name here.")
	write(t, dir, "sub/.git/config.md", "x")
	write(t, dir, "sub/.draft.md", "x")
	write(t, dir, "sub/kept.md", "kept")
	require.NoError(t, os.Symlink(filepath.Join(dir, "note.md"), filepath.Join(dir, "zlink.md")))

	documents, files, err := corpus.Read(context.Background(), dir, corpus.Options{})
	require.NoError(t, err)
	require.Len(t, documents, 2)
	reasons := make(map[string]string)
	for _, f := range files {
		reasons[f.Path] = f.Reason
		require.Equal(t, f.Reason != "", f.LeftOut, f.Path)
	}
	require.Equal(t, map[string]string{
		"note.md": "", "sub/kept.md": "", ".trash": "hidden folder", "sub/.git": "hidden folder",
		"sub/.draft.md": "hidden file",
		"zlink.md":      "symbolic link: links are not followed",
	}, reasons)

	documents, _, err = corpus.Read(context.Background(), dir, corpus.Options{Hidden: true})
	require.NoError(t, err)
	require.Len(t, documents, 5)

	// A folder that the user names is read, even if it is hidden, and also through a link.
	documents, _, err = corpus.Read(context.Background(), filepath.Join(dir, ".trash"), corpus.Options{})
	require.NoError(t, err)
	require.Len(t, documents, 1)
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	documents, _, err = corpus.Read(context.Background(), link, corpus.Options{})
	require.NoError(t, err)
	require.Len(t, documents, 2)
}

func TestWhatCannotBeOpenedIsNamed(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may open everything")
	}
	dir := t.TempDir()
	write(t, dir, "a.md", good)
	write(t, dir, "closed.md", good)
	write(t, dir, "folder/b.md", good)
	require.NoError(t, os.Chmod(filepath.Join(dir, "closed.md"), 0))
	require.NoError(t, os.Chmod(filepath.Join(dir, "folder"), 0))
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "folder"), 0o700) })
	_, files, err := corpus.Read(context.Background(), dir, corpus.Options{})
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.Contains(t, files[1].Reason, "permission denied")
	require.Contains(t, files[2].Reason, "permission denied")
}
