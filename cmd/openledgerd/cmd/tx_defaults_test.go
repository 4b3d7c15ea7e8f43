package cmd

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnsignedTransactionsOfKeysElsewhere: for a multisig key, and for an address whose key is not here, nobody is
// asked how much gas a transaction takes, whether --from names the signer or an argument does. For a key that is here
// the node is.
func TestUnsignedTransactionsOfKeysElsewhere(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	run := func(args ...string) (string, error) {
		return execute(t, append(args, "--home", home, "--keyring-backend", "test")...)
	}
	for _, args := range [][]string{{"one"}, {"two"}, {"both", "--multisig", "one,two", "--multisig-threshold", "2"}} {
		_, err := run(append([]string{"keys", "add"}, args...)...)
		require.NoError(t, err)
	}
	nobody := []string{"--generate-only", "--chain-id", "openledger-test-1", "--node", "tcp://127.0.0.1:1"}
	for _, signer := range []string{"both", someAccount} {
		for _, args := range [][]string{{"tx", "rewards", "claim", "--from", signer},
			{"tx", "bank", "send", signer, someAccount, "1OPEN"}} {
			out, err := run(append(args, nobody...)...)
			require.NoError(t, err, args)
			require.Contains(t, out, "gas is 200000, because it cannot be estimated here: --gas sets another limit", args)
			require.Contains(t, out, `"gas_limit":"200000"`, args)
		}
	}
	_, err := run(append([]string{"tx", "rewards", "claim", "--from", "one"}, nobody...)...)
	require.ErrorContains(t, err, "connection refused")
}
