package cmd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/training"
)

func TestTrain(t *testing.T) {
	home, out := t.TempDir(), filepath.Join(t.TempDir(), "adapter")
	notes := t.TempDir()
	for name, text := range map[string]string{
		"bread.txt": "Rye bread rises slowly in a cool cellar for a day, and is baked until the crust sounds hollow.",
		"rope.txt":  "Hemp is spun into yarn, and the yarn is laid into rope, which is as strong as its yarns are even.",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(notes, name), []byte(text), 0o644))
	}
	settings := filepath.Join(home, "lora.yaml")
	require.NoError(t, os.WriteFile(settings, []byte("epochs: 50\nrank: 2\nalpha: 4\n"), 0o644))
	stdout, stderr, err := run(t, home, "train", "--text", notes, "--output", out, "--settings", settings, "--epochs", "1")
	require.NoError(t, err)
	require.Contains(t, stdout, training.ArtifactFile)
	require.NotContains(t, stdout, "openledgerd tx") // an adapter trained on a folder cannot be published
	require.Contains(t, stderr, "2 contributions")
	record, err := training.ReadRecord(filepath.Join(out, training.RecordFile))
	require.NoError(t, err)
	require.Equal(t, uint32(2), record.Rows)
	require.Contains(t, record.Settings, `"epochs":1,`) // the flag wins
	require.Contains(t, record.Settings, `"rank":2,`)

	for want, args := range map[string][]string{
		"name what to train on":   {"train"},
		"epochs is 0":             {"train", "--text", notes, "--epochs", "0"},
		`format is "tables"`:      {"train", "--text", notes, "--format", "tables"},
		"no such file":            {"train", "--text", filepath.Join(notes, "nothing")},
		"--base":                  {"train", "--text", notes, "--base", filepath.Join(notes, "nothing")},
		`"seven" is no model`:     {"verify-training", "seven"},
		`"7@0" is no model`:       {"verify-training", "7@0"},
		"settings.yaml: no such ": {"train", "--text", notes, "--settings", "settings.yaml"},
	} {
		_, _, err := run(t, home, args...)
		require.ErrorContains(t, err, want)
	}
}
