package cmd

import (
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"
)

// TestAttestorKeepsIndexes for as long as is configured, and never for no time.
func TestAttestorKeepsIndexes(t *testing.T) {
	cmd := new(cobra.Command)
	addAttestorConfigFlags(cmd)
	v := viper.New()
	require.NoError(t, v.BindPFlags(cmd.Flags()))
	config, err := attestorConfig(v, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, 7*24*time.Hour, config.IndexKeep)

	require.NoError(t, cmd.Flags().Set(flagAttestorKeep, "2"))
	config, err = attestorConfig(v, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, 48*time.Hour, config.IndexKeep)

	require.NoError(t, cmd.Flags().Set(flagAttestorKeep, "0"))
	_, err = attestorConfig(v, t.TempDir())
	require.ErrorContains(t, err, flagAttestorKeep)
}
