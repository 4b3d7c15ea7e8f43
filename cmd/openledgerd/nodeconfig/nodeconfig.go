// Package nodeconfig reads and writes the configuration of a node: app.toml, config.toml and client.toml.
package nodeconfig

import serverconfig "github.com/cosmos/cosmos-sdk/server/config"

// EmbeddedAttestor is the mode in which the attestor runs in the node's process.
const EmbeddedAttestor = "embedded"

// Config is app.toml: the SDK's settings, and those of attestor and execution.
type Config struct {
	serverconfig.Config `mapstructure:",squash"`
	Attestor            Attestor  `mapstructure:"attestor"`
	Execution           Execution `mapstructure:"execution"`
}

// Execution says how blocks are executed, besides block-executor.
type Execution struct {
	Optimistic bool `mapstructure:"optimistic"`
}

// Attestor has the settings of the attestor. README.md of package attestor explains them.
type Attestor struct {
	Mode          string `mapstructure:"mode"`
	Listen        string `mapstructure:"listen"`
	Peers         string `mapstructure:"peers"`
	Content       string `mapstructure:"content"`
	AllowPrivate  bool   `mapstructure:"allow-private"`
	IndexMemoryMB int64  `mapstructure:"index-memory-mb"`
	BundleDiskMB  int64  `mapstructure:"bundle-disk-mb"`
	IndexKeepDays int64  `mapstructure:"index-keep-days"`
}

const attestorTemplate = `
###############################################################################
###                                Attestor                                 ###
###############################################################################

[attestor]

# mode is "embedded", "off", or the socket of an attestor process as "unix:///PATH".
mode = "{{ .Attestor.Mode }}"

# listen is the address at which the attestor takes and serves bundles and text; empty for none.
listen = "{{ .Attestor.Listen }}"

# peers are base URLs of other attestors, separated by commas; they are asked before providers.
peers = "{{ .Attestor.Peers }}"

# content is the store of DataNet text: a directory or a bucket URL; empty for attestor/content in the home folder.
content = "{{ .Attestor.Content }}"

# allow-private also fetches from private addresses and files: for networks on one machine.
allow-private = {{ .Attestor.AllowPrivate }}

# index-memory-mb bounds the indexes in memory, bundle-disk-mb the bundles on disk.
index-memory-mb = {{ .Attestor.IndexMemoryMB }}
bundle-disk-mb = {{ .Attestor.BundleDiskMB }}

# index-keep-days is how long the index of a model version stays on disk after its last use.
index-keep-days = {{ .Attestor.IndexKeepDays }}
`

const executionTemplate = `
###############################################################################
###                                Execution                                ###
###############################################################################

[execution]

# optimistic executes a proposal while validators vote on it. It works with each block-executor and changes no result.
optimistic = {{ .Execution.Optimistic }}
`

// Template of app.toml.
const Template = serverconfig.DefaultConfigTemplate + attestorTemplate + executionTemplate

// Default returns the default configuration.
func Default() Config {
	config := *serverconfig.DefaultConfig()
	config.IAVLCacheSize = IAVLCacheSize
	return Config{
		Config: config, Attestor: Attestor{Mode: EmbeddedAttestor, IndexMemoryMB: 2048, BundleDiskMB: 4096, IndexKeepDays: 7}}
}
