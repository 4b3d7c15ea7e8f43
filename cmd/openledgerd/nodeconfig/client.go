package nodeconfig

import (
	"bytes"
	"os"
	"path/filepath"
	"text/template"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Client is client.toml: what commands take when no flag says otherwise.
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

// DefaultClient pays the price of a new chain for as much gas as the node estimates, and 40 % more.
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

// Values of the configuration by their keys.
func (c Client) Values() map[string]string {
	return map[string]string{
		KeyChainID: c.ChainID, KeyKeyringBackend: c.KeyringBackend, KeyKeyName: c.KeyName, KeyOutput: c.Output,
		KeyNode:          c.Node,
		KeyBroadcastMode: c.BroadcastMode, KeyGas: c.Gas, KeyGasPrices: c.GasPrices, KeyGasAdjustment: c.GasAdjustment,
	}
}

var clientTemplate = template.Must(template.New("client.toml").Parse(`# What commands of openledgerd take when no flag says otherwise.

# chain-id that transactions are signed for.
chain-id = "{{ .ChainID }}"

# keyring-backend is where keys are kept: os, file, kwallet, pass, test or memory.
keyring-backend = "{{ .KeyringBackend }}"

# keyring-default-keyname is the key that signs when there is no --from.
keyring-default-keyname = "{{ .KeyName }}"

# output is "text" for people, with amounts in OPEN, or "json" for programs, with amounts in aopen.
output = "{{ .Output }}"

# node is the RPC address of the node that is asked.
node = "{{ .Node }}"

# broadcast-mode "sync" waits until a transaction is in a block; "async" does not wait at all.
broadcast-mode = "{{ .BroadcastMode }}"

# gas is how much a transaction may use: a number, or "auto" to have the node estimate it.
gas = "{{ .Gas }}"

# gas-prices is paid for each unit of gas.
gas-prices = "{{ .GasPrices }}"

# gas-adjustment multiplies the estimate.
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
	return os.WriteFile(path, out.Bytes(), 0o600)
}
