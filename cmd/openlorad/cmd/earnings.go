package cmd

import (
	"context"
	"encoding/csv"
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

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/earnings"
	"github.com/openledger/openledger/openlora/render"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	flagLimit   = "limit"
	flagBefore  = "before"
	flagCSV     = "csv"
	flagRebuild = "rebuild"
	flagByDay   = "by-day"

	earningsTimeout  = 30 * time.Second
	maxEarningsBytes = 8 << 20
)

func earningsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "earnings [ADDRESS]",
		Short: "Show what an account has earned and was paid, batch by batch, or what the network paid by day",
		Long: `Show an account's history, newest first: each batch of receipts that paid it, as
what, for how many receipts, with the bonus that was granted, and each payout.

It is computed here from the events of your node, and kept in HOME/earnings-CHAIN.db,
so that only new blocks are read the next time; the first time takes about a second
for a few hundred blocks. The sum is compared with the ledger. With --gateway a
gateway is asked for the history that it keeps.

Blocks of which the node keeps no results (discard_abci_responses, which is the default
of validators) are passed over, and the history says which. It is made anew from a node
that keeps all, an archive, with --rebuild; that of a stopped gateway, HOME/earnings.db,
is then replaced as well.

--by-day shows what was earned and paid out on each day, in UTC: by the account, or, without
an address, by everybody, and as what.

--csv prints all entries, one line for each part, with the time of their block. Payouts
are negative, so that the sum is what waits in the ledger.`,
		Example: `openlorad earnings $(openledgerd keys show alice -a)
openlorad earnings open1… --limit 100 --json
openlorad earnings open1… --csv > earnings.csv
openlorad earnings open1… --rebuild --node archive.example.org:9090
openlorad earnings open1… --gateway http://127.0.0.1:8080
openlorad earnings --by-day --limit 7                  # what the network paid, a line a day
openlorad earnings open1… --by-day --csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if byDay, _ := cmd.Flags().GetBool(flagByDay); len(args) == 0 {
				if !byDay {
					return errors.New("name an account, or ask for what the network paid with --" + flagByDay)
				}
				return showDays(cmd)
			}
			return showEarnings(cmd, args[0])
		},
	}
	f := cmd.Flags()
	addNodeFlag(cmd)
	f.String(flagGateway, "", "URL of a gateway to ask instead of the node")
	f.Int(flagLimit, earnings.DefaultLimit, "entries, or days, to show; at most 100 entries and 366 days")
	f.Bool(flagByDay, false, "show a line a day; without an address, of the whole network")
	f.String(flagBefore, "", "show the page that begins here: `next` of the page before")
	f.Bool(flagJSON, false, "print one JSON object")
	f.Bool(flagCSV, false, "print all entries as comma-separated values")
	f.Bool(flagRebuild, false, "make the history anew, from the first block that the node has")
	cmd.MarkFlagsMutuallyExclusive(flagJSON, flagCSV)
	cmd.MarkFlagsMutuallyExclusive(flagGateway, flagRebuild)
	return cmd
}

// pages returns a page of a history, which begins at before.
type pages func(before string, limit int) (earnings.History, error)

func showEarnings(cmd *cobra.Command, address string) error {
	f := cmd.Flags()
	if gateway, _ := f.GetString(flagGateway); gateway != "" {
		return printHistory(cmd, func(before string, limit int) (earnings.History, error) {
			return earningsOfGateway(cmd.Context(), gateway, address, before, limit)
		}, nil)
	}
	return withIndex(cmd, func(index *earnings.Index, node *chain.Client) error {
		return printHistory(
			cmd, func(before string, limit int) (earnings.History, error) { return index.History(address, before, limit) }, node)
	})
}

// withIndex brings the index of the node's chain up to date and uses it.
func withIndex(cmd *cobra.Command, do func(*earnings.Index, *chain.Client) error) error {
	node, err := dial(cmd)
	if err != nil {
		return err
	}
	defer node.Close()
	index, err := followed(cmd, node)
	if err != nil {
		return err
	}
	defer index.Close()
	return do(index, node)
}

// printHistory prints what the flags ask for of a history. With a node its sum is compared with the ledger.
func printHistory(cmd *cobra.Command, read pages, node *chain.Client) error {
	f, out := cmd.Flags(), cmd.OutOrStdout()
	if byDay, _ := f.GetBool(flagByDay); byDay {
		return printDaysOf(cmd, read)
	}
	if asCSV, _ := f.GetBool(flagCSV); asCSV {
		return writeCSV(cmd, read)
	}
	limit, _ := f.GetInt(flagLimit)
	before, _ := f.GetString(flagBefore)
	history, err := read(before, limit)
	if err != nil {
		return err
	}
	if asJSON, _ := f.GetBool(flagJSON); asJSON {
		return json.NewEncoder(out).Encode(history)
	}
	agrees := ""
	if node != nil {
		ledger, err := node.Rewards.Earnings(chain.AtHeight(cmd.Context(), history.Height),
			&rewardstypes.QueryEarningsRequest{Address: history.Address})
		if err != nil {
			return err
		}
		agrees = agreement(history, ledger.Earned.Amount)
	}
	printEarnings(out, history, agrees)
	return nil
}

// followed opens the index of the node's chain and brings it up to date, from its beginning with --rebuild.
func followed(cmd *cobra.Command, node *chain.Client) (*earnings.Index, error) {
	home, _ := cmd.Flags().GetString(flagHome)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	// Each chain has its own: after a reset, or with another node, heights mean other blocks.
	path := filepath.Join(home, "earnings-"+url.PathEscape(node.ChainID)+".db")
	if rebuild, _ := cmd.Flags().GetBool(flagRebuild); rebuild {
		if err := rebuilt(cmd, node, path); err != nil {
			return nil, err
		}
	}
	index, err := openIndex(cmd, node, path)
	if err != nil {
		return nil, err
	}
	if err := index.Follow(cmd.Context()); err != nil {
		return nil, errors.Join(err, index.Close())
	}
	return index, nil
}

func openIndex(cmd *cobra.Command, node *chain.Client, path string) (*earnings.Index, error) {
	return earnings.Open(path, earnings.Node{Client: node}, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
}

// rebuilt makes an index anew, beside the old one until it is whole, and gives a stopped gateway a copy of it.
func rebuilt(cmd *cobra.Command, node *chain.Client, path string) error {
	fresh := path + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	index, err := openIndex(cmd, node, fresh)
	if err != nil {
		return err
	}
	if err := errors.Join(index.Follow(cmd.Context()), index.Close()); err != nil {
		return err
	}
	ofGateway := filepath.Join(filepath.Dir(path), gatewayEarnings)
	if _, err := os.Stat(ofGateway); err == nil {
		if err := replaceIndex(cmd, node, ofGateway, fresh); err != nil {
			return fmt.Errorf("%w: stop the gateway, and start it again behind this", err)
		}
	}
	return file.Rename(fresh, path)
}

// replaceIndex puts a copy of an index in the place of another, which no process may have open.
func replaceIndex(cmd *cobra.Command, node *chain.Client, path, by string) error {
	old, err := openIndex(cmd, node, path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(by)
	if err == nil {
		err = file.Write(path, content, 0o600)
	}
	return errors.Join(err, old.Close())
}

// agreement reports whether a history is all that the ledger knows.
func agreement(history earnings.History, earned sdkmath.Int) string {
	ledger := "the ledger says " + rewardstypes.FormatOpen(earned) + " OPEN"
	switch {
	case earned.Equal(history.Totals.Earned):
		return "the ledger says the same"
	case earned.LT(history.Totals.Earned):
		return ledger + ": the rest waits for the sweep"
	case !history.Complete:
		return ledger + ": blocks are missing here, see below"
	}
	return ledger + ": please report it, no income should be without an event"
}

func earningsOfGateway(ctx context.Context, gateway, address, before string, limit int) (earnings.History, error) {
	var history earnings.History
	query := url.Values{"limit": {strconv.Itoa(limit)}, "before": {before}}
	err := getOfGateway(ctx, gateway, "accounts/"+url.PathEscape(address)+"/earnings?"+query.Encode(), &history)
	if err == nil {
		err = history.Check()
	}
	return history, err
}

// getOfGateway reads what a gateway says about earnings.
func getOfGateway(ctx context.Context, gateway, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, earningsTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		strings.TrimSuffix(gateway, "/")+"/v1/openledger/"+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxEarningsBytes))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		var answer struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if json.Unmarshal(body, &answer) == nil && answer.Error.Message != "" {
			return errors.New(answer.Error.Message)
		}
		return fmt.Errorf("%s answered %s: does it run with --indexer?", gateway, response.Status)
	}
	return json.Unmarshal(body, into)
}

func printEarnings(out io.Writer, history earnings.History, agreement string) {
	open := rewardstypes.FormatOpen
	t := history.Totals
	fmt.Fprintf(out, "%s, blocks %d to %d\n", render.Line(history.Address), history.FirstHeight, history.Height)
	if agreement != "" {
		agreement = "; " + agreement
	}
	batches := "batches"
	if t.Batches == 1 {
		batches = "batch"
	}
	fmt.Fprintf(out, "earned %s OPEN in %d %s%s\n", open(t.Earned), t.Batches, batches, agreement)
	fmt.Fprintf(out, "of it by contributing %s OPEN, with a bonus of %s OPEN; paid out %s OPEN\n\n", open(t.Contributed),
		open(t.Bonus), open(t.PaidOut))
	if len(history.Missing) > 0 {
		fmt.Fprintln(out, "not complete: make it anew from an archive node with --rebuild --node ADDRESS. Missing:")
		for _, m := range history.Missing {
			fmt.Fprintf(out, "  blocks %d to %d: %s\n", m.From, m.To, render.Line(m.Why))
		}
		fmt.Fprintln(out)
	}
	if len(history.Entries) == 0 {
		fmt.Fprintln(out, "no entries")
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tHEIGHT\tWHAT\tMODEL\tDATANET\tRECEIPTS\tOPEN")
	for _, entry := range history.Entries {
		printEntry(table, entry)
	}
	_ = table.Flush()
	if history.Next != "" {
		fmt.Fprintf(out, "\nmore: --before %s\n", render.Line(history.Next))
	}
}

func printEntry(table io.Writer, entry earnings.Entry) {
	at := "?"
	if entry.Time != nil {
		at = entry.Time.Local().Format(timeFormat)
	}
	for _, l := range linesOf(entry) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", at, entry.Height, l.what, number(l.model), number(l.datanet),
			number(uint64(l.receipts)), rewardstypes.FormatOpen(l.amount))
	}
}

// number writes a number, and nothing for none.
func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// line is one amount of an entry; what was paid out is negative.
type line struct {
	what           string
	role           string // of a part of a batch, or bonus
	model, datanet uint64
	receipts       uint32
	amount         sdkmath.Int
}

func linesOf(entry earnings.Entry) []line {
	if entry.Kind != earnings.KindBatch {
		what := string(entry.Kind)
		if entry.Recipient != "" {
			what += " to " + entry.Recipient
		}
		return []line{{what: what, amount: entry.Amount.Neg()}}
	}
	var lines []line
	for _, part := range entry.Parts {
		lines = append(lines, line{
			what: fmt.Sprintf("batch %d, %s", entry.Batch, part.Role), role: part.Role, model: part.Model, datanet: part.DataNet,
			receipts: part.Receipts, amount: part.Amount,
		})
	}
	bonus := line{what: fmt.Sprintf("batch %d, bonus", entry.Batch), role: "bonus", amount: *entry.Bonus}
	if entry.BonusUnknown {
		bonus.what, bonus.role = bonus.what+", at most", "bonus at most"
	}
	if entry.BonusUnknown || entry.BonusAsked.IsPositive() {
		lines = append(lines, bonus)
	}
	return lines
}

// writeCSV writes all entries, newest first.
func writeCSV(cmd *cobra.Command, read pages) error {
	out := csv.NewWriter(cmd.OutOrStdout())
	_ = out.Write(
		[]string{"time", "height", "kind", "batch", "role", "model", "datanet", "receipts", "open", "aopen", "recipient"})
	var last earnings.History
	for before, more := "", true; more; {
		page, err := read(before, earnings.MaxLimit)
		if err != nil {
			return err
		}
		for _, entry := range page.Entries {
			at := ""
			if entry.Time != nil {
				at = entry.Time.Format(time.RFC3339)
			}
			for _, l := range linesOf(entry) {
				_ = out.Write([]string{
					at, strconv.FormatInt(entry.Height, 10), string(entry.Kind), number(entry.Batch), l.role, number(l.model),
					number(l.datanet),
					number(uint64(l.receipts)), rewardstypes.FormatOpen(l.amount), l.amount.String(), entry.Recipient,
				})
			}
		}
		last, before, more = page, page.Next, page.Next != ""
	}
	out.Flush()
	for _, m := range last.Missing {
		cmd.PrintErrf("not complete: blocks %d to %d are missing: %s\n", m.From, m.To, render.Line(m.Why))
	}
	return out.Error()
}
