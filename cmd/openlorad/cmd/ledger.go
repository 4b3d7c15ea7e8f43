package cmd

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/viper"

	"github.com/openledger/openledger/app"
)

const (
	defaultBackend = "os"
	defaultGRPC    = "127.0.0.1:9090"
	grpcPort       = "9090"
)

// ledger holds the settings of openledgerd on this machine: openlorad uses the same keys, node and content store.
type ledger struct {
	home                      string
	backend, keyName, chainID string
	grpc                      string // address of the node
}

// readLedger reads client.toml of openledgerd, if it is there.
func readLedger() (ledger, error) {
	l := ledger{home: app.DefaultNodeHome, backend: defaultBackend, grpc: defaultGRPC}
	if home := os.Getenv(app.EnvPrefix + "_HOME"); home != "" {
		l.home = home
	}
	client, err := readTOML(filepath.Join(l.home, "config", "client.toml"))
	if err != nil || client == nil {
		return l, err
	}
	if backend := client.GetString("keyring-backend"); backend != "" {
		l.backend = backend
	}
	l.keyName, l.chainID = client.GetString("keyring-default-keyname"), client.GetString("chain-id")
	rpc, err := url.Parse(client.GetString("node"))
	if err != nil || rpc.Hostname() == "" {
		return l, nil
	}
	if host := rpc.Hostname(); host != "localhost" && !net.ParseIP(host).IsLoopback() {
		l.grpc = net.JoinHostPort(host, grpcPort)
		return l, nil
	}
	node, err := readTOML(filepath.Join(l.home, "config", "app.toml"))
	if err != nil || node == nil {
		return l, err
	}
	if address := node.GetString("grpc.address"); address != "" {
		l.grpc = address
	}
	return l, nil
}

// content returns the folder of the store in which openledgerd and its attestor keep text.
func (l ledger) content() string { return filepath.Join(l.home, "content") }

// checkChain returns an error if a node's chain is not the one that openledgerd is set to.
func (l ledger) checkChain(chainID string) error {
	if l.chainID == "" || l.chainID == chainID {
		return nil
	}
	return fmt.Errorf(
		"the node at %s is of chain %s, and openledgerd is set to %s: set it with `openledgerd config set client chain-id "+
			"%s`, or name the node with --%s",
		l.grpc, chainID, l.chainID, chainID, flagNode)
}

// readTOML reads a file. It returns nil if the file does not exist.
func readTOML(path string) (*viper.Viper, error) {
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil, nil
	}
	v := viper.New()
	v.SetConfigFile(path)
	if err := v.ReadInConfig(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}
