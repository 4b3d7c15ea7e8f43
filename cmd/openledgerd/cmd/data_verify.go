package cmd

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

func dataVerifyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify CONTRIBUTION FILE",
		Short: "Check a segment file against a contribution on chain",
		Long: `Check a segment file against what a contribution claims on chain: content
hash, root, counts, statistics, and that every segment keeps the rules. Prints
each check; a failed check makes the command fail.`,
		Example: "openledgerd data verify 17 notes.olseg",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			rank, err := parseRank(args[0])
			if err != nil {
				return err
			}
			encoded, err := os.ReadFile(args[1])
			if err != nil {
				return err
			}
			clientCtx, err := client.GetClientQueryContext(cmd)
			if err != nil {
				return err
			}
			client := datanettypes.NewQueryClient(clientCtx)
			found, err := client.Contribution(cmd.Context(), &datanettypes.QueryContributionRequest{Rank: rank})
			if err != nil {
				return err
			}
			datanet, err := client.DataNet(cmd.Context(),
				&datanettypes.QueryDataNetRequest{DatanetId: found.Contribution.DatanetId})
			if err != nil {
				return err
			}
			return verifyData(cmd, found.Contribution, poa.SegmentRules{AllowFewStopWords: datanet.Datanet.AllowFewStopWords},
				encoded)
		},
	}
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

// verifyData prints a line for each check, and fails if a check failed.
func verifyData(cmd *cobra.Command, claim datanettypes.Contribution, rules poa.SegmentRules, encoded []byte) error {
	file, err := poa.ParseSegmentFile(encoded)
	if err != nil {
		return err
	}
	contributor, err := sdk.AccAddressFromBech32(claim.Contributor)
	if err != nil {
		return err
	}
	file.Norm = claim.Norm()
	hash, root, statistics := contentHash(encoded), file.Root(contributor), file.StatisticsRoot()
	rulesErr := file.Check(rules)
	checks := []struct {
		name string
		ok   bool
		got  string
	}{
		{"content hash", bytes.Equal(hash[:], claim.ContentHash), hash.String()},
		{"root", bytes.Equal(root[:], claim.Root), root.String()},
		{"segments", uint32(len(file.Segments)) == claim.Segments, strconv.Itoa(len(file.Segments))},
		{"tokens", file.Tokens() == claim.Tokens, strconv.FormatUint(file.Tokens(), 10)},
		{"bytes", uint64(len(encoded)) == claim.Bytes, strconv.Itoa(len(encoded))},
		{"statistics", bytes.Equal(statistics[:], claim.StatisticsRoot), statistics.String()},
		{"rules", rulesErr == nil, fmt.Sprint(rulesErr)},
	}
	failed := 0
	for _, check := range checks {
		verdict := "ok  "
		if !check.ok {
			verdict = "FAIL"
			failed++
		}
		if check.name == "rules" && check.ok {
			check.got = "every segment keeps them"
		}
		cmd.Printf("%s  %-13s %s\n", verdict, check.name, check.got)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed: the file is not contribution %d", failed, len(checks), claim.Rank)
	}
	return nil
}
