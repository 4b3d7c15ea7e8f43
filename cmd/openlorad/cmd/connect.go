package cmd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/connect"
)

const (
	flagBudget     = "budget"
	flagSessions   = "sessions"
	flagProvider   = "provider"
	flagAlias      = "alias"
	flagAckAfter   = "ack-after"
	flagCloseAfter = "close-after"
	flagPatience   = "patience"
	flagFootnotes  = "footnotes"
	flagFeeGranter = "fee-granter"

	defaultConnect = "127.0.0.1:11435"

	connectDir  = "connect" // in HOME: keys, ledger, and where the running proxy is
	runningFile = "running.json"
)

// budgetFlag is a budget as people write it.
type budgetFlag struct{ value connect.Allowance }

// Set implements pflag.Value.
func (b *budgetFlag) Set(text string) (err error) {
	b.value, err = connect.ParseAllowance(text)
	return err
}

// String implements pflag.Value.
func (b *budgetFlag) String() string { return b.value.String() }

// Type implements pflag.Value.
func (*budgetFlag) Type() string { return "budget" }

func budgetOf(f *pflag.FlagSet) connect.Allowance {
	return f.Lookup(flagBudget).Value.(*budgetFlag).value
}

func connectCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connect",
		Short: "Have any OpenAI client ask models of the chain, and pay",
		Long: `Serve OpenAI's API on this machine for programs that know nothing of the chain. The
proxy finds providers on chain by model, opens sessions, signs what pays, checks every
answer, changes providers when one fails, acknowledges, and shows who was paid. The
account's key and the keys of sessions stay on this machine.

No more than --budget is spent on answers in each day, hour or month, and no more than
--max-fee on one. Deposits of sessions are on top, at most --sessions times --deposit;
what is not spent of them comes back. With a --fee-granter another account pays the
fees of transactions.

Without keys programs of this machine may ask. ` + "`openlorad connect key add NAME`" + ` makes keys
with budgets of their own; from then on a key is needed. The proxy can be stopped and
killed at any time: it goes on where it was.`,
		Example: `openlorad connect --from alice --budget 5OPEN/day
OPENAI_BASE_URL=http://127.0.0.1:11435/v1 OPENAI_API_KEY=unused my-program
openlorad connect key add editor --budget 1OPEN/day
openlorad connect usage`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runConnect(cmd) },
	}
	addAccountFlags(cmd)
	f := cmd.Flags()
	f.String(flagListen, defaultConnect, "address to listen on")
	f.Var(
		&budgetFlag{mustAllowance("5OPEN/day")},
		flagBudget,
		"most that is spent on answers in each hour, day or month",
	)
	f.Var(newAmountFlag("1OPEN"), flagMaxFee, "maximum fee of an answer")
	f.Var(newAmountFlag("2OPEN"), flagDeposit, "deposit of a session")
	f.Int(flagSessions, 8, "sessions at a time, which is how many calls are answered at once")
	f.StringSlice(
		flagGateway,
		nil,
		"URL of a gateway to ask at whatever address it has, such as one of your own; repeatable",
	)
	f.StringSlice(
		flagProvider,
		nil,
		"address of a provider to ask, and no other; repeatable (default all that the chain names)",
	)
	f.Bool(flagPrivate, false, "ask providers at addresses that are not public, for networks on one machine")
	f.StringSlice(flagAlias, nil, "other name of a model, such as gpt-4o-mini=openledger/1; repeatable")
	f.Duration(flagAckAfter, 5*time.Second, "how long an answer waits for a next question to acknowledge it")
	f.Duration(
		flagCloseAfter,
		6*time.Hour,
		"how long a session is kept that nobody uses; 0 keeps it for as long as the chain does",
	)
	f.Duration(flagPatience, time.Minute, "how long a call waits for a session")
	f.Duration(flagAnswerTimeout, 2*time.Minute, "time for one answer")
	f.Bool(flagFootnotes, false, "append the sources to the text of answers, for programs that drop other fields")
	f.StringSlice(
		flagOrigin,
		nil,
		"origin of web pages whose scripts may ask, such as http://localhost:3000; repeatable",
	)
	f.String(
		flagFeeGranter,
		"",
		"address of the account that pays the fees of transactions, by a grant (openledgerd tx feegrant)",
	)
	cmd.AddCommand(connectKeyCmd(), connectUsageCmd())
	return cmd
}

func mustAllowance(text string) connect.Allowance {
	allowance, err := connect.ParseAllowance(text)
	if err != nil {
		panic(err) // a default
	}
	return allowance
}

func connectHome(cmd *cobra.Command) string {
	home, _ := cmd.Flags().GetString(flagHome)
	return filepath.Join(home, connectDir)
}

// connectSessions is where the proxy keeps its sessions, apart from those of `openlorad ask`.
func connectSessions(cmd *cobra.Command) string { return filepath.Join(connectHome(cmd), "sessions") }

func connectKeys(cmd *cobra.Command) (*connect.Keys, error) {
	return connect.OpenKeys(filepath.Join(connectHome(cmd), "keys.json"))
}

func connectLedger(cmd *cobra.Command) (*connect.Ledger, error) {
	if err := os.MkdirAll(connectHome(cmd), 0o700); err != nil {
		return nil, err
	}
	return connect.OpenLedger(filepath.Join(connectHome(cmd), "ledger.db"))
}

// runConnect serves until the command's context ends.
func runConnect(cmd *cobra.Command) error {
	ctx, f := cmd.Context(), cmd.Flags()
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	keys, err := connectKeys(cmd)
	if err != nil {
		return err
	}
	address, _ := f.GetString(flagListen)
	if err := checkListen(address, keys); err != nil {
		return err
	}
	config, err := connectConfig(cmd)
	if err != nil {
		return err
	}
	if config.Ledger, err = connectLedger(cmd); err != nil {
		return err
	}
	defer config.Ledger.Close()
	granter, err := feeGranter(f)
	if err != nil {
		return err
	}
	if config.Node, config.Payer, err = openAccount(cmd); err != nil {
		return err
	}
	defer config.Node.Close()
	config.Payer.FeeGranter = granter
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	config.Keys, config.Secret, config.Log = keys, hex.EncodeToString(random[:]), log
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	proxy, err := connect.New(config)
	if err != nil {
		return err
	}
	if err := proxy.Start(ctx); err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	running := filepath.Join(connectHome(cmd), runningFile)
	if err := writeRunning(running, url, config.Secret); err != nil {
		return err
	}
	defer os.Remove(running)
	log.Info("answers are paid by", "account", config.Payer, "budget", config.Budget)
	cmd.Printf("OPENAI_BASE_URL=%s/v1\n", url)
	working, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		proxy.Run(working)
	}()
	err = serveOn(ctx, listener, proxy.Handler(), log)
	stop()
	<-done
	return err
}

// checkListen refuses to let other machines spend without keys.
func checkListen(address string, keys *connect.Keys) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--%s: %w", flagListen, err)
	}
	all, err := keys.List()
	if err != nil || len(all) > 0 || host == "localhost" || net.ParseIP(host).IsLoopback() {
		return err
	}
	return fmt.Errorf(
		"--%s %s lets other machines spend: make keys first with `openlorad connect key add NAME --budget 1OPEN/day`",
		flagListen,
		address,
	)
}

func connectConfig(cmd *cobra.Command) (config connect.Config, err error) {
	f := cmd.Flags()
	config = connect.Config{
		Dir:     connectSessions(cmd),
		Budget:  budgetOf(f),
		MaxFee:  amountOf(f, flagMaxFee),
		Deposit: amountOf(f, flagDeposit),
	}
	config.Sessions, _ = f.GetInt(flagSessions)
	config.Gateways, _ = f.GetStringSlice(flagGateway)
	config.Providers, _ = f.GetStringSlice(flagProvider)
	config.AllowPrivate, _ = f.GetBool(flagPrivate)
	aliases, _ := f.GetStringSlice(flagAlias)
	if config.Aliases, err = parseAliases(aliases); err != nil {
		return config, err
	}
	config.AckAfter, _ = f.GetDuration(flagAckAfter)
	config.CloseAfter, _ = f.GetDuration(flagCloseAfter)
	config.Patience, _ = f.GetDuration(flagPatience)
	config.AnswerTimeout, _ = f.GetDuration(flagAnswerTimeout)
	config.Footnotes, _ = f.GetBool(flagFootnotes)
	config.Origins, _ = f.GetStringSlice(flagOrigin)
	limits := map[string]time.Duration{flagPatience: config.Patience, flagAnswerTimeout: config.AnswerTimeout}
	for name, value := range limits {
		if value <= 0 {
			return config, fmt.Errorf("--%s must be above 0", name)
		}
	}
	return config, nil
}

// parseAliases reads other names of models.
func parseAliases(texts []string) (map[string]string, error) {
	aliases := make(map[string]string)
	for _, text := range texts {
		name, model, found := strings.Cut(text, "=")
		if !found || name == "" || model == "" {
			return nil, fmt.Errorf("--%s %q: write gpt-4o-mini=openledger/1", flagAlias, text)
		}
		aliases[name] = model
	}
	return aliases, nil
}

// running says where a proxy runs, and how commands of this machine read all that it knows.
type running struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

func writeRunning(path, url, secret string) error {
	content, err := json.Marshal(running{url, secret})
	if err != nil {
		return err
	}
	return file.Write(path, content, 0o600)
}

func connectKeyCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Make, list and remove keys, each with a budget of its own"}
	cmd.AddCommand(connectKeyAddCmd(), connectKeyListCmd(), connectKeyRemoveCmd())
	return cmd
}

func connectKeyAddCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make a key and print it, once",
		Long:    "Make a key with which a program may ask, and print it, once. A proxy that runs knows it at once.",
		Example: "openlorad connect key add editor --budget 1OPEN/day --max-fee 0.3OPEN",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := connectKeys(cmd)
			if err != nil {
				return err
			}
			most := amountOf(cmd.Flags(), flagMaxFee)
			limit := &most
			if !cmd.Flags().Changed(flagMaxFee) {
				limit = nil
			}
			secret, err := keys.Add(args[0], budgetOf(cmd.Flags()), limit)
			if err != nil {
				return err
			}
			cmd.Println(secret)
			return nil
		},
	}
	f := cmd.Flags()
	f.Var(
		&budgetFlag{mustAllowance("1OPEN/day")},
		flagBudget,
		"most that the key spends on answers in each hour, day or month",
	)
	f.Var(newAmountFlag("0"), flagMaxFee, "maximum fee of an answer (default that of the proxy)")
	for _, name := range []string{flagBudget, flagMaxFee} {
		_ = f.SetAnnotation(name, runOnly, []string{"true"}) // the flag is there
	}
	return cmd
}

func connectKeyListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List keys with their budgets", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := connectKeys(cmd)
			if err != nil {
				return err
			}
			all, err := keys.List()
			if err != nil {
				return err
			}
			if asJSON, _ := cmd.Flags().GetBool(flagJSON); asJSON {
				list := []map[string]any{}
				for _, key := range all {
					list = append(
						list,
						map[string]any{"name": key.Name, "budget": key.Budget, "max_fee": key.MaxFee, "made": key.Made},
					)
				}
				return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
			}
			printKeys(cmd.OutOrStdout(), all)
			return nil
		},
	}
	cmd.Flags().Bool(flagJSON, false, "print a JSON list")
	return cmd
}

func connectKeyRemoveCmd() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Remove a key; what it has spent stays known", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := connectKeys(cmd)
			if err != nil {
				return err
			}
			return keys.Remove(strings.TrimSpace(args[0]))
		},
	}
}

// feeGranter reads the flag.
func feeGranter(f *pflag.FlagSet) (sdk.AccAddress, error) {
	text, _ := f.GetString(flagFeeGranter)
	if text == "" {
		return nil, nil
	}
	granter, err := sdk.AccAddressFromBech32(text)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flagFeeGranter, err)
	}
	return granter, nil
}
