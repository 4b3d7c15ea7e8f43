package network

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/openledger/openledger/internal/follow"
)

// Node is a validator, or a full node, with its process.
type Node struct {
	Name     string `json:"name"`
	Home     string `json:"home"`
	NodeID   string `json:"node_id"`
	Operator string `json:"operator"`
	P2P      string `json:"p2p"`
	RPC      string `json:"rpc"`
	REST     string `json:"rest"`
	GRPC     string `json:"grpc"`
	Attestor string `json:"attestor"`

	index   int
	network *namespace // of its own; nil when it shares this machine's
	binary  string
	log     string
	args    []string
	extra   []string
	process *exec.Cmd
	ended   chan struct{}
}

// With gives the node arguments for its next start.
func (n *Node) With(args ...string) *Node {
	n.extra = args
	return n
}

// Start runs the node. Its process ends with this one.
func (n *Node) Start() error {
	file, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	args := append([]string{"start", "--home", n.Home}, n.args...)
	args = append(args, n.extra...)
	cmd := exec.Command(n.binary, args...)
	if n.network != nil {
		cmd = n.network.command(n.binary, args)
	}
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = attributes()
	started, ended := make(chan error), make(chan struct{})
	go runTied(cmd, started, ended)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.process, n.ended = cmd, ended
	return nil
}

func (n *Node) signal(s syscall.Signal) {
	if n.process != nil {
		_ = n.process.Process.Signal(s)
	}
}

// Kill ends the node without warning.
func (n *Node) Kill() {
	if n.process == nil {
		return
	}
	n.signal(syscall.SIGKILL)
	<-n.ended
	n.process = nil
}

// Stop ends the node as an operator does.
func (n *Node) Stop() error {
	if n.process == nil {
		return nil
	}
	n.signal(syscall.SIGTERM)
	select {
	case <-n.ended:
		n.process = nil
		return nil
	case <-time.After(20 * time.Second):
		n.Kill()
		return fmt.Errorf("%s did not stop in 20 s:\n%s", n.Name, tail(n.log, 2000))
	}
}

// Pause stops the node's clock, Resume starts it again.
func (n *Node) Pause() { n.signal(syscall.SIGSTOP) }

// Resume continues a paused node.
func (n *Node) Resume() { n.signal(syscall.SIGCONT) }

// Restart kills the node and starts it with arguments.
func (n *Node) Restart(args ...string) error {
	n.Kill()
	return n.With(args...).Start()
}

// Disconnect cuts the node off from everybody: by its cable if it has a network of its own, else by a restart without
// peers at another address.
func (n *Node) Disconnect() error {
	if n.network != nil {
		return n.network.pull()
	}
	return n.Restart("--p2p.persistent_peers", "", "--p2p.laddr", "tcp://127.0.0.1:0")
}

// Reconnect undoes Disconnect.
func (n *Node) Reconnect() error {
	if n.network != nil {
		return n.network.plug()
	}
	return n.Restart()
}

// Alive reports whether the process runs.
func (n *Node) Alive() bool {
	if n.process == nil {
		return false
	}
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// rpc asks the node's CometBFT.
func (n *Node) rpc(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.RPC+"/"+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if len(answer.Result) == 0 {
		return fmt.Errorf("%s: %s", path, answer.Error)
	}
	return json.Unmarshal(answer.Result, into)
}

// Height of the node.
func (n *Node) Height(ctx context.Context) (int64, error) {
	var status struct {
		SyncInfo struct {
			Height string `json:"latest_block_height"`
		} `json:"sync_info"`
	}
	if err := n.rpc(ctx, "status", &status); err != nil {
		return 0, err
	}
	return strconv.ParseInt(status.SyncInfo.Height, 10, 64)
}

// Block is what tests read of a block.
type Block struct {
	AppHash string
	Hash    string
	Txs     [][]byte
	Votes   int // in the last commit
}

// Block returns a block.
func (n *Node) Block(ctx context.Context, height int64) (Block, error) {
	var answer struct {
		BlockID struct {
			Hash string `json:"hash"`
		} `json:"block_id"`
		Block struct {
			Header struct {
				AppHash string `json:"app_hash"`
			} `json:"header"`
			Data struct {
				Txs [][]byte `json:"txs"`
			} `json:"data"`
			LastCommit struct {
				Signatures []json.RawMessage `json:"signatures"`
			} `json:"last_commit"`
		} `json:"block"`
	}
	if err := n.rpc(ctx, "block?height="+strconv.FormatInt(height, 10), &answer); err != nil {
		return Block{}, err
	}
	return Block{AppHash: answer.Block.Header.AppHash, Hash: answer.BlockID.Hash, Txs: answer.Block.Data.Txs,
		Votes: len(answer.Block.LastCommit.Signatures)}, nil
}

// AppHash of the state before a block.
func (n *Node) AppHash(ctx context.Context, height int64) (string, error) {
	block, err := n.Block(ctx, height)
	return block.AppHash, err
}

// WaitHeight waits until the node is at a height.
func (n *Node) WaitHeight(ctx context.Context, height int64) error {
	for {
		at, err := n.Height(ctx)
		if err == nil && at >= height {
			return nil
		}
		if !n.Alive() {
			return fmt.Errorf("%s has ended:\n%s", n.Name, tail(n.log, 2000))
		}
		if waited := follow.Sleep(ctx, 200*time.Millisecond); waited != nil {
			return fmt.Errorf("%s is at height %d, wanted %d: %w (%v)\n%s", n.Name, at, height, waited, err, tail(n.log, 1000))
		}
	}
}
