package cmd

import (
	"fmt"
	"os"
	"path/filepath"

	sdkmath "cosmossdk.io/math"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagContributor      = "contributor"
	flagOutput           = "output-file"
	flagAllowFewStop     = "allow-few-stop-words"
	flagShowSkipped      = "show-skipped"
	defaultShownSkipped  = 10
	segmentFileExtension = ".olseg"
)

// dataCmd holds the tools of contributors.
func dataCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Prepare, check, contribute, verify and challenge data",
		Long: `Prepare, check, contribute, verify and challenge data.

A contribution is a file of segments: passages of at most 4,096 bytes and 512
tokens. It is sealed first (commit), which fixes its rank on the whole chain,
and opened at least two blocks later (reveal). Answers that use its words pay
its contributor.`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(dataPrepareCmd(), dataCheckCmd(), dataContributeCmd(), dataVerifyCmd(), dataChallengeCmd(), dataDerivationsCmd())
	return cmd
}

func dataPrepareCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prepare PATH",
		Short: "Split files into segments and show what contributing them costs",
		Long: `Split a .md, .txt or .jsonl file, or all such files below a folder, into
segments by the canonical rules. Writes the segment file and prints counts, the
deposit and, with --contributor, the root to be sealed. Parts that the rules
refuse are listed with the reason. Needs no node.`,
		Example: `openledgerd data prepare notes/
openledgerd data prepare notes/ --contributor open1… --output-file notes.olseg`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			prepared, encoded, err := prepareData(cmd, args[0])
			if err != nil {
				return err
			}
			output, _ := cmd.Flags().GetString(flagOutput)
			if output == "" {
				output = filepath.Base(filepath.Clean(args[0])) + segmentFileExtension
			}
			if err := os.WriteFile(output, encoded, 0o644); err != nil {
				return err
			}
			contributor, _ := cmd.Flags().GetString(flagContributor)
			return printPrepared(cmd, prepared, encoded, output, contributor)
		},
	}
	addPrepareFlags(cmd)
	cmd.Flags().String(flagOutput, "", "segment file to write (default NAME"+segmentFileExtension+" in this directory)")
	cmd.Flags().String(flagContributor, "", "address that will contribute; the root depends on it")
	return cmd
}

func addPrepareFlags(cmd *cobra.Command) {
	cmd.Flags().Bool(flagAllowFewStop, false, "for DataNets of code or tables: do not refuse segments with few stop words")
	cmd.Flags().Int(flagShowSkipped, defaultShownSkipped, "refused segments to show")
}

// prepareData reads and splits path. It fails when nothing is left.
func prepareData(cmd *cobra.Command, path string) (corpus.Prepared, []byte, error) {
	documents, err := corpus.Read(path)
	if err != nil {
		return corpus.Prepared{}, nil, err
	}
	allow, _ := cmd.Flags().GetBool(flagAllowFewStop)
	prepared := corpus.Prepare(documents, poa.SegmentRules{AllowFewStopWords: allow})
	printSkipped(cmd, prepared)
	if len(prepared.File.Segments) == 0 {
		return prepared, nil, fmt.Errorf("%s holds no segment that can be contributed", path)
	}
	encoded, err := prepared.File.MarshalBinary()
	return prepared, encoded, err
}

func printSkipped(cmd *cobra.Command, prepared corpus.Prepared) {
	limit, _ := cmd.Flags().GetInt(flagShowSkipped)
	for i, skipped := range prepared.Skipped {
		if i == limit {
			cmd.PrintErrf("… and %d more refused segments; show them with --%s %d\n", len(prepared.Skipped)-limit, flagShowSkipped, len(prepared.Skipped))
			return
		}
		cmd.PrintErrf("refused: %s: %q: %v\n", skipped.Document, preview(skipped.Text), skipped.Reason)
	}
}

// preview returns the beginning of a text, on one line.
func preview(text []byte) string {
	const length = 60
	if len(text) <= length {
		return string(text)
	}
	return string(text[:length]) + "…"
}

func printPrepared(cmd *cobra.Command, prepared corpus.Prepared, encoded []byte, output, contributor string) error {
	file := prepared.File
	cmd.Printf("documents   %d\n", prepared.Documents)
	cmd.Printf("segments    %d (%d refused, %d repeated)\n", len(file.Segments), len(prepared.Skipped), prepared.Repeated)
	cmd.Printf("tokens      %d\n", file.Tokens())
	cmd.Printf("bytes       %d\n", len(encoded))
	cmd.Printf("content     %s\n", contentHash(encoded))
	cmd.Printf("deposit     %s (at the default parameters)\n", formatOpen(requiredDeposit(datanettypes.DefaultParams(), file.Tokens())))
	if contributor != "" {
		address, err := sdk.AccAddressFromBech32(contributor)
		if err != nil {
			return fmt.Errorf("--%s: %w", flagContributor, err)
		}
		cmd.Printf("root        %s\n", file.Root(address))
	} else {
		cmd.Printf("root        depends on the contributor: give --%s\n", flagContributor)
	}
	cmd.Printf("written to  %s\n", output)
	return nil
}

// requiredDeposit is the deposit for a contribution of tokens.
func requiredDeposit(params datanettypes.Params, tokens uint64) sdkmath.Int {
	return sdkmath.MaxInt(params.MinDeposit, params.DepositPerToken.Mul(sdkmath.NewIntFromUint64(tokens)))
}

// formatOpen prints aopen as OPEN without rounding.
func formatOpen(amount sdkmath.Int) string {
	return sdkmath.LegacyNewDecFromIntWithPrec(amount, sdkmath.LegacyPrecision).String() + " OPEN"
}
