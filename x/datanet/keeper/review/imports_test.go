package review_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImportsPointDown: keeper → keeper/review → keeper/internal → types. Tests may import anything.
func TestImportsPointDown(t *testing.T) {
	const module = "github.com/openledger/openledger/x/datanet/"
	layers := map[string]int{"types": 0, "keeper/internal": 1, "keeper/review": 2, "keeper": 3}
	layer := func(path string) (int, bool) {
		for ; path != "."; path = filepath.Dir(path) {
			if n, known := layers[path]; known {
				return n, true
			}
		}
		return 0, false
	}
	files := 0
	root := filepath.Join("..", "..")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		relative, _ := filepath.Rel(root, path)
		from, known := layer(filepath.Dir(relative))
		if err != nil || !known || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if to, known := layer(strings.TrimPrefix(imported, module)); known && strings.HasPrefix(imported, module) {
				require.Less(t, to, from, "%s imports %s", relative, imported)
			}
		}
		return nil
	}))
	require.Greater(t, files, 80)
}
