package corpus

import (
	"bytes"
	"go/build"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/openledger/openledger/content/segment"
)

// Roots returns the folders with Go source on this machine: GOROOT/src, then the module cache. Missing ones are left
// out.
func Roots() []string {
	var roots []string
	for _, r := range []string{filepath.Join(goEnv("GOROOT", build.Default.GOROOT), "src"),
		goEnv("GOMODCACHE", filepath.Join(build.Default.GOPATH, "pkg", "mod"))} {
		if info, err := os.Stat(r); err == nil && info.IsDir() {
			roots = append(roots, r)
		}
	}
	return roots
}

func goEnv(name, fallback string) string {
	out, err := exec.Command("go", "env", name).Output()
	if value := strings.TrimSpace(string(out)); err == nil && value != "" {
		return value
	}
	return fallback
}

// goFiles visits the Go files below root without tests and test data until visit returns false.
func goFiles(root string, generated bool, visit func(path string, source []byte) (more bool)) {
	done := false
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case done:
			return filepath.SkipAll
		case err != nil:
			return nil
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "cache"):
			return filepath.SkipDir
		case !entry.Type().IsRegular() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, why := readText(path, entry, 0)
		if why != "" || !generated && bytes.Contains(source[:min(len(source), 2048)], []byte("Code generated")) {
			return nil
		}
		done = !visit(path, source)
		return nil
	})
}

// Code returns the Go source of GOROOT as documents; a package is a contributor.
func Code() []Document {
	var documents []Document
	for _, root := range Roots()[:min(1, len(Roots()))] {
		goFiles(root, true, func(path string, source []byte) bool {
			relative, _ := filepath.Rel(root, path)
			documents = append(documents, Document{
				Contributor: filepath.ToSlash(filepath.Dir(relative)), Name: filepath.Base(relative), Pieces: segment.Split(source),
			})
			return true
		})
	}
	return documents
}

// EachGoFile visits the Go source of this machine, GOROOT first, until visit returns false.
func EachGoFile(visit func(source []byte) bool) {
	for _, root := range Roots() {
		more := true
		goFiles(root, true, func(_ string, source []byte) bool {
			more = visit(source)
			return more
		})
		if !more {
			return
		}
	}
}
