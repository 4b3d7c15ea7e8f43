package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/connect"
	"github.com/openledger/openledger/openlora/render"
)

const usageTimeout = 10 * time.Second

func connectUsageCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "usage", Short: "Show what was spent, and who was paid",
		Long: `Show what was spent on answers, by key, and who was paid by them, as far as the chain has
said. A proxy that runs is asked; of one that does not run the ledger is read. --json
prints what GET /usage of the proxy says.`,
		Example: "openlorad connect usage\nopenlorad connect usage --limit 100 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			usage, err := readUsage(cmd)
			if err != nil {
				return err
			}
			if asJSON, _ := cmd.Flags().GetBool(flagJSON); asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(usage)
			}
			printUsage(cmd.OutOrStdout(), usage)
			return nil
		},
	}
	f := cmd.Flags()
	f.Int(flagLimit, 10, "last answers to show, at most 1000")
	f.Bool(flagJSON, false, "print one JSON object")
	_ = f.SetAnnotation(flagLimit, runOnly, []string{"true"}) // the flag is there
	return cmd
}

// readUsage asks the proxy that runs, or reads the ledger.
func readUsage(cmd *cobra.Command) (connect.Usage, error) {
	limit, _ := cmd.Flags().GetInt(flagLimit)
	content, err := os.ReadFile(filepath.Join(connectHome(cmd), runningFile))
	if err == nil {
		var at running
		if err := json.Unmarshal(content, &at); err != nil {
			return connect.Usage{}, err
		}
		usage, err := askUsage(cmd.Context(), at, limit)
		if err == nil || !errors.Is(err, errNotRunning) {
			return usage, err
		}
	}
	ledger, err := connectLedger(cmd)
	if err != nil {
		return connect.Usage{}, err
	}
	defer ledger.Close()
	keys, err := connectKeys(cmd)
	if err != nil {
		return connect.Usage{}, err
	}
	return connect.ReadUsage(ledger, keys, connect.Allowance{}, limit)
}

var errNotRunning = errors.New("the proxy does not run")

func askUsage(ctx context.Context, at running, limit int) (usage connect.Usage, err error) {
	ctx, cancel := context.WithTimeout(ctx, usageTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(
		ctx,
		http.MethodGet,
		fmt.Sprintf("%s/usage?limit=%d", at.URL, limit),
		nil,
	)
	if err != nil {
		return usage, err
	}
	request.Header.Set("Authorization", "Bearer "+at.Secret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return usage, errors.Join(errNotRunning, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return usage, fmt.Errorf("%s: %s", at.URL, response.Status)
	}
	return usage, json.NewDecoder(response.Body).Decode(&usage)
}

// roles are the words for whom answers pay.
var roles = map[string]string{
	"contributor": "contributor", "provider": "provider", "datanet_owners": "owners of DataNets",
	"model_owners": "owners of models",
	"validators":   "validators", "bounty_pool": "bounty pool", "burned": "burned",
}

func printUsage(out io.Writer, usage connect.Usage) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	left := func(budget string, left *math.Int) (string, string) {
		if left == nil {
			return "", ""
		}
		return budget, amount.Format(*left)
	}
	fmt.Fprintln(table, "KEY\tTHIS HOUR\tTODAY\tTHIS MONTH\tBUDGET\tLEFT")
	for _, key := range usage.Keys {
		budget, rest := left(key.Budget, key.Left)
		fmt.Fprintf(
			table,
			"%s\t%s\t%s\t%s\t%s\t%s\n",
			key.Name,
			amount.Format(key.Spent.Hour),
			amount.Format(key.Spent.Day),
			amount.Format(key.Spent.Month),
			budget,
			rest,
		)
	}
	budget, rest := left(usage.Budget, usage.Left)
	fmt.Fprintf(
		table,
		"all\t%s\t%s\t%s\t%s\t%s\n",
		amount.Format(usage.Spent.Hour),
		amount.Format(usage.Spent.Day),
		amount.Format(usage.Spent.Month),
		budget,
		rest,
	)
	_ = table.Flush()
	if len(usage.Paid) > 0 {
		fmt.Fprintln(out, "\nwho was paid, since the first answer")
		for _, one := range usage.Paid {
			who := one.Account
			if one.Title != "" {
				who += "  " + render.Line(one.Title)
			}
			bonus := ""
			if one.Bonus.IsPositive() {
				bonus = "+ " + amount.Format(one.Bonus) + " bonus"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", roles[one.Role], amount.Format(one.Amount), bonus, who)
		}
		_ = table.Flush()
	}
	if usage.Waiting > 0 {
		fmt.Fprintf(out, "\nanswers that wait for the chain to say who was paid: %d\n", usage.Waiting)
	}
	if len(usage.Answers) > 0 {
		fmt.Fprintln(out, "\nlast answers")
		for _, one := range usage.Answers {
			why := one.Payment
			if one.Refused != "" {
				why = "not acknowledged: " + render.Line(one.Refused)
			}
			fmt.Fprintf(
				table,
				"%s\t%s\t%s\t%s\t%s\t%s\n",
				one.Time.Local().Format(timeFormat),
				one.Key,
				one.Model,
				amount.Format(one.Fee),
				one.Receipt,
				why,
			)
		}
		_ = table.Flush()
	}
	if len(usage.Sessions) > 0 {
		fmt.Fprintf(
			out,
			"\nopen sessions: %d, with %s left; `openlorad session close --all` returns it when the proxy does not run\n",
			len(usage.Sessions),
			amount.Format(usage.Deposited),
		)
	}
}

func printKeys(out io.Writer, all []connect.Key) {
	if len(all) == 0 {
		fmt.Fprintln(out, "no keys: programs of this machine may ask without one")
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tBUDGET\tMAX FEE\tMADE")
	for _, key := range all {
		most := "that of the proxy"
		if key.MaxFee != nil {
			most = amount.Format(*key.MaxFee)
		}
		fmt.Fprintf(
			table,
			"%s\t%s\t%s\t%s\n",
			key.Name,
			key.Budget,
			most,
			key.Made.Local().Format(strings.TrimSpace(timeFormat)),
		)
	}
	_ = table.Flush()
}
