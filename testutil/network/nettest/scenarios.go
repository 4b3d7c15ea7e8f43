package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	"github.com/openledger/openledger/testutil/network"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// scenarios in the order of play.
var scenarios = []struct {
	name string
	play func(context.Context, *test) error
}{
	{"normal load", normalLoad},
	{"one killed", oneKilled},
	{"two killed", twoKilled},
	{"one paused", onePaused},
	{"one disconnected", oneDisconnected},
	{"attestor lies", attestorFault("lie")},
	{"attestor stalls", attestorFault("stall")},
	{"attestor panics", attestorFault("panic")},
	{"attestor floods", attestorFault("flood")},
	{"proposer drops a third", attestorFault("drop")},
	{"attestor of its own killed", ownAttestorKilled},
	{"late evidence", lateEvidence},
	{"withheld evidence", withheldEvidence},
	{"key rotation", keyRotation},
	{"joins by state sync", joinsByStateSync},
	{"executors", executors},
	{"modes", modes},
	{"a provider lies", providerLies},
}

const catchUp = 60 * time.Second

func normalLoad(ctx context.Context, t *test) error {
	before := len(t.load.Batches())
	if err := t.under(ctx, func(ctx context.Context) error { return t.Progress(ctx, 20, catchUp) }); err != nil {
		return err
	}
	t.normal = t.load.Batches()[before:]
	for _, batch := range t.normal {
		if err := expect(batch, attributiontypes.BATCH_STATUS_FINAL); err != nil {
			return err
		}
	}
	return nil
}

// oneKilled: three of four make blocks and verdicts.
func oneKilled(ctx context.Context, t *test) error {
	return t.under(ctx, func(ctx context.Context) error {
		t.Nodes[3].Kill()
		if err := t.Progress(ctx, 6, catchUp); err != nil {
			return err
		}
		if err := t.Nodes[3].Start(); err != nil {
			return err
		}
		return t.Nodes[3].WaitHeight(ctx, t.Height(ctx))
	})
}

// twoKilled: the chain halts, and goes on where it was.
func twoKilled(ctx context.Context, t *test) error {
	return t.under(ctx, func(ctx context.Context) error {
		t.Nodes[2].Kill()
		t.Nodes[3].Kill()
		time.Sleep(2 * time.Second)
		halted := t.Height(ctx)
		time.Sleep(5 * time.Second)
		if height := t.Height(ctx); height > halted {
			return fmt.Errorf("half of the power has made blocks %d to %d", halted, height)
		}
		for _, node := range t.Nodes[2:] {
			if err := node.Start(); err != nil {
				return err
			}
		}
		return t.Progress(ctx, 5, catchUp)
	})
}

func onePaused(ctx context.Context, t *test) error {
	return t.under(ctx, func(ctx context.Context) error {
		t.Nodes[1].Pause()
		err := t.Progress(ctx, 5, catchUp)
		t.Nodes[1].Resume()
		if err != nil {
			return err
		}
		return t.Nodes[1].WaitHeight(ctx, t.Height(ctx))
	})
}

func oneDisconnected(ctx context.Context, t *test) error {
	return t.under(ctx, func(ctx context.Context) error {
		if err := t.Nodes[3].Disconnect(); err != nil {
			return err
		}
		if err := t.Progress(ctx, 5, catchUp); err != nil {
			return err
		}
		if err := t.Nodes[3].Reconnect(); err != nil {
			return err
		}
		return t.Nodes[3].WaitHeight(ctx, t.Height(ctx))
	})
}

// attestorFault: a quarter of the power misbehaves, and verdicts come as before.
func attestorFault(fault string) func(context.Context, *test) error {
	return func(ctx context.Context, t *test) error {
		if err := t.Nodes[3].Restart("--attestor.fault", fault); err != nil {
			return err
		}
		if err := t.Nodes[3].WaitHeight(ctx, t.Height(ctx)); err != nil {
			return err
		}
		before := len(t.load.Batches())
		if err := t.under(ctx, func(ctx context.Context) error { return t.Progress(ctx, 4, catchUp) }); err != nil {
			return err
		}
		for _, batch := range t.load.Batches()[before:] {
			if err := expect(batch, attributiontypes.BATCH_STATUS_FINAL); err != nil {
				return err
			}
		}
		if err := t.Nodes[3].Restart(); err != nil {
			return err
		}
		return t.Nodes[3].WaitHeight(ctx, t.Height(ctx))
	}
}

// ownAttestorKilled: an attestor in a process of its own takes the place of the embedded one, and its death does not
// harm the node.
func ownAttestorKilled(ctx context.Context, t *test) error {
	node := t.Nodes[1]
	socket := filepath.Join(t.scratch, "attestor.sock")
	if err := node.Restart("--attestor.mode", "unix://"+socket); err != nil {
		return err
	}
	if err := node.WaitHeight(ctx, t.Height(ctx)); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(t.scratch, "attestor.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, t.Binary, "attestor", "start", "--home", node.Home, "--node-grpc", node.GRPC,
		"--socket", socket)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	// With another validator's attestor off, verdicts need this one.
	if err := t.Nodes[2].Restart("--attestor.mode", "off"); err != nil {
		return err
	}
	if err := t.Nodes[2].WaitHeight(ctx, t.Height(ctx)); err != nil {
		return err
	}
	if err := t.final(ctx, network.Honest); err != nil {
		return fmt.Errorf("with an attestor of its own: %w", err)
	}
	if out, err := exec.CommandContext(ctx, t.Binary, "attestor", "status", "--socket",
		socket).CombinedOutput(); err != nil || !strings.Contains(string(out), "attestation on") {
		return fmt.Errorf("attestor status: %w\n%s", err, out)
	}
	if err := cmd.Process.Kill(); err != nil {
		return err
	}
	if err := t.Progress(ctx, 5, catchUp); err != nil {
		return err
	}
	for _, restarted := range t.Nodes[1:3] {
		if err := restarted.Restart(); err != nil {
			return err
		}
	}
	for _, restarted := range t.Nodes[1:3] {
		if err := restarted.WaitHeight(ctx, t.Height(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// final submits one batch, which must become final.
func (t *test) final(ctx context.Context, conduct network.Conduct) error {
	batch, err := t.load.Submit(ctx, 0, conduct)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	if err := t.load.Await(limited, batch); err != nil {
		return fmt.Errorf("batch %d is %s: %w", batch.ID, batch.Status, err)
	}
	return expect(batch, attributiontypes.BATCH_STATUS_FINAL)
}

func lateEvidence(ctx context.Context, t *test) error { return t.final(ctx, network.Late) }

// withheldEvidence expires, and delays nobody else.
func withheldEvidence(ctx context.Context, t *test) error {
	withheld, err := t.load.Submit(ctx, 1, network.Withheld)
	if err != nil {
		return err
	}
	for range 3 {
		batch, err := t.load.Submit(ctx, 0, network.Honest)
		if err != nil {
			return err
		}
		if err := t.load.Await(ctx, batch); err != nil {
			return err
		}
		if err := expect(batch, attributiontypes.BATCH_STATUS_FINAL); err != nil {
			return err
		}
		if blocks := batch.Settled - batch.Answered; blocks > 6 {
			return fmt.Errorf("batch %d took %d blocks behind a withheld one", batch.ID, blocks)
		}
	}
	if err := t.load.Settle(ctx); err != nil {
		return err
	}
	return expect(withheld, attributiontypes.BATCH_STATUS_EXPIRED)
}

// keyRotation: a validator signs with another key, and is heard with it.
func keyRotation(ctx context.Context, t *test) error {
	node := t.Nodes[2]
	fresh := filepath.Join(t.scratch, "fresh")
	if out, err := exec.CommandContext(ctx, t.Binary, "init", "fresh", "--home", fresh, "--chain-id",
		network.ChainID).CombinedOutput(); err != nil {
		return fmt.Errorf("make a key: %w\n%s", err, out)
	}
	public, err := exec.CommandContext(ctx, t.Binary, "comet", "show-validator", "--home", fresh).Output()
	if err != nil {
		return err
	}
	return t.under(ctx, func(ctx context.Context) error {
		out, err := exec.CommandContext(ctx, t.Binary, "tx", "staking", "rotate-cons-pub-key",
			strings.TrimSpace(string(public)),
			"--from", node.Name, "--home", node.Home, "--keyring-backend", "test", "--chain-id", network.ChainID, "--node",
			"tcp://"+t.Nodes[0].RPC,
			"--gas", "400000", "--fees", "1000000000000000aopen", "--yes", "--output", "json").CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"code":0`) {
			return fmt.Errorf("rotate the key: %w\n%s", err, out)
		}
		if err := t.Progress(ctx, 5, catchUp); err != nil {
			return err
		}
		if err := node.Stop(); err != nil {
			return err
		}
		key, err := os.ReadFile(filepath.Join(fresh, "config", "priv_validator_key.json"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(node.Home, "config", "priv_validator_key.json"), key, 0o600); err != nil {
			return err
		}
		if err := node.Start(); err != nil {
			return err
		}
		if err := node.WaitHeight(ctx, t.Height(ctx)); err != nil {
			return err
		}
		// Without another one, blocks and verdicts need the new key.
		t.Nodes[3].Kill()
		if err := t.Progress(ctx, 5, catchUp); err != nil {
			return fmt.Errorf("with the new key: %w", err)
		}
		if err := t.final(ctx, network.Honest); err != nil {
			return fmt.Errorf("with the new key: %w", err)
		}
		if err := t.Nodes[3].Start(); err != nil {
			return err
		}
		return t.Nodes[3].WaitHeight(ctx, t.Height(ctx))
	})
}

// joinsByStateSync: a node without history has the same state under load.
func joinsByStateSync(ctx context.Context, t *test) error {
	return t.under(ctx, func(ctx context.Context) error {
		node, err := t.Join(ctx, "joined")
		if err != nil {
			return err
		}
		if err := node.Start(); err != nil {
			return err
		}
		defer node.Kill()
		limited, cancel := context.WithTimeout(ctx, 2*catchUp)
		defer cancel()
		if err := node.WaitHeight(limited, t.Height(ctx)+2); err != nil {
			return err
		}
		height, err := node.Height(ctx)
		if err != nil {
			return err
		}
		ours, err := node.AppHash(ctx, height)
		if err != nil {
			return err
		}
		theirs, err := t.Nodes[0].AppHash(ctx, height)
		if err != nil || ours != theirs {
			return fmt.Errorf("height %d: %s joined with %s, %w", height, theirs, ours, err)
		}
		if _, err := node.Block(ctx, 1); err == nil {
			return fmt.Errorf("the node has block 1: it has not joined by state sync")
		}
		return nil
	})
}

// executors: each node executes blocks in another way. One that came to another application hash or other results than
// the rest would stop at the next block.
func executors(ctx context.Context, t *test) error {
	for i, args := range [][]string{
		{"--block-executor", "sequential"}, {"--execution.optimistic"}, {"--block-executor", "block-stm"},
		{"--block-executor", "block-stm", "--execution.optimistic"},
	} {
		if err := t.restart(ctx, t.Nodes[i], args...); err != nil {
			return err
		}
	}
	if err := t.under(ctx, func(ctx context.Context) error { return t.Progress(ctx, 20, 2*catchUp) }); err != nil {
		return err
	}
	// Without one of them, a proposer fails every fourth round, and what was executed ahead is of no use.
	if err := t.under(ctx, func(ctx context.Context) error {
		t.Nodes[0].Kill()
		return t.Progress(ctx, 8, 2*catchUp)
	}); err != nil {
		return err
	}
	for _, node := range t.Nodes {
		if err := t.restart(ctx, node); err != nil {
			return err
		}
	}
	forks, err := t.Forks(ctx, 1_000)
	if err != nil || forks > 0 {
		return fmt.Errorf("%d forks: %w", forks, err)
	}
	return nil
}

// restart restarts a node with arguments and waits until it is where the others are.
func (t *test) restart(ctx context.Context, node *network.Node, args ...string) error {
	if err := node.Restart(args...); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, 2*catchUp)
	defer cancel()
	return node.WaitHeight(limited, t.Height(ctx))
}

// modes: a validator goes on in every mode that answers clients or makes blocks.
func modes(ctx context.Context, t *test) error {
	node := t.Nodes[3]
	for _, mode := range []nodeconfig.Mode{nodeconfig.Validator, nodeconfig.Archive, nodeconfig.Full} {
		if out, err := exec.CommandContext(ctx, t.Binary, "config", "mode", string(mode), "--home",
			node.Home).CombinedOutput(); err != nil {
			return fmt.Errorf("config mode %s: %w\n%s", mode, err, out)
		}
		if err := t.restart(ctx, node, "--attestor.mode", nodeconfig.EmbeddedAttestor); err != nil {
			return fmt.Errorf("mode %s: %w", mode, err)
		}
		if err := t.final(ctx, network.Honest); err != nil {
			return fmt.Errorf("mode %s: %w", mode, err)
		}
	}
	if out, err := exec.CommandContext(ctx, t.Binary, "config", "set", "app", "attestor.mode", nodeconfig.EmbeddedAttestor,
		"--home", node.Home).CombinedOutput(); err != nil {
		return fmt.Errorf("config set: %w\n%s", err, out)
	}
	return t.restart(ctx, node)
}

// providerLies: validators reject, and two thirds of them freeze the provider.
func providerLies(ctx context.Context, t *test) error {
	batch, err := t.load.Submit(ctx, troublemaker, network.Lying)
	if err != nil {
		return err
	}
	if err := t.load.Settle(ctx); err != nil {
		return err
	}
	if err := expect(batch, attributiontypes.BATCH_STATUS_REJECTED); err != nil {
		return err
	}
	frozen, err := t.load.Frozen(ctx, troublemaker)
	if err != nil || !frozen {
		return fmt.Errorf("the provider is not frozen: %w", err)
	}
	return nil
}
