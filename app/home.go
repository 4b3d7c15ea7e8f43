package app

import (
	"os" // determinism: where a node keeps its files
	"path/filepath"
)

const (
	// Name of the application and of the node's binary.
	Name = "openledgerd"
	// EnvPrefix of environment variables that set configuration.
	EnvPrefix = "OPENLEDGERD"
)

// DefaultNodeHome is where a node keeps its configuration and data, and commands find keys and settings:
// $OPENLEDGERD_HOME, or .openledger in the home folder of the user.
var DefaultNodeHome = defaultHome()

func defaultHome() string {
	if home := os.Getenv(EnvPrefix + "_HOME"); home != "" {
		return home
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	return filepath.Join(home, ".openledger")
}
