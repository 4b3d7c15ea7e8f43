package corpus

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/openledger/openledger/content/segment"
	"github.com/openledger/openledger/poa"
)

// Limits of what is read from a folder.
const (
	// maxFileBytes is the largest file that is read; above it is rarely text.
	maxFileBytes = 4 << 20
	// maxFolderBytes bounds all files together.
	maxFolderBytes = 512 << 20
)

// Folder reads a folder with one contributor per sub-folder; files beside the sub-folders belong to the contributor
// ".". Every regular file of valid UTF-8 without NUL bytes is a document, whatever it is called.
func Folder(dir string) ([]Document, []string, error) {
	var documents []Document
	skipped := map[string]int{}
	total := int64(0)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path == dir {
				return err
			}
			skipped["unreadable"]++
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		text, why := readText(path, entry, total)
		if why != "" {
			skipped[why]++
			return nil
		}
		total += int64(len(text))
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		contributor := "."
		if first, _, ok := strings.Cut(filepath.ToSlash(relative), "/"); ok {
			contributor = first
		}
		documents = append(
			documents, Document{Contributor: contributor, Name: filepath.ToSlash(relative), Pieces: segment.Split(text)})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the corpus: %w", err)
	}
	var notes []string
	for _, why := range sortedKeys(skipped) {
		notes = append(notes, fmt.Sprintf("%d files skipped: %s", skipped[why], why))
	}
	return documents, notes, nil
}

// readText returns the text of a file, or why it is left out.
func readText(path string, entry fs.DirEntry, total int64) ([]byte, string) {
	info, err := entry.Info()
	switch {
	case err != nil:
		return nil, "unreadable"
	case info.Size() == 0:
		return nil, "empty"
	case info.Size() > maxFileBytes:
		return nil, "too large"
	case total+info.Size() > maxFolderBytes:
		return nil, "the corpus is larger than what is read"
	}
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, "unreadable"
	case bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text):
		return nil, "not UTF-8 text"
	}
	return text, ""
}

// LooksLikeProse reports whether at least half of the pieces pass the rule on stop words. A folder of code or tables
// does not, and is measured as a DataNet that lifts the rule.
func LooksLikeProse(documents []Document) bool {
	passed, all := 0, 0
	for _, d := range documents {
		for _, p := range d.Pieces {
			if poa.CheckSegment(p, poa.SegmentRules{AllowFewStopWords: true}) != nil {
				continue
			}
			all++
			if poa.CheckSegment(p, poa.SegmentRules{}) == nil {
				passed++
			}
		}
	}
	return 2*passed >= all
}
