package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/earnings"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	flagLimit  = "limit"
	flagBefore = "before"

	earningsTimeout  = 30 * time.Second
	maxEarningsBytes = 8 << 20
)

func earningsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "earnings ADDRESS",
		Short: "Show what an account has earned, batch by batch, and what was paid out to it",
		Long: `Show an account's history, newest first: each batch of receipts that paid it, as
what, for how many receipts, with the bonus that was granted, and each payout.

It is computed here from the events of your node, and kept in HOME/earnings-CHAIN.db,
so that only new blocks are read the next time; the first time takes about a second
for a few hundred blocks. The sum is compared with the ledger. With --gateway a
gateway is asked for the history that it keeps.`,
		Example: `openlorad earnings $(openledgerd keys show alice -a)
openlorad earnings open1… --limit 100 --json
openlorad earnings open1… --gateway http://127.0.0.1:8080`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return showEarnings(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.String(flagNode, "127.0.0.1:9090", "gRPC address of a node")
	f.String(flagGateway, "", "URL of a gateway to ask instead of the node")
	f.Int(flagLimit, earnings.DefaultLimit, "entries to show, at most 100")
	f.String(flagBefore, "", "show the page that begins here: `next` of the page before")
	f.Bool(flagJSON, false, "print one JSON object")
	return cmd
}

func showEarnings(cmd *cobra.Command, address string) error {
	f := cmd.Flags()
	gateway, _ := f.GetString(flagGateway)
	limit, _ := f.GetInt(flagLimit)
	before, _ := f.GetString(flagBefore)
	var history earnings.History
	var agreement string
	var err error
	if gateway != "" {
		history, err = earningsOfGateway(cmd.Context(), gateway, address, before, limit)
	} else {
		history, agreement, err = earningsOfNode(cmd, address, before, limit)
	}
	if err != nil {
		return err
	}
	if asJSON, _ := f.GetBool(flagJSON); asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(history)
	}
	printEarnings(cmd.OutOrStdout(), history, agreement)
	return nil
}

// earningsOfNode brings the index up to date and compares its sums with the ledger of the same height.
func earningsOfNode(cmd *cobra.Command, address, before string, limit int) (earnings.History, string, error) {
	ctx, f := cmd.Context(), cmd.Flags()
	home, _ := f.GetString(flagHome)
	at, _ := f.GetString(flagNode)
	node, err := chain.Dial(ctx, at)
	if err != nil {
		return earnings.History{}, "", err
	}
	defer node.Close()
	if err := os.MkdirAll(home, 0o700); err != nil {
		return earnings.History{}, "", err
	}
	// Each chain has its own: after a reset, or with another node, heights mean other blocks.
	path := filepath.Join(home, "earnings-"+url.PathEscape(node.ChainID)+".db")
	index, err := earnings.Open(path, earnings.Node{Client: node}, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
	if err != nil {
		return earnings.History{}, "", err
	}
	defer index.Close()
	if err := index.Follow(ctx); err != nil {
		return earnings.History{}, "", err
	}
	history, err := index.History(address, before, limit)
	if err != nil {
		return history, "", err
	}
	ledger, err := node.Rewards.Earnings(chain.AtHeight(ctx, history.Height), &rewardstypes.QueryEarningsRequest{Address: address})
	if err != nil {
		return history, "", err
	}
	return history, agreement(history, ledger.Earned.Amount), nil
}

// agreement says whether a history is all that the ledger knows.
func agreement(history earnings.History, earned sdkmath.Int) string {
	ledger := "the ledger says " + rewardstypes.FormatOpen(earned) + " OPEN"
	switch {
	case earned.Equal(history.Totals.Earned):
		return "the ledger says the same"
	case earned.LT(history.Totals.Earned):
		return ledger + ": the rest waits for the sweep"
	case history.FirstHeight > 1:
		return fmt.Sprintf("%s: the node has no state before block %d", ledger, history.FirstHeight)
	}
	return ledger + ": please report it, no income should be without an event"
}

func earningsOfGateway(ctx context.Context, gateway, address, before string, limit int) (earnings.History, error) {
	var history earnings.History
	ctx, cancel := context.WithTimeout(ctx, earningsTimeout)
	defer cancel()
	query := url.Values{"limit": {strconv.Itoa(limit)}, "before": {before}}
	target := strings.TrimSuffix(gateway, "/") + "/v1/openledger/accounts/" + url.PathEscape(address) + "/earnings?" + query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return history, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return history, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxEarningsBytes))
	if err != nil {
		return history, err
	}
	if response.StatusCode != http.StatusOK {
		var answer struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if json.Unmarshal(body, &answer) == nil && answer.Error.Message != "" {
			return history, errors.New(answer.Error.Message)
		}
		return history, fmt.Errorf("%s answered %s: does it run with --indexer?", gateway, response.Status)
	}
	return history, json.Unmarshal(body, &history)
}

func printEarnings(out io.Writer, history earnings.History, agreement string) {
	open := rewardstypes.FormatOpen
	t := history.Totals
	fmt.Fprintf(out, "%s, blocks %d to %d\n", history.Address, history.FirstHeight, history.Height)
	if agreement != "" {
		agreement = "; " + agreement
	}
	batches := "batches"
	if t.Batches == 1 {
		batches = "batch"
	}
	fmt.Fprintf(out, "earned %s OPEN in %d %s%s\n", open(t.Earned), t.Batches, batches, agreement)
	fmt.Fprintf(out, "of it by contributing %s OPEN, with a bonus of %s OPEN; paid out %s OPEN\n\n", open(t.Contributed), open(t.Bonus), open(t.PaidOut))
	if len(history.Entries) == 0 {
		fmt.Fprintln(out, "no entries")
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "HEIGHT\tWHAT\tMODEL\tDATANET\tRECEIPTS\tOPEN")
	for _, entry := range history.Entries {
		printEntry(table, entry)
	}
	_ = table.Flush()
	if history.Next != "" {
		fmt.Fprintf(out, "\nmore: --before %s\n", history.Next)
	}
}

func printEntry(table io.Writer, entry earnings.Entry) {
	open := rewardstypes.FormatOpen
	if entry.Kind != earnings.KindBatch {
		to := ""
		if entry.Recipient != "" {
			to = " to " + entry.Recipient
		}
		fmt.Fprintf(table, "%d\t%s%s\t\t\t\t-%s\n", entry.Height, entry.Kind, to, open(entry.Amount))
		return
	}
	for _, part := range entry.Parts {
		datanet := ""
		if part.DataNet != 0 {
			datanet = strconv.FormatUint(part.DataNet, 10)
		}
		fmt.Fprintf(table, "%d\tbatch %d, %s\t%d\t%s\t%d\t%s\n", entry.Height, entry.Batch, part.Role, part.Model, datanet, part.Receipts, open(part.Amount))
	}
	switch {
	case entry.BonusUnknown:
		fmt.Fprintf(table, "%d\tbatch %d, bonus, at most\t\t\t\t%s\n", entry.Height, entry.Batch, open(*entry.Bonus))
	case entry.BonusAsked.IsPositive():
		fmt.Fprintf(table, "%d\tbatch %d, bonus\t\t\t\t%s\n", entry.Height, entry.Batch, open(*entry.Bonus))
	}
}
