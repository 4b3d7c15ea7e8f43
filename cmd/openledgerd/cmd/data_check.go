package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagAgainst        = "against"
	segmentMagicLength = 7
)

func dataCheckCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check PATH",
		Short: "Compare files with earlier text before contributing them",
		Long: `Prepare the files below PATH as ` + "`data prepare`" + ` does, and compare every segment
with earlier text: segment files, folders of them or of texts given with
--against, and, with --datanet, what a DataNet has accepted.

A segment of which half or more stands in one earlier segment is a duplicate: it
earns nothing and can be challenged. A segment of which earlier text explains
more than a quarter is derived: that share of its pay passes on. Validators
compute the same; ` + "`data contribute`" + ` declares it. Duplicates make the command fail.
Text of the DataNet that is not in the content store is named and passed over;
--fetch-missing and --attestor download it.`,
		Example: `openledgerd data check notes/ --against ~/.openledger/content
openledgerd data check notes/ --datanet 1 --attestor http://attestor.example.org:8090`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			prepared, _, err := prepareData(cmd, args[0], true)
			if err != nil {
				return err
			}
			known, err := knownText(cmd)
			if err != nil {
				return err
			}
			return check(cmd, prepared.File, known)
		},
	}
	flags.AddQueryFlagsToCmd(cmd)
	addPrepareFlags(cmd)
	f := cmd.Flags()
	f.StringArray(flagAgainst, nil, "segment file, text, or folder of either to compare with; can be repeated")
	f.Uint64(flagDatanet, 0, "DataNet whose accepted contributions to compare with")
	addTextFlags(cmd)
	addFetchFlag(cmd)
	f.Bool(flagJSON, false, "print the findings as JSON")
	return cmd
}

// check prints what a file shares with known text, and fails if the file has duplicates.
func check(cmd *cobra.Command, file poa.SegmentFile, known []overlap.Known) error {
	checker, err := overlap.New(known)
	if err != nil {
		return err
	}
	findings, err := checker.Check(file)
	if err != nil {
		return err
	}
	if asJSON, _ := cmd.Flags().GetBool(flagJSON); asJSON {
		if findings == nil {
			findings = []overlap.Finding{}
		}
		encoded, err := json.MarshalIndent(findings, "", "  ")
		if err != nil {
			return err
		}
		cmd.Println(visibleJSON(encoded))
	} else {
		printFindings(cmd, file, findings, len(known))
	}
	if n := countDuplicates(findings); n > 0 {
		return fmt.Errorf("%d of %d segments are duplicates: leave them out", n, len(file.Segments))
	}
	return nil
}

func countDuplicates(findings []overlap.Finding) int {
	n := 0
	for _, f := range findings {
		if f.Duplicate() {
			n++
		}
	}
	return n
}

func printFindings(cmd *cobra.Command, file poa.SegmentFile, findings []overlap.Finding, known int) {
	derived := 0
	for _, f := range findings {
		text := preview(file.Segments[f.Segment])
		switch {
		case f.Duplicate():
			cmd.Printf("duplicate   segment %d: %.1f %% stands in segment %d of %s: %q\n", f.Segment, percent(f.CopiedPPM),
				f.OfSegment, printableName(f.Of), text)
		case len(f.Derived) > 0:
			derived++
			var shares []string
			for _, d := range f.Derived {
				shares = append(shares, fmt.Sprintf("%.1f %% from %s", percent(d.PPM), printableName(d.Name)))
			}
			cmd.Printf("derived     segment %d: %s: %q\n", f.Segment, strings.Join(shares, ", "), text)
		default:
			cmd.Printf("quotes      segment %d: %.1f %% stands in segment %d of %s: %q\n", f.Segment, percent(f.CopiedPPM),
				f.OfSegment, printableName(f.Of), text)
		}
	}
	cmd.Printf("checked     %d segments against %d contributions: %d duplicates, %d derived\n", len(file.Segments), known,
		countDuplicates(findings), derived)
}

func percent(ppm uint32) float64 { return float64(ppm) / 10_000 }

// knownText returns the text to compare with, which the flags name.
func knownText(cmd *cobra.Command) ([]overlap.Known, error) {
	var known []overlap.Known
	paths, err := cmd.Flags().GetStringArray(flagAgainst)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		found, err := readKnown(cmd, path)
		if err != nil {
			return nil, fmt.Errorf("--%s %s: %w", flagAgainst, printableName(path), err)
		}
		known = append(known, found...)
	}
	if datanetID, _ := cmd.Flags().GetUint64(flagDatanet); datanetID != 0 {
		clientCtx, err := client.GetClientQueryContext(cmd)
		if err != nil {
			return nil, err
		}
		accepted, err := knownOnChain(cmd, clientCtx, datanetID)
		if err != nil {
			return nil, err
		}
		accepted.printMissing(cmd)
		known = append(known, accepted.known...)
		switch {
		case len(accepted.known) > 0:
		case len(accepted.missing) == 0:
			cmd.PrintErrf("DataNet %d has no contributions yet\n", datanetID)
		case len(known) == 0:
			return nil, fmt.Errorf(
				"nothing to compare with: download the text of DataNet %d with --%s, or --%s http://HOST:8090", datanetID,
				flagFetch, flagMirror)
		}
	} else if len(paths) == 0 {
		return nil, fmt.Errorf("nothing to compare with: give --%s or --%s", flagAgainst, flagDatanet)
	}
	return known, nil
}

// readKnown reads segment files below a path, and prepares texts.
func readKnown(cmd *cobra.Command, path string) ([]overlap.Known, error) {
	var known []overlap.Known
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := readSegmentFile(name)
		if err != nil || data == nil {
			return err
		}
		file, err := poa.ParseSegmentFile(data)
		if err != nil {
			return fmt.Errorf("%s: %w", printableName(name), err)
		}
		known = append(known, overlap.Known{Name: filepath.Base(name), File: file})
		return nil
	})
	if err != nil || len(known) > 0 {
		return known, err
	}
	documents, files, err := corpus.Read(cmd.Context(), path, corpus.Options{Code: true})
	if err != nil {
		return nil, printableError{err}
	}
	for _, file := range files {
		if !file.Taken() {
			cmd.PrintErrf("not compared with: %s: %s\n", printableName(file.Path), printableName(file.Reason))
		}
	}
	for _, document := range documents {
		prepared := corpus.Prepare([]corpus.Document{document}, poa.SegmentRules{AllowFewStopWords: true})
		if len(prepared.File.Segments) > 0 {
			known = append(known, overlap.Known{Name: document.Name, File: prepared.File})
		}
	}
	return known, nil
}

// readSegmentFile returns the bytes of a segment file, and nil for other files.
func readSegmentFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head := make([]byte, segmentMagicLength)
	if n, _ := file.Read(head); !poa.IsSegmentFile(head[:n]) {
		return nil, nil
	}
	return os.ReadFile(name)
}

// earlierText is the text that enters a DataNet before new text, as far as it is in the content store.
type earlierText struct {
	known    []overlap.Known // in the order of entering
	missing  []datanettypes.Contribution
	location string // of the content store
}

// printMissing prints which text is missing for the comparison, and where it can be found.
func (e earlierText) printMissing(cmd *cobra.Command) {
	for _, c := range e.missing {
		cmd.PrintErrf("missing: contribution %d: content %x is missing or damaged in %s", c.Rank, c.ContentHash, e.location)
		if c.Uri != "" {
			cmd.PrintErrf("; its contributor published it at %s", printable(c.Uri))
		}
		cmd.PrintErrln()
	}
	if len(e.missing) > 0 {
		cmd.PrintErrf(
			"not compared with %d of %d contributions: --%s downloads them from where they were published, --%s "+
				"http://HOST:8090 from an attestor\n", len(e.missing), len(e.missing)+len(e.known), flagFetch, flagMirror)
	}
}

// complete returns an error if text is missing.
func (e earlierText) complete() error {
	if len(e.missing) == 0 {
		return nil
	}
	ranks := make([]string, len(e.missing))
	for i, c := range e.missing {
		ranks[i] = strconv.FormatUint(c.Rank, 10)
	}
	return fmt.Errorf("the text of %d of %d accepted contributions is not in %s, and what is derived from it would not "+
		"be declared: %s\nnothing was sent. Download it: --%s, or --%s http://HOST:8090\n"+
		"or go on without comparing with it: --%s",
		len(e.missing), len(e.missing)+len(e.known), e.location, strings.Join(ranks, ", "), flagFetch, flagMirror,
		flagAllowMissing)
}

// knownOnChain reads the text that enters a DataNet before new text. It reads from the content store and, if flags ask
// for it, downloads from where contributors published their text and from attestors.
func knownOnChain(cmd *cobra.Command, clientCtx client.Context, datanetID uint64) (earlierText, error) {
	texts, err := openTexts(cmd, clientCtx)
	if err != nil {
		return earlierText{}, err
	}
	download, _ := cmd.Flags().GetBool(flagFetch)
	earlier, err := earlierTexts(cmd.Context(), datanettypes.NewQueryClient(clientCtx), texts, datanetID,
		download || len(texts.attestors) > 0)
	return earlier, errors.Join(err, texts.Close())
}

func earlierTexts(ctx context.Context, query datanettypes.QueryClient, texts *texts, datanetID uint64,
	download bool) (earlierText, error) {
	earlier := earlierText{location: texts.location}
	entering, _, err := manifest.Entering(ctx, query, datanetID)
	if err != nil {
		return earlier, err
	}
	for _, c := range entering {
		file, found, err := texts.held(ctx, c, download)
		if err != nil {
			return earlier, err
		}
		if !found {
			earlier.missing = append(earlier.missing, c)
			continue
		}
		earlier.known = append(earlier.known, overlap.Known{
			Name: fmt.Sprintf("contribution %d", c.Rank), Rank: c.Rank, File: file, Passed: manifest.Passed(c.Derivations),
		})
	}
	return earlier, nil
}

// contentLocation returns the location of the content store: --content, or the default.
func contentLocation(cmd *cobra.Command, clientCtx client.Context) string {
	if location, _ := cmd.Flags().GetString(flagContent); location != "" {
		return location
	}
	return filepath.Join(clientCtx.HomeDir, nodeconfig.ContentName)
}
