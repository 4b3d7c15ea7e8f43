package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/corpus"
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
more than a quarter is derived: it must be declared, and that share of its pay
passes on. ` + "`data contribute --check`" + ` declares it. Duplicates make the command
fail.`,
		Example: `openledgerd data check notes/ --against ~/.openledger/content
openledgerd data check notes/ --datanet 1 --content ./content --node tcp://127.0.0.1:26657`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			prepared, _, err := prepareData(cmd, args[0])
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
	f.String(flagContent, "", "content store with their segment files (default HOME/content)")
	f.Bool(flagJSON, false, "print the findings as JSON")
	return cmd
}

// check prints what is found and fails on duplicates.
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
		cmd.Println(string(encoded))
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
			cmd.Printf("duplicate   segment %d: %.1f %% stands in segment %d of %s: %q\n", f.Segment, percent(f.CopiedPPM), f.OfSegment, f.Of, text)
		case len(f.Derived) > 0:
			derived++
			var shares []string
			for _, d := range f.Derived {
				shares = append(shares, fmt.Sprintf("%.1f %% from %s", percent(d.PPM), d.Name))
			}
			cmd.Printf("derived     segment %d: %s: %q\n", f.Segment, strings.Join(shares, ", "), text)
		default:
			cmd.Printf("quotes      segment %d: %.1f %% stands in segment %d of %s: %q\n", f.Segment, percent(f.CopiedPPM), f.OfSegment, f.Of, text)
		}
	}
	cmd.Printf("checked     %d segments against %d contributions: %d duplicates, %d derived\n", len(file.Segments), known, countDuplicates(findings), derived)
}

func percent(ppm uint32) float64 { return float64(ppm) / 10_000 }

// knownText collects what the flags name.
func knownText(cmd *cobra.Command) ([]overlap.Known, error) {
	var known []overlap.Known
	paths, err := cmd.Flags().GetStringArray(flagAgainst)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		found, err := readKnown(path)
		if err != nil {
			return nil, fmt.Errorf("--%s %s: %w", flagAgainst, path, err)
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
		known = append(known, accepted...)
	}
	if len(paths) == 0 && len(known) == 0 {
		return nil, fmt.Errorf("nothing to compare with: give --%s or --%s", flagAgainst, flagDatanet)
	}
	return known, nil
}

// readKnown reads segment files below a path, and prepares texts.
func readKnown(path string) ([]overlap.Known, error) {
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
			return fmt.Errorf("%s: %w", name, err)
		}
		known = append(known, overlap.Known{Name: filepath.Base(name), File: file})
		return nil
	})
	if err != nil || len(known) > 0 {
		return known, err
	}
	documents, err := corpus.Read(path)
	if err != nil {
		return nil, err
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

// knownOnChain reads the accepted contributions of a DataNet from a content
// store. Those that are not in it are named and passed over.
func knownOnChain(cmd *cobra.Command, clientCtx client.Context, datanetID uint64) ([]overlap.Known, error) {
	ctx := cmd.Context()
	location, _ := cmd.Flags().GetString(flagContent)
	if location == "" {
		location = filepath.Join(clientCtx.HomeDir, "content")
	}
	store, err := content.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	known, err := acceptedText(ctx, cmd, datanettypes.NewQueryClient(clientCtx), store, datanetID)
	return known, errors.Join(err, store.Close())
}

func acceptedText(ctx context.Context, cmd *cobra.Command, query datanettypes.QueryClient, store *content.Store, datanetID uint64) ([]overlap.Known, error) {
	var known []overlap.Known
	request := &datanettypes.QueryContributionsRequest{DatanetId: datanetID, Status: datanettypes.CONTRIBUTION_STATUS_ACCEPTED}
	for {
		response, err := query.Contributions(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, c := range response.Contributions {
			encoded, err := store.Get(ctx, [32]byte(c.ContentHash))
			if err != nil {
				cmd.PrintErrf("passed over: contribution %d: %v\n", c.Rank, err)
				continue
			}
			file, err := poa.ParseSegmentFile(encoded)
			if err != nil {
				return nil, fmt.Errorf("contribution %d: %w", c.Rank, err)
			}
			known = append(known, overlap.Known{Name: fmt.Sprintf("contribution %d", c.Rank), Rank: c.Rank, File: file})
		}
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return known, nil
		}
		request.Pagination = nextPage(response.Pagination.NextKey)
	}
}
