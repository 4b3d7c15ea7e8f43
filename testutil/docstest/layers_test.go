package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/openledger/openledger/"

// layer is a row of the table "Where things live".
type layer struct {
	folder  string
	imports []string
	used    map[string]bool
}

var (
	layerRow = regexp.MustCompile("(?m)^\\| `([a-z/]+)/` \\| [^|]+ \\|([^|]*)\\|$")
	quoted   = regexp.MustCompile("`([^`]+)`")
)

// readLayers reads the table of CONTRIBUTING.md.
func readLayers(t *testing.T, root string) (layers []*layer) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	require.NoError(t, err)
	for _, row := range layerRow.FindAllStringSubmatch(string(page), -1) {
		var named []string
		for _, name := range quoted.FindAllStringSubmatch(row[2], -1) {
			named = append(named, name[1])
		}
		l := &layer{folder: row[1], imports: named, used: map[string]bool{}}
		if strings.Contains(row[2], "all of the above") { // but for what is named
			l.imports = nil
			for _, above := range layers {
				if !slices.Contains(named, above.folder) {
					l.imports = append(l.imports, above.folder)
				}
			}
			l.used = nil
		}
		for _, name := range l.imports {
			require.True(t, slices.ContainsFunc(layers, func(above *layer) bool { return above.folder == name }),
				"%s may import %s, which does not stand above it", l.folder, name)
		}
		layers = append(layers, l)
	}
	return layers
}

// layerOf returns the layer of a folder of the repository, or nil.
func layerOf(layers []*layer, folder string) (found *layer) {
	for _, l := range layers {
		inside := folder == l.folder || strings.HasPrefix(folder, l.folder+"/")
		if inside && (found == nil || len(l.folder) > len(found.folder)) {
			found = l
		}
	}
	return found
}

// TestFoldersImportWhatStandsAbove compares the table of CONTRIBUTING.md with the imports of all Go files but tests.
func TestFoldersImportWhatStandsAbove(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	layers := readLayers(t, root)
	require.Greater(t, len(layers), 15, "the table was not found")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		switch name := entry.Name(); {
		case entry.IsDir() && (name == "node_modules" || name == "testdata" || name == "build" ||
			strings.HasPrefix(name, ".") && path != root):
			return filepath.SkipDir
		case entry.IsDir() && path != root && isModule(path): // tools is a module of its own
			return filepath.SkipDir
		case entry.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		from := layerOf(layers, folder)
		require.NotNil(t, from, "%s is in no folder of the table", path)
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			inside, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			to := layerOf(layers, inside)
			require.NotNil(t, to, "%s imports %s, which is in no folder of the table", path, imported)
			if to == from {
				continue
			}
			require.Contains(t, from.imports, to.folder, "%s imports %s", path, imported)
			if from.used != nil {
				from.used[to.folder] = true
			}
		}
		return nil
	}))
	for _, l := range layers {
		if l.used == nil {
			continue
		}
		for _, name := range l.imports {
			require.True(t, l.used[name], "%s does not import %s any more: take it out of the table", l.folder, name)
		}
	}
}

func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}
