package demo

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/openledger/openledger/content/corpus"
)

// packageGroups are the contributors of the default corpus: each stands for
// the authors of a few packages of Go's standard library.
var packageGroups = []struct {
	name     string
	packages []string
}{
	{"gopher-net", []string{"net", "net/http", "net/url", "net/netip", "net/http/httptest", "net/http/cookiejar",
		"net/mail", "net/textproto"}},
	{"gopher-io", []string{"io", "io/fs", "bufio", "bytes", "os", "os/exec", "os/signal", "path/filepath"}},
	{"gopher-encoding", []string{"encoding/json", "encoding/xml", "encoding/csv", "encoding/gob", "encoding/binary",
		"encoding/base64", "encoding/hex", "mime/multipart"}},
	{"gopher-crypto", []string{"crypto", "crypto/tls", "crypto/x509", "crypto/rand", "crypto/cipher", "crypto/ed25519",
		"crypto/sha256", "crypto/hmac"}},
	{"gopher-text", []string{"fmt", "strings", "strconv", "regexp", "text/template", "html/template", "unicode/utf8",
		"text/tabwriter"}},
	{"gopher-concurrency", []string{"context", "sync", "sync/atomic", "time", "runtime", "runtime/debug", "runtime/pprof",
		"runtime/trace"}},
	{"gopher-testing", []string{"testing", "testing/fstest", "testing/quick", "testing/synctest", "go/ast", "go/doc",
		"go/parser", "go/types"}},
	{"gopher-data", []string{"database/sql", "log", "log/slog", "errors", "sort", "slices", "maps", "flag"}},
}

// minDocBytes drops doc comments that say too little to be worth a segment.
const minDocBytes = 120

// goDocumentation returns the package documentation of the Go standard library
// on this machine, by group of packages.
func goDocumentation(ctx context.Context) ([]corpus.Contributor, error) {
	root, err := goRoot(ctx)
	if err != nil {
		return nil, err
	}
	var contributors []corpus.Contributor
	for _, group := range packageGroups {
		contributor := corpus.Contributor{Name: group.name}
		for _, name := range group.packages {
			documents, err := packageDocumentation(filepath.Join(root, "src", filepath.FromSlash(name)), name)
			if err != nil {
				return nil, err
			}
			contributor.Documents = append(contributor.Documents, documents...)
		}
		contributors = append(contributors, contributor)
	}
	return contributors, nil
}

// errNoGo says that this machine has no Go installation with its source.
var errNoGo = errors.New("no Go installation with its source")

// goRoot finds the Go installation: the documentation is read from its source.
func goRoot(ctx context.Context) (string, error) {
	root := build.Default.GOROOT
	if root == "" {
		out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return "", fmt.Errorf("%w: %w", errNoGo, err)
		}
		root = strings.TrimSpace(string(out))
	}
	if _, err := os.Stat(filepath.Join(root, "src", "fmt")); err != nil {
		return "", fmt.Errorf("%w: %w", errNoGo, err)
	}
	return root, nil
}

// packageDocumentation returns the package comment and the comments of exported
// names, one document each. A package that this Go version lacks has none.
func packageDocumentation(dir, importPath string) ([]corpus.Document, error) {
	matches, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, file := range matches {
		if match, err := build.Default.MatchFile(dir, filepath.Base(file)); err != nil || !match ||
			strings.HasSuffix(file, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(files, file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, syntax)
	}
	if len(parsed) == 0 {
		return nil, nil
	}
	pkg, err := doc.NewFromFiles(files, parsed, importPath)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", importPath, err)
	}
	var documents []corpus.Document
	add := func(name, comment string) {
		if len(comment) >= minDocBytes {
			documents = append(documents, corpus.Document{Name: name, Text: []byte(plainText(comment))})
		}
	}
	short := path.Base(importPath)
	add("package "+importPath, pkg.Doc)
	addFuncs := func(prefix string, funcs []*doc.Func) {
		for _, f := range funcs {
			add(prefix+"."+f.Name, f.Doc)
		}
	}
	addFuncs(short, pkg.Funcs)
	for _, t := range pkg.Types {
		add(short+"."+t.Name, t.Doc)
		addFuncs(short, t.Funcs)
		addFuncs(short+"."+t.Name, t.Methods)
	}
	return documents, nil
}

// plainText drops the markup of doc comments: link brackets and indented code. A line of four spaces that follows text
// goes on with an item.
func plainText(comment string) string {
	var out []string
	code := true
	for line := range strings.Lines(comment) {
		if strings.HasPrefix(line, "\t") || code && strings.HasPrefix(line, "    ") {
			code = true
			continue
		}
		code = strings.TrimSpace(line) == ""
		line = strings.TrimPrefix(strings.TrimRight(line, "\n"), "# ")
		out = append(out, strings.NewReplacer("[", "", "]", "").Replace(line))
	}
	return strings.Join(out, "\n")
}
