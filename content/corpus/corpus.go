// Package corpus reads people's files and prepares them for contribution: it
// splits documents into segments by the canonical rules and says which parts
// cannot be contributed, and why.
package corpus

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/openledger/openledger/poa"
)

// maxLine bounds a line of a .jsonl file, in bytes.
const maxLine = 4 << 20

// Document is one text with a name for people.
type Document struct {
	Name string
	Text []byte
}

// Contributor is a named author with documents.
type Contributor struct {
	Name      string
	Documents []Document
}

// extensions that are read; everything else is passed over.
var extensions = []string{".jsonl", ".md", ".txt"}

// Read returns the documents of a file, or of all .md, .txt and .jsonl files
// below a folder, in order of their paths.
func Read(path string) ([]Document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
			return nil, fmt.Errorf("%s: only %s files can be read", path, strings.Join(extensions, ", "))
		}
		return readFile(path, filepath.Base(path))
	}
	var documents []Document
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() || !slices.Contains(extensions, strings.ToLower(filepath.Ext(file))) {
			return nil
		}
		name, err := filepath.Rel(path, file)
		if err != nil {
			return err
		}
		read, err := readFile(file, filepath.ToSlash(name))
		documents = append(documents, read...)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("%s holds no %s files", path, strings.Join(extensions, ", "))
	}
	return documents, nil
}

// ReadContributors returns one contributor for each sub-folder of dir that
// holds documents. Files directly in dir are passed over.
func ReadContributors(dir string) ([]Contributor, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var contributors []Contributor
	for _, entry := range entries {
		if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		documents, err := Read(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		contributors = append(contributors, Contributor{Name: entry.Name(), Documents: documents})
	}
	if len(contributors) == 0 {
		return nil, fmt.Errorf("%s has no sub-folders: put the files of each contributor into a folder of their own", dir)
	}
	return contributors, nil
}

func readFile(path, name string) ([]Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if strings.ToLower(filepath.Ext(path)) != ".jsonl" {
		return []Document{{Name: name, Text: text}}, nil
	}
	return readLines(text, name)
}

// readLines reads JSON lines of the form {"text": "…", "title": "…"}.
func readLines(content []byte, name string) ([]Document, error) {
	scanner := bufio.NewScanner(bytes.NewReader(content))
	scanner.Buffer(nil, maxLine)
	var documents []Document
	for line := 1; scanner.Scan(); line++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var row struct{ Title, Text string }
		if err := json.Unmarshal(scanner.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", name, line, err)
		}
		if row.Text == "" {
			return nil, fmt.Errorf(`%s line %d: no "text"`, name, line)
		}
		if row.Title == "" {
			row.Title = fmt.Sprintf("%s:%d", name, line)
		}
		documents = append(documents, Document{Name: row.Title, Text: []byte(row.Text)})
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return documents, nil
}

// Prepared is what a set of documents becomes.
type Prepared struct {
	File      poa.SegmentFile
	Documents int       // documents read
	Skipped   []Skipped // segments that the rules refuse
	Repeated  int       // segments that stand in the documents more than once
}

// Skipped is a segment that cannot be contributed.
type Skipped struct {
	Document string
	Text     []byte
	Reason   error // a *poa.SegmentError
}

// Prepare splits documents into segments, in order. Segments that the rules
// refuse are listed, not hidden; exact repetitions are kept once.
func Prepare(documents []Document, rules poa.SegmentRules) Prepared {
	prepared := Prepared{Documents: len(documents)}
	seen := make(map[string]bool)
	for _, document := range documents {
		for _, segment := range poa.Split(document.Text) {
			if err := poa.CheckSegment(segment, rules); err != nil {
				prepared.Skipped = append(prepared.Skipped, Skipped{Document: document.Name, Text: segment, Reason: err})
				continue
			}
			if seen[string(segment)] {
				prepared.Repeated++
				continue
			}
			seen[string(segment)] = true
			prepared.File.Segments = append(prepared.File.Segments, segment)
		}
	}
	return prepared
}
