// Package network runs validators as processes of the built program on one machine, and does to them what happens to
// machines.
package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/chain"
)

// ChainID of test networks.
const ChainID = "openledger-net-1"

// Config of a network.
type Config struct {
	// Binary is the openledgerd to run.
	Binary string
	// Dir holds homes and logs.
	Dir string
	// Validators is how many there are, BasePort the first port of the first.
	Validators, BasePort int
	// Params are genesis parameters, as MODULE.FIELD=VALUE.
	Params []string
	// Accounts have a million OPEN each.
	Accounts []chain.Signer
	// Args are given to every node.
	Args []string
}

// Network of validators.
type Network struct {
	Config
	Nodes []*Node
	// Host is the address of this machine for the nodes.
	Host string

	own *namespace // of the last node
}

// Layout writes the homes of a network; nothing runs yet.
//
// Where the rights allow it the last node gets a network of its own, so that it can be disconnected while it runs.
func Layout(ctx context.Context, config Config) (*Network, error) {
	n := &Network{Config: config, Host: "127.0.0.1"}
	hosts := n.Host
	if own, err := newNamespace(config.BasePort); err == nil {
		n.own, n.Host = own, own.hostAddress
		hosts = strings.Repeat(own.hostAddress+",", config.Validators-1) + own.nodeAddress
	}
	args := []string{
		"testnet", "init-files", "--validators", strconv.Itoa(config.Validators), "--output-dir", config.Dir,
		"--chain-id", ChainID, "--base-port", strconv.Itoa(config.BasePort), "--host", hosts,
	}
	for _, param := range config.Params {
		args = append(args, "--param", param)
	}
	for _, account := range config.Accounts {
		args = append(args, "--account", account.String()+"=1000000000000000000000000aopen")
	}
	out, err := exec.CommandContext(ctx, config.Binary, args...).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		n.Stop()
		return nil, fmt.Errorf("lay out the network: %w", err)
	}
	if err := json.Unmarshal(out, &n.Nodes); err != nil {
		n.Stop()
		return nil, fmt.Errorf("lay out the network: %w", err)
	}
	for i, node := range n.Nodes {
		node.binary, node.log, node.args, node.index = config.Binary, filepath.Join(config.Dir, node.Name+".log"),
			config.Args, i
	}
	n.Nodes[len(n.Nodes)-1].network = n.own
	return n, nil
}

// Start starts all validators and waits for a block of each.
func (n *Network) Start(ctx context.Context) error {
	for _, node := range n.Nodes {
		if err := node.Start(); err != nil {
			return err
		}
	}
	for _, node := range n.Nodes {
		if err := node.WaitHeight(ctx, 1); err != nil {
			return err
		}
	}
	return nil
}

// Stop kills whatever runs and removes what Layout made outside of its folder.
func (n *Network) Stop() {
	for _, node := range n.Nodes {
		node.Kill()
	}
	if n.own != nil {
		n.own.remove()
		n.own = nil
	}
}

// Separate reports whether the last node has a network of its own.
func (n *Network) Separate() bool { return n.own != nil }

// Height is the greatest height of the nodes that answer.
func (n *Network) Height(ctx context.Context) int64 {
	best := int64(0)
	for _, node := range n.Nodes {
		if height, err := node.Height(ctx); err == nil {
			best = max(best, height)
		}
	}
	return best
}

// Progress waits until the network has made n more blocks.
func (n *Network) Progress(ctx context.Context, blocks int64, patience time.Duration) error {
	from := n.Height(ctx)
	limit := time.Now().Add(patience)
	for time.Now().Before(limit) {
		if n.Height(ctx) >= from+blocks {
			return nil
		}
		if err := follow.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the network is at height %d after %s, wanted %d", n.Height(ctx), patience, from+blocks)
}

// Forks counts the heights at which two nodes that answer have different application hashes, among the last blocks.
func (n *Network) Forks(ctx context.Context, blocks int64) (int, error) {
	head := n.Height(ctx)
	forks := 0
	for height := max(1, head-blocks); height <= head; height++ {
		seen := ""
		for _, node := range n.Nodes {
			hash, err := node.AppHash(ctx, height)
			if err != nil {
				continue // it does not run, or is behind
			}
			if seen == "" {
				seen = hash
			}
			if hash != seen {
				forks++
				break
			}
		}
	}
	return forks, nil
}

// tail returns the end of a file, for failures.
func tail(path string, bytes int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(content[max(0, len(content)-bytes):])
}
