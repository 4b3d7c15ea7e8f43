package nodeconfig

import (
	"bytes"
	"os"
	"path/filepath"
	"text/template"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"

	"github.com/openledger/openledger/internal/file"
)

// Client is client.toml: the settings of commands that are used when no flag is given.
type Client struct {
	ChainID        string
	KeyringBackend string
	KeyName        string
	Output         string
	Node           string
	BroadcastMode  string
	Gas            string
	GasPrices      string
	GasAdjustment  string
}

// Keys of client.toml.
const (
	KeyChainID        = "chain-id"
	KeyKeyringBackend = "keyring-backend"
	KeyKeyName        = "keyring-default-keyname"
	KeyOutput         = "output"
	KeyNode           = "node"
	KeyBroadcastMode  = "broadcast-mode"
	KeyGas            = "gas"
	KeyGasPrices      = "gas-prices"
	KeyGasAdjustment  = "gas-adjustment"
)

// DefaultClient returns the default settings. They pay the gas price of a new chain, for 1.4 times the gas that the
// node estimates.
func DefaultClient() Client {
	return Client{
		KeyringBackend: "os",
		Output:         "text",
		Node:           "tcp://localhost:26657",
		BroadcastMode:  "sync",
		Gas:            "auto",
		GasPrices:      rewardstypes.DefaultMinGasPrice().String() + rewardstypes.Denom,
		GasAdjustment:  "1.4",
	}
}

// Values returns the settings by their keys.
func (c Client) Values() map[string]string {
	return map[string]string{
		KeyChainID: c.ChainID, KeyKeyringBackend: c.KeyringBackend, KeyKeyName: c.KeyName, KeyOutput: c.Output,
		KeyNode:          c.Node,
		KeyBroadcastMode: c.BroadcastMode, KeyGas: c.Gas, KeyGasPrices: c.GasPrices, KeyGasAdjustment: c.GasAdjustment,
	}
}

var clientTemplate = template.Must(template.New("client.toml").Parse(`# Settings of the commands of openledgerd. A flag of a command overrides its setting.

# chain-id is the chain for which transactions are signed.
chain-id = "{{ .ChainID }}"

# keyring-backend says where keys are kept: os, file, kwallet, pass, test or memory.
keyring-backend = "{{ .KeyringBackend }}"

# keyring-default-keyname is the key that signs without --from.
keyring-default-keyname = "{{ .KeyName }}"

# output is "text" for people, with amounts in OPEN, or "json" for programs, with amounts in aopen.
output = "{{ .Output }}"

# node is the RPC address of the node to talk to.
node = "{{ .Node }}"

# broadcast-mode "sync" waits until a transaction is in a block; "async" does not wait at all.
broadcast-mode = "{{ .BroadcastMode }}"

# gas is the most gas that a transaction may use: a number, or "auto" for an estimate of the node.
gas = "{{ .Gas }}"

# gas-prices is paid for each unit of gas.
gas-prices = "{{ .GasPrices }}"

# gas-adjustment is the factor by which the estimate is multiplied.
gas-adjustment = "{{ .GasAdjustment }}"
`))

// WriteClient writes client.toml.
func WriteClient(home string, config Client) error {
	var out bytes.Buffer
	if err := clientTemplate.Execute(&out, config); err != nil {
		return err
	}
	path := Path(home, "client")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return file.Write(path, out.Bytes(), 0o600)
}
