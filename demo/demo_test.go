package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/hermetic"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const testLimit = 3 * time.Minute

// TestMain builds the two programs once and puts them into the path.
func TestMain(m *testing.M) {
	leave, err := hermetic.Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "openledger-bin-")
	if err == nil {
		err = buildProgram("-o", dir, "../cmd/openledgerd", "../cmd/openlorad")
	}
	if err == nil {
		err = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err == nil { // where demos have their folders, so that those of others are not counted
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	leave()
	os.Exit(code)
}

// buildProgram runs go build.
func buildProgram(args ...string) error {
	cmd := exec.Command("go", append([]string{"build"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

var dermatology = filepath.Join("..", "examples", "dermatology")

func leftovers(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "openledger-demo-*"))
	require.NoError(t, err)
	return found
}

// played runs a demo with --json and returns its result, and the story that it told.
func played(t *testing.T, ctx context.Context, args ...string) (result, string) {
	t.Helper()
	var story bytes.Buffer
	cmd := exec.CommandContext(ctx, "openlorad", append([]string{"demo", "--corpus", dermatology, "--json"}, args...)...)
	cmd.Stderr = &story
	out, err := cmd.Output()
	require.NoError(t, err, "%s%s", out, &story)
	var got result
	require.NoError(t, json.Unmarshal(out, &got), "%s", out)
	return got, story.String()
}

// TestDemo runs the program as its user would and reads its JSON.
func TestDemo(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	before := leftovers(t)
	got, _ := played(t, ctx, "--queries", "2")
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

// TestLora: adapters are trained, published and asked at the same time, and their answers pay by words and by training.
func TestLora(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	before := leftovers(t)
	cmd := exec.CommandContext(ctx, "openlorad", "demo", "--lora", "--json")
	var story bytes.Buffer
	cmd.Stderr = &story
	out, err := cmd.Output()
	require.NoError(t, err, "%s%s", out, &story)
	var got result
	require.NoError(t, json.Unmarshal(out, &got), "%s", out)
	require.True(t, got.InvariantsOK)
	require.Len(t, got.Receipts, 8, "four questions to each of two adapters")
	require.Contains(t, story.String(), "A colony in the north needs about eighteen kilograms", "it has learned its notes")
	require.Regexp(t, `the part for training is ([1-9]|[12][0-9]|30)\.[0-9]+ %`, story.String())
	require.Equal(t, before, leftovers(t), "the demo leaves nothing behind")

	cmd = exec.CommandContext(ctx, "openlorad", "demo", "--lora", "--review")
	out, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "do not go together")
}

// TestReview: panels accept good text, and refuse spam, copies and gold with reasons. A reviewer who accepts everything
// is slashed.
func TestReview(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	got, story := played(t, ctx, "--review")
	require.True(t, got.InvariantsOK)
	require.Len(t, got.Receipts, 1, "the accepted text pays")
	require.NotNil(t, got.Review)
	require.Len(t, got.Review.Cohorts, 2)
	reasons := map[nature]string{
		natureSpam: `^\d of 7 seats reject: spam \d$`, natureNearCopy: `^\d of 7 seats reject: duplicate \d$`,
		natureDuplicate: `^gold: duplicate$`, natureAltered: `^gold: altered$`,
	}
	seen := make(map[nature]int)
	aside := sdkmath.ZeroInt()
	for _, c := range got.Review.Cohorts {
		require.Len(t, c.Seats, reviewerCount)
		fees, checks := amount(t, c.Fees), amount(t, c.Checks)
		require.Equal(t, fees.QuoRaw(10), checks)
		for _, r := range c.Reviewers {
			fees = fees.Sub(amount(t, r.Earned))
			require.LessOrEqual(t, r.Seats, 2)
		}
		require.True(t, fees.GTE(checks), "the rest is the bounty pool's")
		aside = aside.Add(checks)
		for i, seat := range c.Seats[1:] {
			require.Greater(t, seat.Height, c.Seats[i].Height, "each seat has a block of its own")
		}
		for _, item := range c.Items {
			seen[nature(item.Nature)]++
			reason, bad := reasons[nature(item.Nature)]
			require.Equal(t, !bad, item.Accepted, "%+v", item)
			require.Equal(t, bad, item.Score == 0)
			require.Regexp(t, reason, item.Reason)
			for _, vote := range item.Votes {
				require.Equal(t, !vote.Accept, vote.Finding != "", "who refuses says what was found")
			}
		}
	}
	require.Equal(t, map[nature]int{
		natureHonest: 4 + honestTexts, natureSpam: 1, natureNearCopy: 1, natureDuplicate: 1, natureAltered: 2, natureSound: 2,
	}, seen)
	lazy := 0
	for _, r := range got.Review.Cohorts[1].Reviewers {
		if !r.Lazy {
			require.Equal(t, "0", r.Slashed)
			continue
		}
		lazy++
		slashed, ok := sdkmath.NewIntFromString(r.Slashed)
		require.True(t, ok)
		require.True(t, slashed.GTE(reviewFee.MulRaw(4*int64(r.Seats))),
			"1 %% of 400 fees for each seat, or what a perfect one earns: %s", r.Slashed)
		require.Len(t, r.SlashedFor, r.Seats)
		require.Equal(t, "gold", r.SlashedFor[0])
		for _, other := range got.Review.Cohorts[1].Reviewers {
			if !other.Lazy {
				mine, err := strconv.ParseFloat(r.Earned, 64)
				require.NoError(t, err)
				theirs, err := strconv.ParseFloat(other.Earned, 64)
				require.NoError(t, err)
				require.Less(t, mine/float64(r.Seats), theirs/float64(other.Seats)/10)
			}
		}
	}
	require.Equal(t, 1, lazy)
	require.True(t, amount(t, got.Review.CheckFund).LTE(aside))
	require.Contains(t, story, "gold: accepted a planted duplicate")
}

func amount(t *testing.T, text string) sdkmath.Int {
	t.Helper()
	value, ok := sdkmath.NewIntFromString(text)
	require.True(t, ok, text)
	return value
}

// TestReadersFindWhatIsWrong: an honest reader objects to nothing in the corpora, and to everything that the demo
// makes.
func TestReadersFindWhatIsWrong(t *testing.T) {
	for _, dir := range []string{dermatology, ""} {
		source, err := readSource(context.Background(), dir)
		require.NoError(t, err)
		for _, c := range source.contributors {
			verdict, err := read(c.prepared.File, nil, 0)
			require.NoError(t, err)
			require.True(t, verdict.vote.Accept, "%s: %s", c.name, verdict.why)
			for _, text := range c.prepared.File.Segments {
				if spoilt := spoil(text); spoilt != nil {
					require.NotEmpty(t, contradiction(string(spoilt)))
				}
			}
		}
		chosen, err := chooseTexts(source)
		require.NoError(t, err)
		review, tokens := datanettypes.DefaultParams().Review, 0
		for _, s := range append(slices.Clone(chosen.first), chosen.second...) {
			own := 0
			for _, text := range s.file.Segments {
				own += len(poa.TokenIDs(text))
			}
			require.LessOrEqual(t, own, int(review.MaxItemTokens()), "%s by %s", s.title, s.name)
			if tokens += own; s == chosen.first[len(chosen.first)-1] {
				require.LessOrEqual(t, tokens, int(review.CohortTokens), "the first cohort is one")
			}
		}
		for _, s := range chosen.second {
			if s.original == nil {
				continue
			}
			require.GreaterOrEqual(t, s.copied, uint32(poa.DuplicatePPM))
			require.Equal(t, s.nature == natureNearCopy, s.changed >= minChanged)
		}
	}
	verdict, err := read(spam().file, nil, 0)
	require.NoError(t, err)
	require.Equal(t, datanettypes.REJECT_REASON_SPAM, verdict.vote.Reason)

	few, err := readSource(context.Background(), dermatology)
	require.NoError(t, err)
	for i := range few.contributors {
		few.contributors[i].prepared.File.Segments = few.contributors[i].prepared.File.Segments[:1]
	}
	_, err = chooseTexts(few)
	require.ErrorContains(t, err, "larger corpus")
	few.contributors = append(few.contributors, append(few.contributors, few.contributors...)...)
	_, err = chooseTexts(few)
	require.ErrorContains(t, err, "at most 8")
}

// TestInterruptedDemoLeavesNothing has a user, a terminal and a reader of its output end it while the chain runs.
func TestInterruptedDemoLeavesNothing(t *testing.T) {
	// Under nohup the demo would inherit that a hangup is ignored. What is caught here is not ignored there.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	for name, end := range map[string]func(t *testing.T, cmd *exec.Cmd, output *os.File){
		"interrupt": func(t *testing.T, cmd *exec.Cmd, _ *os.File) { require.NoError(t, cmd.Process.Signal(os.Interrupt)) },
		"hangup":    func(t *testing.T, cmd *exec.Cmd, _ *os.File) { require.NoError(t, cmd.Process.Signal(syscall.SIGHUP)) },
		"reader":    func(t *testing.T, _ *exec.Cmd, output *os.File) { require.NoError(t, output.Close()) }, // as head does
	} {
		t.Run(name, func(t *testing.T) {
			before := leftovers(t)
			output, write, err := os.Pipe()
			require.NoError(t, err)
			defer output.Close()
			cmd := exec.Command("openlorad", "demo", "--corpus", dermatology)
			cmd.Stdout = write
			require.NoError(t, cmd.Start())
			require.NoError(t, write.Close())
			lines := bufio.NewReader(output)
			for line := ""; !strings.Contains(line, "makes blocks"); {
				line, err = lines.ReadString('\n')
				require.NoError(t, err)
			}
			end(t, cmd, output)
			require.Error(t, cmd.Wait(), "a demo that is ended fails")
			require.Equal(t, before, leftovers(t))
		})
	}
}

// TestNodeAndGatewayKilled kills each with SIGKILL in the middle of the story
// and goes on: nothing is lost, and nothing is paid twice.
func TestNodeAndGatewayKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	w := &world{opts: options{corpus: dermatology, validators: 1}, print: printer{w: new(bytes.Buffer)}, home: t.TempDir(),
		began: time.Now()}
	defer func() { require.NoError(t, w.cleanUp()) }()
	for _, step := range []func(context.Context) error{w.readText, w.startChain, w.createDataNet, w.contribute,
		w.awaitHeld} {
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
	faulty := filepath.Join(os.Getenv("TMPDIR"), faultyNode) // where the other programs are
	require.NoError(t, buildProgram("-tags", "faults", "-o", faulty, "../cmd/openledgerd"))
	defer os.Remove(faulty)
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	got, story := played(t, ctx, "--validators", "4")
	require.True(t, got.InvariantsOK)
	require.Regexp(t, `node0 +honest +1 +0\.00[1-9]`, story)
	require.Regexp(t, `node3 +lies +0 +0\.000000`, story)
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

// TestWithoutGo: where Go or its source is missing, the demo takes the notes that ship.
func TestWithoutGo(t *testing.T) {
	defer func(root string) { build.Default.GOROOT = root }(build.Default.GOROOT)
	t.Setenv("PATH", t.TempDir())
	for _, root := range []string{"", t.TempDir()} {
		build.Default.GOROOT = root
		source, err := readSource(context.Background(), "")
		require.NoError(t, err)
		require.Len(t, source.contributors, 4)
		require.GreaterOrEqual(t, len(source.questions), 5)
	}
}

func TestDermatologyIsLargeEnough(t *testing.T) {
	source, err := readSource(context.Background(), dermatology)
	require.NoError(t, err)
	require.Len(t, source.contributors, 4)
	require.GreaterOrEqual(t, source.documents, 60)
	require.GreaterOrEqual(t, len(source.questions), 5)
}

func TestPlainText(t *testing.T) {
	got := plainText(
		"Do [this]:\n\n\tcode\n\n    code\n\n    more\n\n  - an item\n    that goes on\n  - another\n# Title\n")
	require.Equal(t, "Do this:\n\n\n\n\n  - an item\n    that goes on\n  - another\nTitle", got)
}
