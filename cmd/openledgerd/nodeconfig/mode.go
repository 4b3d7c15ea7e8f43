package nodeconfig

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	pruningtypes "github.com/cosmos/cosmos-sdk/store/v2/pruning/types"

	"github.com/openledger/openledger/app"
)

// Mode is what a node is for.
type Mode string

const (
	// Validator makes blocks and verdicts, and serves no history.
	Validator Mode = "validator"
	// Full answers clients about transactions and the recent state, and serves snapshots.
	Full Mode = "full"
	// Archive answers clients about everything.
	Archive Mode = "archive"
	// Single is a whole network on one machine.
	Single Mode = "single"
	// Seed tells nodes of one another.
	Seed Mode = "seed"
)

// Modes lists all modes and what each is for.
var Modes = []struct {
	Mode Mode
	Long string
}{
	{Validator, "makes blocks and verdicts; indexes no transactions and keeps no history of state"},
	{Full, "answers clients about transactions and recent state, and serves snapshots to new nodes"},
	{Archive, "keeps every state and every block"},
	{Single, "is a whole network in one node: a validator that answers clients about everything, on one machine"},
	{Seed, "tells nodes of one another; answers no clients"},
}

// docs/operators.md has the measurements behind these settings.
const (
	// IAVLCacheSize is how many nodes of each store's tree are kept in memory. The cache counts nodes, not bytes, and
	// keeps deleted ones: with this number, blocks of nine full batches lead to 1.1 GB of live heap
	// (BenchmarkHeapOverBlocks).
	IAVLCacheSize = 250_000
	// ValidatorKeepRecent is how many states a validator keeps.
	ValidatorKeepRecent = 10
	// FullKeepRecent is how many states a full node keeps: about an hour.
	FullKeepRecent = 3_600
	// PruneInterval is the number of blocks after which old states are removed.
	PruneInterval = 10
	// ContentName is the folder of the home directory in which commands keep text.
	ContentName = "content"
	// SingleListen is the address at which the attestor of a network on one machine takes text.
	SingleListen = "127.0.0.1:8090"
	// SnapshotInterval is the number of blocks between two snapshots of a full node.
	SnapshotInterval = 3_600
)

// Setting is a value in one of the configuration files, app or config.
type Setting struct{ File, Key, Value string }

// Settings returns the settings of the mode.
func (m Mode) Settings() ([]Setting, error) {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	off, null, kv := "off", "null", "kv"
	// Every mode sets the same keys, so that one mode undoes another.
	type choice struct {
		pruning          string
		keep             int64
		retain, snapshot int64
		indexer          string
		attestor         string
		listen           string // address of the attestor; empty leaves it as it is
		private          bool
		serve            bool
		seed             bool
	}
	evidence := app.ConsensusParams().Evidence.MaxAgeNumBlocks // the node never keeps fewer blocks
	var c choice
	switch m {
	case Validator:
		c = choice{pruning: pruningtypes.PruningOptionCustom, keep: ValidatorKeepRecent, retain: evidence, indexer: null,
			attestor: EmbeddedAttestor, serve: true}
	case Full:
		c = choice{pruning: pruningtypes.PruningOptionCustom, keep: FullKeepRecent, snapshot: SnapshotInterval, indexer: kv,
			attestor: off, serve: true}
	case Archive:
		c = choice{pruning: pruningtypes.PruningOptionNothing, indexer: kv, attestor: off, serve: true}
	case Single:
		c = choice{pruning: pruningtypes.PruningOptionCustom, keep: FullKeepRecent, indexer: kv, attestor: EmbeddedAttestor,
			listen: SingleListen, private: true, serve: true}
	case Seed:
		c = choice{pruning: pruningtypes.PruningOptionEverything, retain: evidence, indexer: null, attestor: off, seed: true}
	default:
		return nil, fmt.Errorf("unknown mode %q: choose one of %s", m, strings.Join(Names(), ", "))
	}
	interval := int64(0)
	if c.keep > 0 {
		interval = PruneInterval
	}
	settings := []Setting{
		{"app", "pruning", c.pruning},
		{"app", "pruning-keep-recent", number(c.keep)},
		{"app", "pruning-interval", number(interval)},
		{"app", "min-retain-blocks", number(c.retain)},
		{"app", "iavl-cache-size", number(IAVLCacheSize)},
		{"app", "iavl-disable-fastnode", "false"},
		{"app", "state-sync.snapshot-interval", number(c.snapshot)},
		{"app", "api.enable", strconv.FormatBool(c.serve)},
		{"app", "grpc.enable", strconv.FormatBool(c.serve)},
		{"app", "attestor.mode", c.attestor},
		{"app", "attestor.allow-private", strconv.FormatBool(c.private)},
		{"config", "tx_index.indexer", c.indexer},
		{"config", "storage.discard_abci_responses", strconv.FormatBool(c.indexer == null)},
		{"config", "p2p.seed_mode", strconv.FormatBool(c.seed)},
	}
	if c.listen != "" {
		settings = append(settings, Setting{"app", "attestor.listen", c.listen})
	}
	return settings, nil
}

// SettingsIn returns the settings of the mode for a home directory. In mode single the attestor uses the content store
// of the commands, so that it holds what is contributed on the machine.
func (m Mode) SettingsIn(home string) ([]Setting, error) {
	settings, err := m.Settings()
	if err != nil || m != Single {
		return settings, err
	}
	content, err := filepath.Abs(filepath.Join(home, ContentName))
	return append(settings, Setting{"app", "attestor.content", content}), err
}

// Long returns what the mode is for.
func (m Mode) Long() string {
	for _, known := range Modes {
		if known.Mode == m {
			return known.Long
		}
	}
	return ""
}

// Names returns the names of all modes.
func Names() []string {
	names := make([]string, len(Modes))
	for i, m := range Modes {
		names[i] = string(m.Mode)
	}
	return names
}
