package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const testLimit = 3 * time.Minute

// TestMain builds the two programs once and puts them into the path.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "openledger-bin-")
	if err == nil {
		build := exec.Command("go", "build", "-o", dir, "../cmd/openledgerd", "../cmd/openlorad")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		err = build.Run()
	}
	if err == nil {
		err = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var dermatology = filepath.Join("..", "examples", "dermatology")

func leftovers(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "openledger-demo-*"))
	require.NoError(t, err)
	return found
}

// TestDemo runs the program as its user would and reads its JSON.
func TestDemo(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	before := leftovers(t)
	out, err := exec.CommandContext(ctx, "openlorad", "demo", "--corpus", dermatology, "--queries", "2", "--json").CombinedOutput()
	require.NoError(t, err, "%s", out)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var got result
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &got), "%s", out)
	require.True(t, got.InvariantsOK)
	require.NotEmpty(t, got.Answer)
	require.Len(t, got.Receipts, 2)
	require.LessOrEqual(t, got.BlocksFromAnswerToReward, int64(4))
	for _, receipt := range got.Receipts {
		sum := receipt.UnattributedPPM
		for _, entry := range receipt.Entries {
			sum += entry.WeightPPM
			require.NotEqual(t, "0", entry.Earned)
		}
		require.EqualValues(t, 1_000_000, sum)
		require.NotEmpty(t, receipt.Entries)
		require.NotEqual(t, "0", receipt.Minted)
	}
	require.Equal(t, before, leftovers(t), "the demo leaves nothing behind")
}

// TestInterruptedDemoLeavesNothing sends an interrupt while the chain runs.
func TestInterruptedDemoLeavesNothing(t *testing.T) {
	before := leftovers(t)
	cmd := exec.Command("openlorad", "demo", "--corpus", dermatology)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	time.Sleep(5 * time.Second)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait(), "an interrupted demo fails")
	require.Equal(t, before, leftovers(t))
}

// TestNodeAndGatewayKilled kills each with SIGKILL in the middle of the story
// and goes on: nothing is lost, and nothing is paid twice.
func TestNodeAndGatewayKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	w := &world{opts: options{corpus: dermatology, validators: 1}, print: printer{w: new(bytes.Buffer)}, home: t.TempDir(), began: time.Now()}
	defer func() { require.NoError(t, w.cleanUp()) }()
	for _, step := range []func(context.Context) error{w.readText, w.startChain, w.createDataNet, w.contribute, w.awaitHeld} {
		require.NoError(t, step(ctx))
	}
	kill(t, w.node)
	require.NoError(t, w.runNode(ctx), "a node reopens its store after SIGKILL")
	for _, step := range []func(context.Context) error{w.serveModel, w.startGateway} {
		require.NoError(t, step(ctx))
	}
	client, err := w.openSession(ctx)
	require.NoError(t, err)
	first, err := w.ask(ctx, client, w.source.questions[0])
	require.NoError(t, err)
	kill(t, w.gateway) // the receipt may or may not be on its way
	require.NoError(t, w.runGateway(ctx))
	require.NoError(t, w.awaitReward(ctx, client, &first))

	kill(t, w.node)
	require.NoError(t, w.runNode(ctx))
	second, err := w.ask(ctx, client, w.source.questions[1])
	require.NoError(t, err)
	require.NoError(t, w.awaitReward(ctx, client, &second))

	supply, err := w.supply(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, supply.Totals.Receipts, "each receipt is paid once")
	require.Equal(t, first.payout.Fee.Add(second.payout.Fee).String(), supply.Totals.Fees.String())
	require.NoError(t, w.checkInvariants(ctx, []exchange{first, second}))
}

// TestValidatorsAttest: four validators, one of which lies, and receipts whose evidence never enters a block.
func TestValidatorsAttest(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "openlorad", "demo", "--corpus", dermatology, "--validators", "4", "--json").CombinedOutput()
	require.NoError(t, err, "%s", out)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var got result
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &got), "%s", out)
	require.True(t, got.InvariantsOK)
	require.Regexp(t, `node0 +honest +1 +0\.00[1-9]`, string(out))
	require.Regexp(t, `node3 +lies +0 +0\.000000`, string(out))
}

func kill(t *testing.T, p *process) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.done
}

func TestGoDocumentationIsLargeEnough(t *testing.T) {
	source, err := readSource(context.Background(), "")
	require.NoError(t, err)
	require.GreaterOrEqual(t, source.segments, 1_000)
	packages := 0
	for _, group := range packageGroups {
		packages += len(group.packages)
	}
	require.GreaterOrEqual(t, packages, 20)
	require.Len(t, source.contributors, len(packageGroups))
}

func TestDermatologyIsLargeEnough(t *testing.T) {
	source, err := readSource(context.Background(), dermatology)
	require.NoError(t, err)
	require.Len(t, source.contributors, 4)
	require.GreaterOrEqual(t, source.documents, 60)
	require.GreaterOrEqual(t, len(source.questions), 5)
}
