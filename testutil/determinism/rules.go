package determinism

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// bannedImports have no place in consensus code.
var bannedImports = map[string]string{
	"math/rand":     "random numbers differ between validators",
	"math/rand/v2":  "random numbers differ between validators",
	"crypto/rand":   "random numbers differ between validators",
	"unicode":       "its tables change with the Go version",
	"os":            "files and environment differ between validators",
	"net":           "validators see different networks",
	"net/http":      "validators see different networks",
	"runtime":       "machines differ between validators",
	"runtime/debug": "build details differ between validators",
}

// bannedFuncs are single functions of packages that are otherwise fine.
var bannedFuncs = map[string]string{
	"time.Now":   "clocks differ; use the block time",
	"time.Since": "clocks differ; use the block time",
	"time.Until": "clocks differ; use the block time",
}

// excuse starts a comment that says why the line it stands in, or the next one, may break a rule.
const excuse = "// determinism: "

// inspect returns what in a file could differ between validators.
func inspect(files *token.FileSet, info *types.Info, file *ast.File) []string {
	i := inspection{files: files, info: info, excused: make(map[int]bool)}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, excuse) {
				i.excused[files.Position(comment.Pos()).Line] = false
			}
		}
	}
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if why, banned := bannedImports[path]; banned {
			i.report(spec, "import of %s: %s", path, why)
		}
	}
	ast.Inspect(file, i.visit)
	for line, used := range i.excused {
		if !used {
			i.problems = append(
				i.problems, fmt.Sprintf("%s:%d: the comment excuses nothing", files.Position(file.Pos()).Filename, line))
		}
	}
	slices.Sort(i.problems)
	return i.problems
}

// inspection of one file.
type inspection struct {
	files    *token.FileSet
	info     *types.Info
	excused  map[int]bool // lines with an excuse, and whether it was needed
	stack    []ast.Node   // from the file down to the node
	problems []string
}

func (i *inspection) report(node ast.Node, format string, args ...any) {
	at := i.files.Position(node.Pos())
	for _, line := range []int{at.Line, at.Line - 1} {
		if _, excused := i.excused[line]; excused {
			i.excused[line] = true
			return
		}
	}
	i.problems = append(i.problems, fmt.Sprintf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (i *inspection) visit(node ast.Node) bool {
	if node == nil {
		i.stack = i.stack[:len(i.stack)-1]
		return true
	}
	switch node := node.(type) {
	case *ast.RangeStmt:
		if t := i.info.TypeOf(node.X); t != nil {
			if _, isMap := t.Underlying().(*types.Map); isMap {
				i.report(node, "range over a map: the order differs between runs; sort the keys first")
			}
		}
	case *ast.GoStmt:
		i.report(node, "goroutine: consensus code runs in one")
	case *ast.SelectStmt:
		i.report(node, "select: the choice differs between runs")
	case *ast.Ident:
		if object, isType := i.info.Uses[node].(*types.TypeName); isType &&
			(object.Name() == "float32" || object.Name() == "float64") {
			i.report(node, "float: results differ between architectures")
		}
	case *ast.SelectorExpr:
		i.selector(node)
	case *ast.CallExpr:
		i.call(node)
	}
	i.stack = append(i.stack, node)
	return true
}

func (i *inspection) selector(node *ast.SelectorExpr) {
	name := i.nameOf(node)
	if why, banned := bannedFuncs[name]; banned {
		i.report(node, "%s: %s", name, why)
	}
	switch name {
	case "maps.Keys", "maps.Values", "maps.All":
		// The node is called, and what it returns is the argument of the call above.
		if len(i.stack) < 2 || !strings.HasPrefix(i.called(i.stack[len(i.stack)-2]), "slices.Sorted") {
			i.report(node, "%s: the order differs between runs; sort with slices.Sorted", name)
		}
	}
}

// call finds texts of errors: they differ between builds, and must stand in nothing that is hashed. An event, a log and
// another error may hold them.
func (i *inspection) call(node *ast.CallExpr) {
	name := i.called(node)
	selector, isSelector := node.Fun.(*ast.SelectorExpr)
	text := isSelector && selector.Sel.Name == "Error" && len(node.Args) == 0 && i.isError(selector.X)
	if name == "fmt.Sprint" || name == "fmt.Sprintf" || name == "fmt.Sprintln" || strings.HasPrefix(name, "fmt.Append") {
		text = slices.ContainsFunc(node.Args, i.isError)
	}
	if text && !slices.ContainsFunc(i.stack, i.unhashed) {
		i.report(node, "text of an error: it differs between builds; use its code, or put it into an event")
	}
}

// unhashed reports whether what stands in a node is kept out of state and results.
func (i *inspection) unhashed(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.FuncDecl:
		return node.Recv != nil && node.Name.Name == "Error" // how an error makes its own text
	case *ast.CompositeLit:
		named, isNamed := i.info.TypeOf(node).(*types.Named)
		return isNamed && strings.HasPrefix(named.Obj().Name(), "Event")
	case *ast.CallExpr:
		switch name := i.called(node); name {
		case "errors.New", "fmt.Errorf", "status.Error", "status.Errorf", "errors.Wrap", "errors.Wrapf":
			return true
		}
		selector, isSelector := node.Fun.(*ast.SelectorExpr)
		if !isSelector {
			return false
		}
		on := i.info.TypeOf(selector.X)
		return on != nil && strings.HasSuffix(on.String(), "log/v2.Logger")
	}
	return false
}

func (i *inspection) isError(node ast.Expr) bool {
	t := i.info.TypeOf(node)
	return t != nil && types.Implements(t, errorType) && !types.Identical(t, types.Typ[types.UntypedNil])
}

var errorType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

// called returns what a call calls, as package.Func, or "".
func (i *inspection) called(node ast.Node) string {
	call, isCall := node.(*ast.CallExpr)
	if !isCall {
		return ""
	}
	fun := call.Fun
	if index, isIndex := fun.(*ast.IndexExpr); isIndex {
		fun = index.X
	}
	selector, isSelector := fun.(*ast.SelectorExpr)
	if !isSelector {
		return ""
	}
	return i.nameOf(selector)
}

// nameOf returns the package and name of a function that a selector names, or "".
func (i *inspection) nameOf(node *ast.SelectorExpr) string {
	object, isFunc := i.info.Uses[node.Sel].(*types.Func)
	if !isFunc || object.Pkg() == nil || object.Signature().Recv() != nil {
		return ""
	}
	return object.Pkg().Name() + "." + object.Name()
}
