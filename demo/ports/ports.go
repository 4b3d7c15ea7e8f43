// Package ports finds room for the nodes of a local network among the ports of a machine on which others do the same.
package ports

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

const (
	// PerNode is how many ports a node has: blocks of so many begin at its multiples.
	PerNode = 10
	// first and last stay below the ports that Linux gives to outgoing connections (32768 and up).
	first, last = 20_000, 32_000
)

// Block is a row of ports that nobody else takes until it is closed. The last port of each node is not for use: it is
// held open, so that two programs that look at the same moment cannot choose the same ports, whatever sizes they ask
// for.
type Block struct {
	Base   int // the first port
	guards []net.Listener
}

// Take returns the first free ports for so many nodes in a row on loopback.
func Take(nodes int) (*Block, error) {
	blocks := (last - first) / PerNode
	if nodes < 1 || nodes > blocks {
		return nil, fmt.Errorf("ports for %d nodes: must be 1 to %d", nodes, blocks)
	}
	// Programs that start together mostly look at different places.
	offset := os.Getpid() * 7
	for try := range blocks {
		start := (offset + try) % blocks
		if start+nodes > blocks {
			continue
		}
		if b := take(first+start*PerNode, nodes); b != nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("no %d free ports in a row between %d and %d", nodes*PerNode, first, last)
}

// take holds the last port of every node, then looks at the others. It returns nil if one is in use.
func take(base, nodes int) *Block {
	b := &Block{Base: base}
	for node := range nodes {
		guard, err := listen(base + node*PerNode + PerNode - 1)
		if err != nil {
			b.Close()
			return nil
		}
		b.guards = append(b.guards, guard)
	}
	for port := base; port < base+nodes*PerNode; port++ {
		if port%PerNode == PerNode-1 {
			continue
		}
		listener, err := listen(port)
		if err != nil {
			b.Close()
			return nil
		}
		_ = listener.Close()
	}
	return b
}

// Close lets others take the ports.
func (b *Block) Close() {
	for _, guard := range b.guards {
		_ = guard.Close()
	}
	b.guards = nil
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}
