// Command nettest runs four validators as processes, does to them what happens to machines and people, and checks that
// nothing is lost, paid twice or decided in two ways. Its last line is a JSON object.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/openledger/openledger/app/voteext"
	"github.com/openledger/openledger/demo/ports"
	"github.com/openledger/openledger/testutil/network"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	validators = 4
	providers  = 4
	// troublemaker is the provider that lies; the others carry the load.
	troublemaker = providers - 1
	limit        = 15 * time.Minute
)

// result is the last line.
type result struct {
	Validators  int   `json:"validators"`
	Receipts    int   `json:"receipts"`
	Finalised   int   `json:"finalised"`
	Rejected    int   `json:"rejected"`
	Expired     int   `json:"expired"`
	PaidTwice   int   `json:"paid_twice"`
	Lost        int   `json:"lost"`
	Forks       int   `json:"forks"`
	P50         int64 `json:"blocks_answer_to_reward_p50"`
	P90         int64 `json:"blocks_answer_to_reward_p90"`
	LargestVote int   `json:"extension_bytes_max"`
}

// test is a running network with its load.
type test struct {
	*network.Network
	load    *network.Load
	began   time.Time
	normal  []*network.Batch // of the undisturbed load
	scratch string
	ports   *ports.Block
}

func (t *test) say(format string, args ...any) {
	fmt.Printf("%6.1fs  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...))
}

func main() {
	only := flag.String("only", "", "play some scenarios by their names, separated by commas")
	keep := flag.Bool("keep", false, "keep homes and logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	err := run(ctx, *only, *keep)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nettest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, keep bool) (err error) {
	dir, err := os.MkdirTemp("", "openledger-net-")
	if err != nil {
		return err
	}
	t := &test{began: time.Now(), scratch: dir}
	defer func() {
		if t.Network != nil {
			t.Stop()
		}
		if t.ports != nil {
			t.ports.Close()
		}
		if keep {
			fmt.Println("kept", dir)
		} else {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := t.start(ctx, dir); err != nil {
		return err
	}
	defer t.load.Close()
	for _, s := range scenarios {
		if only != "" && s.name != "normal load" && !slices.Contains(strings.Split(only, ","), s.name) {
			continue
		}
		if err := s.play(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		t.say("%-28s ok, height %d", s.name, t.Height(ctx))
	}
	return t.finish(ctx)
}

// start builds the program and brings network and load up.
func (t *test) start(ctx context.Context, dir string) error {
	binary := filepath.Join(dir, "openledgerd")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "faults", "-o", binary, "./cmd/openledgerd")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build openledgerd (run this from the root of the repository): %w", err)
	}
	var err error
	if t.ports, err = ports.Take(validators + 2); err != nil { // two join later
		return err
	}
	t.load = network.NewLoad(providers)
	if t.Network, err = network.Layout(ctx, network.Config{
		Binary: binary, Dir: dir, Validators: validators, BasePort: t.ports.Base, Accounts: t.load.Accounts(),
		Params: []string{"attribution.attest_ticks=15", "attribution.hold_retry_blocks=5"},
		Args:   []string{"--state-sync.snapshot-interval", "20", "--state-sync.snapshot-keep-recent", "4"},
	}); err != nil {
		return err
	}
	if err := t.Start(ctx); err != nil {
		return err
	}
	how := "all on one network"
	if t.Separate() {
		how = "the last in a network namespace of its own"
	}
	t.say("%d validators make blocks, %s", validators, how)
	if err := t.load.Setup(ctx, t.Network); err != nil {
		return fmt.Errorf("set up the load: %w", err)
	}
	t.say("text is held, a model is registered, %d providers are bonded", providers)
	return nil
}

// under plays a scenario while providers submit, and waits for the verdicts on what they submitted.
func (t *test) under(ctx context.Context, play func(context.Context) error) error {
	loaded, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	failures := make(chan error, 1)
	work.Go(func() { failures <- t.load.RunHonest(loaded, troublemaker) })
	err := play(ctx)
	stop()
	work.Wait()
	if err := errors.Join(err, <-failures); err != nil {
		return err
	}
	return t.load.Settle(ctx)
}

// expect checks that a batch has a status.
func expect(batch *network.Batch, want attributiontypes.BatchStatus) error {
	if batch.Status != want {
		return fmt.Errorf("batch %d is %s, wanted %s", batch.ID, batch.Status, want)
	}
	return nil
}

// finish compares what the load knows with what the chain says.
func (t *test) finish(ctx context.Context) error {
	if err := t.load.Settle(ctx); err != nil {
		return err
	}
	r := result{Validators: validators}
	finalReceipts := 0
	for _, batch := range t.load.Batches() {
		r.Receipts += batch.Receipts
		switch batch.Status {
		case attributiontypes.BATCH_STATUS_FINAL:
			r.Finalised++
			finalReceipts += batch.Receipts
		case attributiontypes.BATCH_STATUS_REJECTED, attributiontypes.BATCH_STATUS_REFUNDED:
			r.Rejected++
		case attributiontypes.BATCH_STATUS_EXPIRED, attributiontypes.BATCH_STATUS_LAPSED:
			r.Expired++
		}
	}
	paid, err := t.load.Paid(ctx)
	if err != nil {
		return err
	}
	r.PaidTwice, r.Lost = max(0, int(paid)-finalReceipts), max(0, finalReceipts-int(paid))
	if r.Forks, err = t.Forks(ctx, 1_000); err != nil {
		return err
	}
	r.P50, r.P90 = percentiles(t.normal)
	if r.LargestVote, err = t.largestVote(ctx); err != nil {
		return err
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	if r.PaidTwice+r.Lost+r.Forks != 0 {
		return errors.New("something was lost, paid twice or decided in two ways")
	}
	return nil
}

// percentiles of the blocks between an answer and its reward.
func percentiles(batches []*network.Batch) (p50, p90 int64) {
	var blocks []int64
	for _, batch := range batches {
		if batch.Status == attributiontypes.BATCH_STATUS_FINAL {
			blocks = append(blocks, batch.Settled-batch.Answered)
		}
	}
	if len(blocks) == 0 {
		return 0, 0
	}
	slices.Sort(blocks)
	return blocks[len(blocks)/2], blocks[len(blocks)*9/10]
}

// largestVote is the largest extension that any block carries.
func (t *test) largestVote(ctx context.Context) (int, error) {
	largest, carried := 0, 0
	head := t.Height(ctx)
	if err := t.Nodes[0].WaitHeight(ctx, head); err != nil { // it may be a block behind others
		return 0, err
	}
	for height := int64(2); height <= head; height++ {
		block, err := t.Nodes[0].Block(ctx, height)
		if err != nil {
			return 0, err
		}
		if len(block.Txs) == 0 || !voteext.IsInjection(block.Txs[0]) {
			continue
		}
		size, err := voteext.LargestExtension(block.Txs[0], block.Votes)
		if err != nil {
			return 0, fmt.Errorf("block %d: %w", height, err)
		}
		carried++
		largest = max(largest, size)
	}
	if carried == 0 {
		return 0, errors.New("no block carries votes")
	}
	return largest, nil
}
