package network

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Join lays out a full node that gets its state from snapshots of the others, trusting a recent block.
func (n *Network) Join(ctx context.Context, name string) (*Node, error) {
	source := n.Nodes[0]
	height, err := source.Height(ctx)
	if err != nil {
		return nil, err
	}
	trusted := max(1, height-5)
	block, err := source.Block(ctx, trusted)
	if err != nil {
		return nil, err
	}
	node := &Node{Name: name, Home: filepath.Join(n.Dir, name), binary: n.Binary, log: filepath.Join(n.Dir, name+".log"),
		index: len(n.Nodes)}
	if out, err := exec.CommandContext(ctx, n.Binary, "init", name, "--home", node.Home, "--chain-id",
		ChainID).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("init %s: %w\n%s", name, err, out)
	}
	genesis, err := os.ReadFile(filepath.Join(source.Home, "config", "genesis.json"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(node.Home, "config", "genesis.json"), genesis, 0o600); err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(source.RPC)
	if err != nil {
		return nil, err
	}
	port := func(offset int) string {
		return net.JoinHostPort(host, strconv.Itoa(n.BasePort+10*node.index+offset))
	}
	node.P2P, node.RPC, node.REST, node.GRPC, node.Attestor = port(0), port(1), port(2), port(3), port(4)
	var peers, servers []string
	for _, other := range n.Nodes {
		peers = append(peers, other.NodeID+"@"+other.P2P)
		servers = append(servers, "http://"+other.RPC)
	}
	for _, setting := range [][3]string{
		{"config", "p2p.laddr", "tcp://" + node.P2P}, {"config", "p2p.persistent_peers", strings.Join(peers, ",")},
		{"config", "p2p.addr_book_strict", "false"}, {"config", "p2p.allow_duplicate_ip", "true"},
		{"config", "rpc.laddr", "tcp://" + node.RPC}, {"config", "rpc.pprof_laddr", ""},
		{"config", "statesync.enable", "true"}, {"config", "statesync.rpc_servers", strings.Join(servers, ",")},
		{"config", "statesync.trust_height", strconv.FormatInt(trusted, 10)}, {"config", "statesync.trust_hash", block.Hash},
		{"config", "statesync.trust_period", "1h0m0s"}, {"config", "statesync.discovery_time", "5s"},
		{"app", "api.address", "tcp://" + node.REST}, {"app", "grpc.address", node.GRPC}, {"app", "attestor.mode", "off"},
	} {
		if out, err := exec.CommandContext(ctx, n.Binary, "config", "set", setting[0], setting[1], setting[2], "--home",
			node.Home).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("configure %s %s: %w\n%s", name, setting[1], err, out)
		}
	}
	return node, nil
}
