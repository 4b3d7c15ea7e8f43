// Package hermetic keeps tests away from what else a machine is used for: the homes of its user, and settings in the
// environment.
package hermetic

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openledger/openledger/app"
)

// prefixes of variables that are settings of our programs.
var prefixes = []string{app.EnvPrefix + "_", "OPENLORA_", "OPENAI_"}

// Main runs the tests of a package in a home of their own. A package whose tests run commands has it as its TestMain:
//
//	func TestMain(m *testing.M) { hermetic.Main(m) }
func Main(m *testing.M) {
	remove, err := Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, "a home for the tests:", err)
		os.Exit(1)
	}
	code := m.Run()
	remove()
	os.Exit(code)
}

// Enter gives the process an empty home, and takes settings out of its environment. What Go has built and fetched stays
// where it is. remove removes the home.
func Enter() (remove func(), err error) {
	// Go keeps the first three, and what is set for the others, at home
	names := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOFLAGS"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	home, err := os.MkdirTemp("", "openledger-test-home-")
	if err != nil {
		return nil, err
	}
	for i, value := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if err := os.Setenv(names[i], value); err != nil {
			return nil, err
		}
	}
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(setting, "=")
		for _, prefix := range prefixes {
			if strings.HasPrefix(name, prefix) {
				if err := os.Unsetenv(name); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := os.Setenv("HOME", home); err != nil {
		return nil, err
	}
	app.DefaultNodeHome = filepath.Join(home, ".openledger")
	return func() { _ = os.RemoveAll(home) }, nil
}
