package types_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/x/attribution/types"
)

// TestBatchChangesStatusByTheTable tries every pair of statuses: those of the table change the batch, others change
// nothing.
func TestBatchChangesStatusByTheTable(t *testing.T) {
	allowed := make(map[[2]types.BatchStatus]bool)
	for _, transition := range types.BatchTransitions {
		key := [2]types.BatchStatus{transition.From, transition.To}
		require.False(t, allowed[key], "%s to %s stands twice", transition.From, transition.To)
		require.NotEqual(t, transition.From, transition.To)
		require.NotEmpty(t, transition.Writer)
		allowed[key] = true
	}
	for from := range types.BatchStatus_name {
		for to := range types.BatchStatus_name {
			batch := types.Batch{Id: 7, Status: types.BatchStatus(from)}
			err := batch.ChangeStatus(types.BatchStatus(to))
			if allowed[[2]types.BatchStatus{types.BatchStatus(from), types.BatchStatus(to)}] {
				require.NoError(t, err)
				require.Equal(t, types.BatchStatus(to), batch.Status)
				continue
			}
			require.ErrorIs(t, err, types.ErrInvariant)
			require.Equal(t, types.BatchStatus(from), batch.Status)
		}
	}
}

// TestEveryBatchCanEnd: from each status a batch can reach the end, and each status can be reached.
func TestEveryBatchCanEnd(t *testing.T) {
	reach := func(next func(types.BatchTransition) (from, to types.BatchStatus)) map[types.BatchStatus]bool {
		reached := map[types.BatchStatus]bool{types.BATCH_STATUS_UNSPECIFIED: true}
		for before := 0; before != len(reached); {
			before = len(reached)
			for _, transition := range types.BatchTransitions {
				if from, to := next(transition); reached[from] {
					reached[to] = true
				}
			}
		}
		return reached
	}
	forwards := reach(func(x types.BatchTransition) (types.BatchStatus, types.BatchStatus) { return x.From, x.To })
	backwards := reach(func(x types.BatchTransition) (types.BatchStatus, types.BatchStatus) { return x.To, x.From })
	for status := range types.BatchStatus_name {
		require.True(t, forwards[types.BatchStatus(status)], "%s cannot be reached", types.BatchStatus(status))
		require.True(t, backwards[types.BatchStatus(status)], "%s never ends", types.BatchStatus(status))
	}
}

// TestNobodyWritesTheStatusOfABatch: the keeper changes it by Batch.ChangeStatus alone, so that the table guards every
// change. A field of another type named Status is assigned where its variable is known to be no batch.
func TestNobodyWritesTheStatusOfABatch(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "keeper", "*.go"))
	require.NoError(t, err)
	calls := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), path, source, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if selector, is := n.Fun.(*ast.SelectorExpr); is && selector.Sel.Name == "ChangeStatus" {
					calls++
				}
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					selector, is := left.(*ast.SelectorExpr)
					if !is || selector.Sel.Name != "Status" {
						continue
					}
					variable, is := selector.X.(*ast.Ident)
					require.True(t, is && (variable.Name == "session" || variable.Name == "event"), "%s assigns a status", path)
				}
			case *ast.CompositeLit:
				if kind, is := n.Type.(*ast.SelectorExpr); is && kind.Sel.Name == "Batch" {
					for _, element := range n.Elts {
						if pair, is := element.(*ast.KeyValueExpr); is {
							require.NotEqual(t, "Status", pair.Key.(*ast.Ident).Name, "%s makes a batch with a status", path)
						}
					}
				}
			}
			return true
		})
	}
	require.GreaterOrEqual(t, calls, 4)
}
