// Package determinism checks that code which every validator executes cannot
// give two validators different results.
package determinism

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

// consensusCode is executed by every validator.
var consensusCode = []string{
	"github.com/openledger/openledger/poa",
	"github.com/openledger/openledger/x/...",
}

// bannedImports have no place in consensus code.
var bannedImports = map[string]string{
	"math/rand":     "random numbers differ between validators",
	"math/rand/v2":  "random numbers differ between validators",
	"crypto/rand":   "random numbers differ between validators",
	"unicode":       "its tables change with the Go version",
	"os":            "files and environment differ between validators",
	"net":           "validators see different networks",
	"net/http":      "validators see different networks",
	"runtime/debug": "build details differ between validators",
}

// bannedFuncs are single functions of packages that are otherwise fine.
var bannedFuncs = map[string]string{
	"time.Now":   "clocks differ; use the block time",
	"time.Since": "clocks differ; use the block time",
	"time.Until": "clocks differ; use the block time",
}

func TestConsensusCodeIsDeterministic(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
		Dir:  filepath.Join("..", ".."),
	}, consensusCode...)
	require.NoError(t, err)
	require.NotEmpty(t, loaded)
	for _, pkg := range loaded {
		require.Empty(t, pkg.Errors, pkg.PkgPath)
		if strings.Contains(pkg.PkgPath, "/simulation") || strings.Contains(pkg.PkgPath, "/testutil") {
			continue
		}
		for _, file := range pkg.Syntax {
			name := pkg.Fset.Position(file.Pos()).Filename
			if strings.HasSuffix(name, ".pb.go") || strings.HasSuffix(name, ".pb.gw.go") {
				continue
			}
			for _, problem := range inspect(pkg.Fset, pkg.TypesInfo, file) {
				t.Error(problem)
			}
		}
	}
}

// TestRulesFindViolations keeps the checks honest: each rule must fire on code
// that breaks it.
func TestRulesFindViolations(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
	}, "./testdata/bad")
	require.NoError(t, err)
	require.Len(t, loaded, 1)
	require.Empty(t, loaded[0].Errors)
	var problems []string
	for _, file := range loaded[0].Syntax {
		problems = append(problems, inspect(loaded[0].Fset, loaded[0].TypesInfo, file)...)
	}
	all := strings.Join(problems, "\n")
	for _, rule := range []string{"map", "goroutine", "float", "time.Now", "math/rand", "select"} {
		require.Contains(t, all, rule)
	}
}

// inspect returns what in a file could differ between validators.
func inspect(files *token.FileSet, info *types.Info, file *ast.File) []string {
	var problems []string
	report := func(node ast.Node, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("%s: %s", files.Position(node.Pos()), fmt.Sprintf(format, args...)))
	}
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if why, banned := bannedImports[path]; banned {
			report(spec, "import of %s: %s", path, why)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.RangeStmt:
			if t := info.TypeOf(node.X); t != nil {
				if _, isMap := t.Underlying().(*types.Map); isMap {
					report(node, "range over a map: the order differs between runs; sort the keys first")
				}
			}
		case *ast.GoStmt:
			report(node, "goroutine: consensus code runs in one")
		case *ast.SelectStmt:
			report(node, "select: the choice differs between runs")
		case *ast.Ident:
			if object, isType := info.Uses[node].(*types.TypeName); isType && (object.Name() == "float32" || object.Name() == "float64") {
				report(node, "float: results differ between architectures")
			}
		case *ast.SelectorExpr:
			if object, isFunc := info.Uses[node.Sel].(*types.Func); isFunc && object.Pkg() != nil {
				if why, banned := bannedFuncs[object.Pkg().Path()+"."+object.Name()]; banned {
					report(node, "%s.%s: %s", object.Pkg().Path(), object.Name(), why)
				}
			}
		}
		return true
	})
	return problems
}
