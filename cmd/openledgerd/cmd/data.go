package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unicode/utf8"

	sdkmath "cosmossdk.io/math"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/amount"
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
	flagShowFiles        = "show-files"
	flagShowChanges      = "show-changes"
	flagReport           = "report"
	flagHidden           = "hidden"
	flagStrict           = "strict"
	defaultShownFiles    = 50
	defaultShownChanges  = 3
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
	cmd.AddCommand(dataPrepareCmd(), dataCheckCmd(), dataContributeCmd(), dataVerifyCmd(), dataChallengeCmd(),
		dataDerivationsCmd())
	return cmd
}

func dataPrepareCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prepare PATH",
		Short: "Split files into segments and show what contributing them costs",
		Long: `Take the text of a file, or of all files below a folder, and split it into
segments by the canonical rules. Reads
` + corpus.Extensions + `;
the extension may be in capital letters. If the extension does not say what a file
is, its content decides. Text is UTF-8, or UTF-16 with a byte order mark.

Writes the segment file and prints what each file gave or why it was not taken,
counts, the deposit and, with --contributor, the root to be sealed. Characters that
come with text from PDF, Word and web pages, such as soft hyphens, no-break
spaces and ligatures, are put right: they are counted for each file, and some
words are shown (--show-changes). Parts that the rules refuse are listed with the
reason. Hidden files and folders, such as .trash and .git, are left out unless
--hidden is given. Tables stay whole or are cut between rows, with their header
repeated. Needs no node.

The command succeeds when the segment file is written. It fails when no file gave
a segment, when the text is more than one contribution holds, and with --strict
when a file was not taken.`,
		Example: `openledgerd data prepare notes/
openledgerd data prepare notes/ --report notes.report.jsonl
openledgerd data prepare notes/ --contributor open1… --output-file notes.olseg`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			contributor, _ := cmd.Flags().GetString(flagContributor)
			if contributor != "" { // a wrong address is reported before files are read
				if _, err := sdk.AccAddressFromBech32(contributor); err != nil {
					return fmt.Errorf("--%s: %w", flagContributor, err)
				}
			}
			asJSON, _ := cmd.Flags().GetBool(flagJSON)
			prepared, encoded, err := prepareData(cmd, args[0], !asJSON)
			if err != nil {
				if asJSON && len(prepared.Files) > 0 {
					return errors.Join(err, printPreparedJSON(cmd, prepared, preparedReport{Error: err.Error()}))
				}
				return err
			}
			output, _ := cmd.Flags().GetString(flagOutput)
			if output == "" {
				if output, err = outputName(args[0]); err != nil {
					return err
				}
			}
			if err := os.WriteFile(output, encoded, 0o644); err != nil {
				return err
			}
			if asJSON {
				report, err := reportOf(prepared, encoded, output, contributor)
				if err != nil {
					return err
				}
				return printPreparedJSON(cmd, prepared, report)
			}
			return printPrepared(cmd, prepared, encoded, output, contributor)
		},
	}
	addPrepareFlags(cmd)
	cmd.Flags().Bool(flagJSON, false, "print the report on all files and the counts as one JSON object")
	cmd.Flags().String(flagOutput, "", "segment file to write (default NAME"+segmentFileExtension+" in this directory)")
	cmd.Flags().String(flagContributor, "", "address of the account that will contribute; the root depends on it")
	return cmd
}

func addPrepareFlags(cmd *cobra.Command) {
	cmd.Flags().Bool(flagAllowFewStop, false, "for DataNets of code or tables: do not refuse segments with few stop words")
	cmd.Flags().Int(flagShowSkipped, defaultShownSkipped, "how many refused segments to show")
	cmd.Flags().Int(flagShowFiles, defaultShownFiles, "how many files to show that were taken, and how many that were not")
	cmd.Flags().Int(flagShowChanges, defaultShownChanges, "how many words to show for each file that were put right")
	cmd.Flags().String(flagReport, "", "write to this file what each file gave, one JSON object per line")
	cmd.Flags().Bool(flagHidden, false, "also read files and folders whose names begin with a dot")
	cmd.Flags().Bool(flagStrict, false, "fail when a file was not taken; hidden ones and links do not count")
}

// prepareData reads and splits path. With say it prints what each file gave. It fails when no segment is left, or when
// there is more text than one contribution holds.
func prepareData(cmd *cobra.Command, path string, say bool) (corpus.Prepared, []byte, error) {
	prepared, err := importFiles(cmd, path)
	if err != nil {
		return prepared, nil, err
	}
	if err := writeReport(cmd, prepared); err != nil {
		return prepared, nil, err
	}
	if say {
		printFiles(cmd, prepared)
		printSkipped(cmd, prepared)
	}
	switch strict, _ := cmd.Flags().GetBool(flagStrict); {
	case prepared.Full != "":
		return prepared, nil, fmt.Errorf(
			"%s does not fit: one contribution holds %d MiB and %d segments; prepare the files in parts",
			printableName(prepared.Full), poa.MaxSegmentFileBytes>>20, poa.MaxFileSegments)
	case len(prepared.File.Segments) == 0:
		return prepared, nil, fmt.Errorf("%s holds no segment that can be contributed: --%s FILE tells why, for each file",
			printableName(path), flagReport)
	case strict && prepared.NotTaken() > 0:
		return prepared, nil, fmt.Errorf("%d files were not taken: remove them, or leave out --%s", prepared.NotTaken(),
			flagStrict)
	}
	encoded, err := prepared.File.MarshalBinary()
	return prepared, encoded, err
}

// outputName returns the name of the segment file that is written for a path, in this directory.
func outputName(path string) (string, error) {
	absolute, err := filepath.Abs(path) // "." stands for the name of the folder
	if err != nil {
		return "", err
	}
	name := filepath.Base(absolute)
	if name == string(filepath.Separator) {
		name = "root"
	}
	return name + segmentFileExtension, nil
}

func printSkipped(cmd *cobra.Command, prepared corpus.Prepared) {
	limit, _ := cmd.Flags().GetInt(flagShowSkipped)
	for i, skipped := range prepared.Skipped {
		if i == limit {
			cmd.PrintErrf("… and %d more refused segments; show them with --%s %d\n", prepared.Refused-limit, flagShowSkipped,
				prepared.Refused)
			return
		}
		cmd.PrintErrf("refused: %s: %q: %s\n", printableName(skipped.Document), preview(skipped.Text),
			printableName(skipped.Reason.Error()))
	}
}

// preview returns the beginning of a text, on one line.
func preview(text []byte) string {
	const length = 60
	if len(text) <= length {
		return string(text)
	}
	cut := length
	for cut > length-4 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return string(text[:cut]) + "…"
}

func printPrepared(cmd *cobra.Command, prepared corpus.Prepared, encoded []byte, output, contributor string) error {
	file := prepared.File
	taken, left := prepared.Taken(), prepared.LeftOut()
	cmd.Printf("files       %d taken, %d not taken", taken, prepared.NotTaken())
	if left > 0 {
		cmd.Printf(", %d left out", left)
	}
	cmd.Printf("\ndocuments   %d\n", prepared.Documents)
	cmd.Printf("segments    %d (%d refused, %d repeated)\n", len(file.Segments), prepared.Refused, prepared.Repeated)
	cmd.Printf("tokens      %d\n", file.Tokens())
	cmd.Printf("bytes       %d\n", len(encoded))
	cmd.Printf("content     %s\n", contentHash(encoded))
	cmd.Printf("deposit     %s (at the default parameters)\n",
		amount.Format(requiredDeposit(datanettypes.DefaultParams(), file.Tokens())))
	if contributor != "" {
		root, err := rootFor(file, contributor)
		if err != nil {
			return err
		}
		cmd.Printf("root        %s\n", root)
	} else {
		cmd.Printf("root        depends on the contributor: give --%s\n", flagContributor)
	}
	cmd.Printf("written to  %s\n", printableName(output))
	return nil
}

// rootFor returns the root that a contributor seals.
func rootFor(file poa.SegmentFile, contributor string) (poa.Hash, error) {
	address, err := sdk.AccAddressFromBech32(contributor)
	if err != nil {
		return poa.Hash{}, fmt.Errorf("--%s: %w", flagContributor, err)
	}
	return file.Root(address), nil
}

// requiredDeposit returns the deposit of a contribution with so many tokens.
func requiredDeposit(params datanettypes.Params, tokens uint64) sdkmath.Int {
	return sdkmath.MaxInt(params.MinDeposit, params.DepositPerToken.Mul(sdkmath.NewIntFromUint64(tokens)))
}
