// Package corpus reads people's files and prepares them for contribution. It takes the text out of each file, and
// splits it into segments by the canonical rules. It reports for every file what it gave, or why it was not taken.
package corpus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Document is one text with a name for people. Tables in it are Markdown tables.
type Document struct {
	Name string
	Text []byte
}

// Contributor is a named author with documents.
type Contributor struct {
	Name      string
	Documents []Document
	Files     []File // what each file gave
}

// Read returns the documents of a file, or of all files below a folder, in
// order of their paths, and what each file gave. It fails when no file gave a
// document.
func Read(ctx context.Context, path string, options Options) ([]Document, []File, error) {
	var documents []Document
	var files []File
	err := options.read(ctx, path, func(_ *File, d Document) error {
		documents = append(documents, d)
		return nil
	}, func(f File) { files = append(files, f) })
	if err == nil && len(documents) == 0 {
		err = nothingTaken(path, files)
	}
	return documents, files, err
}

// nothingTaken says why a path gave nothing.
func nothingTaken(path string, files []File) error {
	var reasons []string
	for _, f := range files {
		if f.Reason == "" {
			continue
		}
		if len(reasons) == 5 {
			reasons = append(reasons, fmt.Sprintf("and %d more", len(files)-5))
			break
		}
		reasons = append(reasons, f.Path+": "+f.Reason)
	}
	if len(reasons) == 0 {
		return fmt.Errorf("%s holds no files", path)
	}
	return fmt.Errorf("%s holds no text that can be read: %s", path, strings.Join(reasons, "; "))
}

// ReadContributors returns one contributor for each sub-folder of dir. It skips files directly in dir, and hidden
// folders. It fails if a sub-folder gives no document.
func ReadContributors(ctx context.Context, dir string) ([]Contributor, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var contributors []Contributor
	for _, entry := range entries {
		if !entry.IsDir() || hidden(entry.Name()) {
			continue
		}
		documents, files, err := Read(ctx, filepath.Join(dir, entry.Name()), Options{})
		if err != nil {
			return nil, err
		}
		contributors = append(contributors, Contributor{Name: entry.Name(), Documents: documents, Files: files})
	}
	if len(contributors) == 0 {
		return nil, fmt.Errorf("%s has no sub-folders: put the files of each contributor into a folder of their own", dir)
	}
	return contributors, nil
}
