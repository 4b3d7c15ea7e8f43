package keeper_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
)

var updateTrace = flag.Bool("update-trace", false, "write testdata/trace.txt anew")

// traceSeeds is how many random plays the trace holds.
const traceSeeds = 40

// TestTraceIsAsRecorded plays the same random acts again. Gas, events and every byte of the store must come out as
// recorded: a change inside the module that is to change none of them is checked here. A change that is to
// change them is recorded with `go test ./x/datanet/keeper -run TestTraceIsAsRecorded -update-trace`.
func TestTraceIsAsRecorded(t *testing.T) {
	path := filepath.Join("testdata", "trace.txt")
	var lines strings.Builder
	for seed := range traceSeeds {
		lines.WriteString(rapid.Custom(play).Example(seed))
	}
	if *updateTrace {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(lines.String()), 0o644))
	}
	recorded, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(recorded), lines.String())
}

// play has a world act and returns what is to be seen of it from outside.
func play(t *rapid.T) string {
	w := newWorld(t)
	w.Quiet = true // invariants read, and reads cost gas
	for range 60 {
		w.act()
	}
	gas := w.Ctx.GasMeter().GasConsumed()
	events := sha256.New()
	count := 0
	for _, event := range w.Ctx.EventManager().Events() {
		count++
		fmt.Fprintln(events, event.Type)
		for _, attribute := range event.Attributes {
			fmt.Fprintln(events, attribute.Key, attribute.Value)
		}
	}
	state := sha256.New()
	keys := 0
	iterator := storetypes.KVStorePrefixIterator(w.Ctx.KVStore(w.StoreKey), nil)
	defer iterator.Close()
	for ; iterator.Valid(); iterator.Next() {
		keys++
		fmt.Fprintf(state, "%x %x\n", iterator.Key(), iterator.Value())
	}
	require.NoError(t, w.Keeper.CheckInvariants(w.Ctx))
	return fmt.Sprintf("block %d, gas %d, supply %s, %d events %s, %d keys %s\n",
		w.Ctx.BlockHeight(), gas, w.Supply(), count, hex.EncodeToString(events.Sum(nil)[:8]), keys,
		hex.EncodeToString(state.Sum(nil)[:8]))
}
