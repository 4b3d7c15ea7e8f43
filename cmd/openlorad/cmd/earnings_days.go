package cmd

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/earnings"
	"github.com/openledger/openledger/openlora/render"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// showDays prints what the network paid, by day.
func showDays(cmd *cobra.Command) error {
	f := cmd.Flags()
	limit, _ := f.GetInt(flagLimit)
	var (
		days earnings.Days
		err  error
	)
	if gateway, _ := f.GetString(flagGateway); gateway != "" {
		if err = getOfGateway(cmd.Context(), gateway, "earnings/days?limit="+strconv.Itoa(limit), &days); err == nil {
			err = days.Check()
		}
	} else {
		err = withIndex(cmd, func(index *earnings.Index, _ *chain.Client) (err error) {
			days, err = index.Days(limit)
			return err
		})
	}
	if err != nil {
		return err
	}
	t := table{header: []string{"date", "batches", "receipts", "contributors", "datanets", "lineage", "providers", "bonus",
		"paid_out"}}
	for _, day := range days.Days {
		t.rows = append(
			t.rows, append([]string{day.Date, strconv.FormatUint(day.Batches, 10), strconv.FormatUint(day.Receipts, 10)},
				inOpen(day.Contributors, day.Datanets, day.Lineage, day.Providers, day.Bonus, day.PaidOut)...))
	}
	return t.print(
		cmd, fmt.Sprintf("what the network paid in OPEN, blocks %d to %d; days in UTC", days.FirstHeight, days.Height), days,
		days.Missing)
}

// dayOf is what an account earned and was paid on a day.
type dayOf struct {
	Date        string      `json:"date"`
	Batches     uint64      `json:"batches"`
	Earned      sdkmath.Int `json:"earned"`
	Contributed sdkmath.Int `json:"contributed"`
	Bonus       sdkmath.Int `json:"bonus"`
	PaidOut     sdkmath.Int `json:"paid_out"`
}

// printDaysOf prints what an account earned and was paid, by day.
func printDaysOf(cmd *cobra.Command, read pages) error {
	limit, _ := cmd.Flags().GetInt(flagLimit)
	if limit < 1 || limit > earnings.MaxDays {
		return fmt.Errorf("--%s %d: at least 1 and at most %d days", flagLimit, limit, earnings.MaxDays)
	}
	var (
		days []dayOf
		last earnings.History
	)
	for before, more := "", true; more; {
		page, err := read(before, earnings.MaxLimit)
		if err != nil {
			return err
		}
		for _, entry := range page.Entries {
			days = countEntry(days, entry)
		}
		last, before, more = page, page.Next, page.Next != "" && len(days) <= limit
	}
	days = days[:min(len(days), limit)]
	t := table{header: []string{"date", "batches", "earned", "contributed", "bonus", "paid_out"}}
	for _, day := range days {
		t.rows = append(
			t.rows, append([]string{day.Date, strconv.FormatUint(day.Batches, 10)},
				inOpen(day.Earned, day.Contributed, day.Bonus, day.PaidOut)...))
	}
	return t.print(
		cmd, fmt.Sprintf("%s in OPEN, blocks %d to %d; days in UTC", last.Address, last.FirstHeight, last.Height), days,
		last.Missing)
}

// countEntry adds an entry to the day of its block. Entries come newest first.
func countEntry(days []dayOf, entry earnings.Entry) []dayOf {
	date := "?"
	if entry.Time != nil {
		date = entry.Time.UTC().Format(time.DateOnly)
	}
	if len(days) == 0 || days[len(days)-1].Date != date {
		zero := sdkmath.ZeroInt()
		days = append(days, dayOf{Date: date, Earned: zero, Contributed: zero, Bonus: zero, PaidOut: zero})
	}
	day := &days[len(days)-1]
	if entry.Kind != earnings.KindBatch {
		day.PaidOut = day.PaidOut.Add(entry.Amount)
		return days
	}
	day.Batches++
	day.Earned = day.Earned.Add(entry.Amount).Add(*entry.Bonus)
	day.Contributed = day.Contributed.Add(*entry.Contributed).Add(*entry.Bonus)
	day.Bonus = day.Bonus.Add(*entry.Bonus)
	return days
}

// table is printed for people, or as comma-separated values.
type table struct {
	header []string
	rows   [][]string
}

// print prints the table under a title, or with --json the value that it shows.
func (t table) print(cmd *cobra.Command, title string, value any, missing []earnings.Missing) error {
	f, out := cmd.Flags(), cmd.OutOrStdout()
	if asJSON, _ := f.GetBool(flagJSON); asJSON {
		return json.NewEncoder(out).Encode(value)
	}
	for _, m := range missing {
		cmd.PrintErrf("not complete: blocks %d to %d are missing: %s\n", m.From, m.To, render.Line(m.Why))
	}
	if asCSV, _ := f.GetBool(flagCSV); asCSV {
		w := csv.NewWriter(out)
		_ = w.Write(t.header)
		_ = w.WriteAll(t.rows)
		return w.Error()
	}
	fmt.Fprintf(out, "%s\n\n", render.Line(title))
	if len(t.rows) == 0 {
		fmt.Fprintln(out, "nothing was paid")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{headings(t.header)}, t.rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = render.Line(cell)
		}
		_, _ = io.WriteString(w, strings.Join(cells, "\t")+"\n")
	}
	return w.Flush()
}

// headings are the names of columns in capital letters.
func headings(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strings.ToUpper(strings.ReplaceAll(name, "_", " "))
	}
	return out
}

func inOpen(amounts ...sdkmath.Int) []string {
	out := make([]string, len(amounts))
	for i, amount := range amounts {
		out[i] = rewardstypes.FormatOpen(amount)
	}
	return out
}
