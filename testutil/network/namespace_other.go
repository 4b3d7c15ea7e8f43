//go:build !linux

package network

import (
	"errors"
	"os/exec"
)

type namespace struct{ hostAddress, nodeAddress string }

func newNamespace(int) (*namespace, error) { return nil, errors.New("network namespaces need Linux") }

func (*namespace) pull() error { return nil }

func (*namespace) plug() error { return nil }

func (*namespace) command(program string, args []string) *exec.Cmd {
	return exec.Command(program, args...)
}

func (*namespace) remove() {}
