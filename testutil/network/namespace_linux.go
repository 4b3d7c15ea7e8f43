package network

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// namespace is a network of its own for one node, joined to this machine by a cable that can be pulled.
type namespace struct {
	name, outside, inside string
	// hostAddress is where this machine is seen from the namespace, nodeAddress where the node in it is.
	hostAddress, nodeAddress string
}

// newNamespace makes a namespace; it fails without the rights to do so. Names and addresses follow from the ports of
// the network, which no other network on this machine has: two run side by side, and what bears these names already
// was left by one that was killed.
func newNamespace(basePort int) (*namespace, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("network namespaces need root")
	}
	i := basePort / 10 // up to 6553
	n := &namespace{
		name: fmt.Sprintf("olnet%d", i), outside: fmt.Sprintf("olnet%da", i), inside: fmt.Sprintf("olnet%db", i),
		hostAddress: fmt.Sprintf("10.219.%d.%d", i/64, i%64*4+1), nodeAddress: fmt.Sprintf("10.219.%d.%d", i/64, i%64*4+2),
	}
	n.remove()
	for _, step := range [][]string{
		{"netns", "add", n.name},
		{"link", "add", n.outside, "type", "veth", "peer", "name", n.inside},
		{"link", "set", n.inside, "netns", n.name},
		{"addr", "add", n.hostAddress + "/30", "dev", n.outside},
		{"link", "set", n.outside, "up"},
		{"-n", n.name, "addr", "add", n.nodeAddress + "/30", "dev", n.inside},
		{"-n", n.name, "link", "set", "lo", "up"},
		{"-n", n.name, "link", "set", n.inside, "up"},
	} {
		if err := ip(step...); err != nil {
			n.remove()
			return nil, err
		}
	}
	return n, nil
}

func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %v: %w: %s", args, err, out)
	}
	return nil
}

// pull pulls the cable, plug puts it back. Addresses stay.
func (n *namespace) pull() error { return ip("-n", n.name, "link", "set", n.inside, "down") }

func (n *namespace) plug() error { return ip("-n", n.name, "link", "set", n.inside, "up") }

// command runs a program inside.
func (n *namespace) command(program string, args []string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", n.name, program}, args...)...)
}

func (n *namespace) remove() {
	_ = ip("link", "del", n.outside)
	_ = ip("netns", "del", n.name)
}
