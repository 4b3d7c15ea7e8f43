package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/openlora/training"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	flagDataNet     = "datanet"
	flagText        = "text"
	flagSettings    = "settings"
	flagOutput      = "output"
	flagFormat      = "format"
	flagRank        = "rank"
	flagProjections = "projections"
	flagEpochs      = "epochs"
	flagLearning    = "learning-rate"
	flagContext     = "context-tokens"
	flagSeed        = "seed"
	flagParent      = "parent"
)

func trainCmd() *cobra.Command {
	defaults := training.Defaults()
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train an adapter on DataNets, or on a folder of text",
		Long: `Train an adapter (LoRA) on the text of DataNet versions, and compute the influence of each contribution on it.

The text comes from the content store of openledgerd, or from where contributors put it. --text trains on the files
below a folder instead, for trials: such an adapter cannot be published with method LORA.

The command writes four files to the folder of --output: the adapter, the influence file, the training record that goes
on chain, and a model card. The same command writes the same bytes on every machine. Ctrl-C stops it, and the same
command goes on from there.

Settings can be given as YAML or JSON, with the names that the record uses:

  format: qa            # text, or qa: lines that end with a question mark are questions
  rank: 8
  targets: [q_proj, v_proj]
  epochs: 10`,
		Example: `openlorad train --text examples/dermatology --epochs 4
openlorad train --datanet 1@4 --datanet 2 --output skin --rank 16
openlorad train --datanet 1 --base ~/models/SmolLM2-135M-Instruct --settings lora.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runTrain(cmd) },
	}
	addNodeFlag(cmd)
	addTextFlags(cmd)
	f := cmd.Flags()
	f.StringArray(flagDataNet, nil, "DataNet to train on, such as 1, or 1@4 for its version 4; repeatable")
	f.String(flagText, "", "folder of text to train on, instead of DataNets")
	f.String(flagSettings, "", "file of settings, YAML or JSON; flags win over it")
	f.String(flagOutput, "adapter", "folder for what is written")
	f.String(flagFormat, string(defaults.Format), "how segments are learned: text, or qa")
	f.Int(flagRank, defaults.Rank, "rank of the adapter")
	f.StringSlice(flagProjections, defaults.Targets, "projections that the adapter changes")
	f.Int(flagEpochs, defaults.Epochs, "how many times the training passes over all text")
	f.Float64(flagLearning, defaults.LearningRate, "the highest learning rate")
	f.Int(flagContext, defaults.ContextTokens, "largest number of tokens of a text; longer texts are cut")
	f.Uint64(flagSeed, defaults.Seed, "seed of the first numbers and of the order of texts")
	f.Uint(flagModel, 0, "model that gets the adapter as a new version, for the command that is printed at the end")
	f.Uint(flagParent, 0, "base model on chain of a new model, for the command that is printed at the end")
	return cmd
}

// addTextFlags adds the flags of commands that train.
func addTextFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String(flagBase, "", "base model: a Hugging Face folder or a GGUF file (default the small one that ships)")
	f.Int(flagThreads, 0, "threads (default as many as there are cores)")
	f.String(flagContent, "", "content store: a directory or a bucket URL (default that of openledgerd, "+
		"~/.openledger/content)")
	f.Bool(flagPrivate, false, "take text from addresses that are not public and from files too, for networks on one "+
		"machine")
}

func runTrain(cmd *cobra.Command) error {
	settings, err := trainingSettings(cmd)
	if err != nil {
		return err
	}
	f := cmd.Flags()
	names, _ := f.GetStringArray(flagDataNet)
	folder, _ := f.GetString(flagText)
	if (len(names) == 0) == (folder == "") {
		return fmt.Errorf("name what to train on: --%s ID, or --%s FOLDER for a trial", flagDataNet, flagText)
	}
	var contributions []training.Contribution
	var entries []modelstypes.ManifestEntry
	if folder != "" {
		contributions, err = training.FromFolder(cmd.Context(), folder)
	} else {
		contributions, entries, err = chainText(cmd, names)
	}
	if err != nil {
		return err
	}
	base, err := openTrainingBase(cmd)
	if err != nil {
		return err
	}
	defer base.Close()
	output, _ := f.GetString(flagOutput)
	threads, _ := f.GetInt(flagThreads)
	cmd.PrintErrf("base %s, %d contributions; Ctrl-C stops, the same command goes on\n", base.Name, len(contributions))
	line := newProgressLine(cmd)
	result, err := training.Run(cmd.Context(), base, settings, contributions, training.Options{
		Folder: output, Threads: threads, Report: line.show,
	})
	line.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped; what is done is in %s, the same command goes on", output)
	}
	if err != nil {
		return err
	}
	cmd.Printf("%s  %s\n%s  %s\n%s\n%s\n", filepath.Join(output, training.ArtifactFile), hexOf(result.Artifact[:]),
		filepath.Join(output, training.InfluenceFile), hexOf(result.Influence[:]), filepath.Join(output, training.RecordFile),
		filepath.Join(output, training.CardFile))
	if entries == nil {
		return nil
	}
	cmd.PrintErrln("put both files where others can fetch them, write the influence file's URL into " +
		training.RecordFile +
		", and publish, for a royalty that is not below the DataNets' floors:")
	cmd.Println(publishLine(cmd, output, result, entries))
	return nil
}

// trainingSettings returns the defaults, changed first by the file of settings and then by the flags that were given.
func trainingSettings(cmd *cobra.Command) (training.Settings, error) {
	settings, f := training.Defaults(), cmd.Flags()
	if path, _ := f.GetString(flagSettings); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return settings, err
		}
		if err := settings.Merge(text); err != nil {
			return settings, fmt.Errorf("%s: %w", path, err)
		}
	}
	f.Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case flagFormat:
			settings.Format = training.Format(flag.Value.String())
		case flagRank:
			settings.Rank, _ = f.GetInt(flagRank)
			settings.Alpha = 2 * float64(settings.Rank)
		case flagProjections:
			settings.Targets, _ = f.GetStringSlice(flagProjections)
		case flagEpochs:
			settings.Epochs, _ = f.GetInt(flagEpochs)
		case flagLearning:
			settings.LearningRate, _ = f.GetFloat64(flagLearning)
		case flagContext:
			settings.ContextTokens, _ = f.GetInt(flagContext)
			settings.BatchTokens = max(settings.BatchTokens, settings.ContextTokens)
		case flagSeed:
			settings.Seed, _ = f.GetUint64(flagSeed)
		}
	})
	return settings, settings.Validate()
}

// chainText reads the text of DataNets, which are named in the form of --datanet.
func chainText(cmd *cobra.Command, names []string) ([]training.Contribution, []modelstypes.ManifestEntry, error) {
	node, err := dial(cmd)
	if err != nil {
		return nil, nil, err
	}
	defer node.Close()
	entries := make([]modelstypes.ManifestEntry, len(names))
	for i, name := range names {
		if entries[i], err = manifestEntry(cmd.Context(), node, name); err != nil {
			return nil, nil, err
		}
	}
	contributions, err := manifestText(cmd, node, entries)
	return contributions, entries, err
}

// manifestEntry parses a name such as 1 or 1@4. Without a version it returns the latest one.
func manifestEntry(ctx context.Context, node *chain.Client, name string) (entry modelstypes.ManifestEntry, err error) {
	id, version, given := strings.Cut(name, "@")
	if entry.DatanetId, err = strconv.ParseUint(id, 10, 64); err == nil && given {
		entry.Version, err = strconv.ParseUint(version, 10, 64)
	}
	if err != nil {
		return entry, fmt.Errorf("--%s %q: give an id, such as 1, or an id and a version, such as 1@4", flagDataNet, name)
	}
	if given {
		return entry, nil
	}
	found, err := node.Datanet.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: entry.DatanetId})
	if err != nil {
		return entry, fmt.Errorf("DataNet %d: %w", entry.DatanetId, err)
	}
	if entry.Version = found.Datanet.Version; entry.Version == 0 {
		return entry, fmt.Errorf("DataNet %d has no version yet: none of its text was accepted", entry.DatanetId)
	}
	return entry, nil
}

// manifestText reads the text of a manifest.
func manifestText(cmd *cobra.Command, node *chain.Client, entries []modelstypes.ManifestEntry) (
	[]training.Contribution, error,
) {
	f := cmd.Flags()
	location, _ := f.GetString(flagContent)
	if location == "" {
		ledger, err := readLedger()
		if err != nil {
			return nil, err
		}
		location = ledger.content()
	}
	store, err := content.Open(cmd.Context(), location)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	private, _ := f.GetBool(flagPrivate)
	loaded, err := manifest.Load(cmd.Context(), node.Datanet, entries,
		retrieval.Fetch(store, fetch.New(fetch.LocalLimits(private))))
	if err != nil {
		return nil, err
	}
	return training.FromManifest(loaded), nil
}

func openTrainingBase(cmd *cobra.Command) (*training.Base, error) {
	path, _ := cmd.Flags().GetString(flagBase)
	threads, _ := cmd.Flags().GetInt(flagThreads)
	base, err := training.OpenBase(path, threads)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flagBase, err)
	}
	return base, nil
}

// publishLine returns the command that publishes the trained adapter.
func publishLine(cmd *cobra.Command, output string, r *training.Result, entries []modelstypes.ManifestEntry) string {
	var line strings.Builder
	model, _ := cmd.Flags().GetUint(flagModel)
	parent, _ := cmd.Flags().GetUint(flagParent)
	switch {
	case model != 0:
		fmt.Fprintf(&line, "openledgerd tx models publish-model-version %d", model)
	case parent != 0:
		fmt.Fprintf(&line, "openledgerd tx models register-model NAME --kind adapter --parent-id %d", parent)
	default:
		line.WriteString("openledgerd tx models register-model NAME --kind adapter --parent-id BASE-MODEL-ID")
	}
	fmt.Fprintf(&line, " --digest %x", r.Artifact)
	for _, e := range entries {
		fmt.Fprintf(&line, ` --manifest '{"datanet_id":%d,"version":%d}'`, e.DatanetId, e.Version)
	}
	fmt.Fprintf(&line, " --method lora --training %s --royalty ROYALTY --from KEY",
		filepath.Join(output, training.RecordFile))
	return line.String()
}

// progressLine shows the progress of a training: in one line of a terminal, or, in a file, in a new line from time to
// time.
type progressLine struct {
	cmd   *cobra.Command
	shown time.Time
	every time.Duration
	open  bool
}

func newProgressLine(cmd *cobra.Command) *progressLine {
	p := &progressLine{cmd: cmd, every: 10 * time.Second}
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		p.every = 200 * time.Millisecond
	}
	return p
}

func (p *progressLine) show(now training.Progress) {
	last := now.Done == now.All
	if !last && time.Since(p.shown) < p.every {
		return
	}
	p.shown = time.Now()
	text := fmt.Sprintf("%s: %d of %d", now.Stage, now.Done, now.All)
	if now.Loss > 0 {
		text += fmt.Sprintf(", loss %.3f", now.Loss)
	}
	if !last && now.Left > 0 {
		text += fmt.Sprintf(", %s left", now.Left.Round(time.Second))
	}
	if p.every < time.Second && !last {
		p.cmd.PrintErrf("\r\033[K%s", text)
		p.open = true
		return
	}
	p.end()
	p.cmd.PrintErrln(text)
}

// end goes to the next line.
func (p *progressLine) end() {
	if p.open {
		p.cmd.PrintErr("\r\033[K")
		p.open = false
	}
}

func hexOf(b []byte) string { return fmt.Sprintf("%x", b) }
