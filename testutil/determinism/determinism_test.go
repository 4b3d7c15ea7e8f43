// Package determinism checks that code which every validator executes cannot
// give two validators different results.
package determinism

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

const module = "github.com/openledger/openledger/"

// executed are the roots of what every validator executes: the application, and with it whatever of the project it
// imports.
var executed = []string{module + "app", module + "x/...", module + "poa"}

// inert packages are imported by the application and execute nothing.
var inert = []string{module + "docs"}

// consensusCode lists the packages of the project that the application is made of.
func consensusCode(t *testing.T) []string {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedImports | packages.NeedDeps, Dir: filepath.Join("..", ".."),
	}, executed...)
	require.NoError(t, err)
	var found []string
	packages.Visit(loaded, nil, func(pkg *packages.Package) {
		if strings.HasPrefix(pkg.PkgPath, module) && !slices.Contains(inert, pkg.PkgPath) {
			found = append(found, pkg.PkgPath)
		}
	})
	slices.Sort(found)
	return found
}

func load(t *testing.T, patterns ...string) []*packages.Package {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes |
			packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
		Dir: filepath.Join("..", ".."),
	}, patterns...)
	require.NoError(t, err)
	require.NotEmpty(t, loaded)
	for _, pkg := range loaded {
		require.Empty(t, pkg.Errors, pkg.PkgPath)
	}
	return loaded
}

func TestConsensusCodeIsDeterministic(t *testing.T) {
	code := consensusCode(t)
	for _, must := range []string{"app", "app/voteext", "app/config", "poa", "x/attribution/keeper",
		"x/internal/modulekit"} {
		require.Contains(t, code, module+must)
	}
	for _, pkg := range load(t, code...) {
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
// that breaks it, and on no other.
func TestRulesFindViolations(t *testing.T) {
	loaded := load(t, "./testutil/determinism/testdata/bad")
	require.Len(t, loaded, 1)
	var problems []string
	for _, file := range loaded[0].Syntax {
		problems = append(problems, inspect(loaded[0].Fset, loaded[0].TypesInfo, file)...)
	}
	all := strings.Join(problems, "\n")
	for rule, times := range map[string]int{
		"range over a map": 1, "goroutine": 1, "float:": 3, "time.Now": 1, "import of math/rand": 1, "select:": 1,
		"maps.Keys": 1, "text of an error": 2, "excuses nothing": 1,
	} {
		require.Equal(t, times, strings.Count(all, rule), "%s in:\n%s", rule, all)
	}
}
