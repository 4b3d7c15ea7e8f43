package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
)

// ownNetwork is set in the environment of a process that has a network of its own.
const ownNetwork = "DOCSTEST_OWN_NETWORK"

// separate runs this program again in a network of its own, where the ports that pages name are free, and returns its
// exit code. done is false where the machine does not allow it, and where it has been done.
func separate() (code int, done bool) {
	if os.Getenv(ownNetwork) != "" {
		return 0, false
	}
	self, err := os.Executable()
	if err != nil {
		return 0, false
	}
	for _, way := range [][]string{{"--net"}, {"--user", "--map-root-user", "--net"}} {
		inside := func(command ...string) *exec.Cmd {
			return exec.Command(
				"unshare", slices.Concat(way, []string{"sh", "-c", `ip link set lo up && exec "$@"`, "sh"}, command)...)
		}
		if inside("true").Run() != nil {
			continue
		}
		cmd := inside(append([]string{self}, os.Args[1:]...)...)
		cmd.Env = append(os.Environ(), ownNetwork+"=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM) // for the one inside, which cleans up
		var failed *exec.ExitError
		switch err := cmd.Run(); {
		case err == nil:
			return 0, true
		case errors.As(err, &failed):
			return failed.ExitCode(), true
		}
	}
	return 0, false
}
