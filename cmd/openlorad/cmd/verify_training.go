package cmd

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/openlora/training"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	flagArtifact  = "artifact"
	flagInfluence = "influence"
)

func verifyTrainingCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify-training MODEL[@VERSION]",
		Short: "Train an adapter of the chain again, and compare",
		Long: `Train a version of an adapter again by its record on chain, and compare adapter and influence file bit for bit.

The base must be on this machine: --base names it, and its digest is checked. Text comes from the content store, or from
where contributors put it. If the published files are given (--artifact, --influence), the command also says which
number differs first.

At the end it prints the command that records the result on chain, which only a provider with a bond can send. Ctrl-C
stops it, and the same command goes on from there. The command fails if anything differs.`,
		Example: `openlorad verify-training 7
openlorad verify-training 7@2 --base ~/models/SmolLM2-135M-Instruct --artifact adapter_model.safetensors`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runVerifyTraining(cmd, args[0]) },
	}
	addNodeFlag(cmd)
	addTextFlags(cmd)
	f := cmd.Flags()
	f.String(flagOutput, "", "folder for what is trained (default HOME/verify/MODEL-VERSION)")
	f.String(flagArtifact, "", "the published adapter")
	f.String(flagInfluence, "", "the published influence file")
	return cmd
}

// modelVersion parses a name such as 7 or 7@2. version is 0 if none is given.
func modelVersion(name string) (id uint64, version uint32, err error) {
	first, second, given := strings.Cut(name, "@")
	wide := uint64(0)
	if id, err = strconv.ParseUint(first, 10, 64); err == nil && given {
		wide, err = strconv.ParseUint(second, 10, 32)
	}
	if err != nil || id == 0 || given && wide == 0 {
		return 0, 0, fmt.Errorf("%q is no model: give its id, such as 7, or an id and a version, such as 7@2", name)
	}
	return id, uint32(wide), nil
}

func runVerifyTraining(cmd *cobra.Command, name string) error {
	id, number, err := modelVersion(name)
	if err != nil {
		return err
	}
	node, err := dial(cmd)
	if err != nil {
		return err
	}
	defer node.Close()
	found, err := node.Models.Model(cmd.Context(), &modelstypes.QueryModelRequest{ModelId: id, Version: number})
	if err != nil {
		return fmt.Errorf("model %d: %w", id, err)
	}
	published, err := publishedOf(cmd, found.Version)
	if err != nil {
		return err
	}
	if err := checkParent(cmd.Context(), node.Models, found.Model); err != nil {
		return err
	}
	base, err := openTrainingBase(cmd)
	if err != nil {
		return err
	}
	defer base.Close()
	if err := base.CheckDigest(published.Record.BaseDigest); err != nil {
		return err
	}
	contributions, err := manifestText(cmd, node, found.Version.Manifest)
	if err != nil {
		return err
	}
	f := cmd.Flags()
	output, _ := f.GetString(flagOutput)
	if output == "" {
		home, _ := f.GetString(flagHome)
		output = filepath.Join(home, "verify", fmt.Sprintf("%d-%d", id, found.Version.Version))
	}
	threads, _ := f.GetInt(flagThreads)
	line := newProgressLine(cmd)
	compared, err := training.Verify(cmd.Context(), base, published, contributions, training.Options{
		Folder: output, Threads: threads, Report: line.show,
	})
	line.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("stopped; what is done is in %s, the same command goes on", output)
	}
	if err != nil {
		return err
	}
	for _, difference := range compared.Differences {
		cmd.Println("differs:", difference)
	}
	if compared.Equal() {
		cmd.Printf("equal: version %d of model %d was trained as its record says\n", found.Version.Version, id)
	}
	cmd.PrintErrln("a provider with a bond records what was found with:")
	cmd.Printf("openledgerd tx models record-reproduction %d %d %x %x --from KEY\n", id, found.Version.Version,
		compared.Artifact, compared.Influence)
	if !compared.Equal() {
		return fmt.Errorf("version %d of model %d is not what its record gives", found.Version.Version, id)
	}
	return nil
}

// checkParent returns an error if a model's parent is an adapter: its record names the base below, so to train on that
// base alone would give another adapter than the honest owner has.
func checkParent(ctx context.Context, models modelstypes.QueryClient, model modelstypes.Model) error {
	if model.ParentId == 0 {
		return nil
	}
	found, err := models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: model.ParentId})
	if err != nil {
		return fmt.Errorf("parent of model %d: model %d: %w", model.Id, model.ParentId, err)
	}
	if found.Model.Kind == modelstypes.MODEL_KIND_ADAPTER {
		return fmt.Errorf("model %d was trained on adapter %d, and this command trains on bases alone: it cannot tell "+
			"whether the record is true", model.Id, model.ParentId)
	}
	return nil
}

// publishedOf returns what the chain knows of a version, with the files that the flags name. It returns an error if
// these are not the published files.
func publishedOf(cmd *cobra.Command, version modelstypes.ModelVersion) (p training.Published, err error) {
	if version.Training == nil {
		return p, fmt.Errorf("version %d of model %d has no training record: there is nothing to verify", version.Version,
			version.ModelId)
	}
	p.Artifact = [sha256.Size]byte(version.Digest)
	p.Record = training.RecordOf(version.Training)
	f := cmd.Flags()
	p.ArtifactPath, _ = f.GetString(flagArtifact)
	p.InfluencePath, _ = f.GetString(flagInfluence)
	published := map[string][]byte{p.ArtifactPath: version.Digest, p.InfluencePath: p.Record.InfluenceDigest}
	for path, digest := range published {
		if path == "" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return p, err
		}
		if sum := sha256.Sum256(data); string(sum[:]) != string(digest) {
			return p, fmt.Errorf("%s has the digest %x, %x was published: name the published file", path, sum, digest)
		}
	}
	return p, nil
}
