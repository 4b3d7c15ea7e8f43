package network

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// namespace is a network of its own for one node, joined to this machine by a cable that can be pulled.
type namespace struct{ name, outside, inside string }

const (
	// hostAddress is where this machine is seen from the namespace, nodeAddress where the node in it is.
	hostAddress = "10.219.77.1"
	nodeAddress = "10.219.77.2"
)

// newNamespace makes a namespace; it fails without the rights to do so.
func newNamespace() (*namespace, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("network namespaces need root")
	}
	n := &namespace{name: fmt.Sprintf("olnet%d", os.Getpid()), outside: "olnet0", inside: "olnet1"}
	for _, step := range [][]string{
		{"netns", "add", n.name},
		{"link", "add", n.outside, "type", "veth", "peer", "name", n.inside},
		{"link", "set", n.inside, "netns", n.name},
		{"addr", "add", hostAddress + "/24", "dev", n.outside},
		{"link", "set", n.outside, "up"},
		{"-n", n.name, "addr", "add", nodeAddress + "/24", "dev", n.inside},
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
