package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/render"
	"github.com/openledger/openledger/openlora/session"
)

const (
	flagGateway = "gateway"
	flagDeposit = "deposit"
	flagMaxFee  = "max-fee"
	flagSession = "session"
	flagJSON    = "json"
	flagNoColor = "no-color"
)

func askCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ask QUESTION",
		Short: "Ask a question, check the answer, and pay its authors",
		Long: `Ask a question at a gateway. The first time this opens a session: a deposit on
chain from which answers are paid. The session key is made here and kept in HOME.

The answer is checked before it is acknowledged: its root must be that of the text
shown, the tokens and the fee must be right, and the provider must have signed all
of it. Passages are coloured by the contribution that is paid for them.`,
		Example: `openlorad ask "How is Hailey-Hailey disease told apart from Darier disease?" --from alice
openlorad ask "…" --from alice --session SESSION        # go on in a session
openlorad ask "…" --from alice --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return ask(cmd, args[0]) },
	}
	addAccountFlags(cmd)
	f := cmd.Flags()
	f.String(flagGateway, "http://127.0.0.1:8080", "URL of the gateway")
	f.Uint64(flagModel, 0, "model to ask (default the first that the gateway serves)")
	f.String(flagDeposit, "10000000000000000000aopen", "deposit of a new session")
	f.String(flagMaxFee, "2000000000000000000", "maximum fee of the answer in aopen")
	f.String(flagSession, "", "session to go on in (default a new one)")
	f.Bool(flagJSON, false, "print one JSON object")
	f.Bool(flagNoColor, false, "print without colour")
	return cmd
}

func ask(cmd *cobra.Command, question string) error {
	ctx, f := cmd.Context(), cmd.Flags()
	client, err := openOrResume(cmd)
	if err != nil {
		return err
	}
	most, _ := f.GetString(flagMaxFee)
	if client.MaxFee, err = outbox.ParseAmount(most); err != nil {
		return err
	}
	answer, err := client.Ask(ctx, question, nil)
	if session.Fenced(err) {
		if client, err = reopen(cmd, client); err != nil {
			return err
		}
		answer, err = client.Ask(ctx, question, nil)
	}
	if err != nil {
		return err
	}
	if late := client.Late; late != nil {
		cmd.PrintErrf("the answer to your earlier question %q had not arrived: %s\n\n", late.Question, late.Text)
	}
	if err := client.Acknowledge(ctx); err != nil {
		return fmt.Errorf("the answer arrived but could not be acknowledged: %w", err)
	}
	if asJSON, _ := f.GetBool(flagJSON); asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"answer": answer.Text, "openledger": answer.Proof})
	}
	plain, _ := f.GetBool(flagNoColor)
	out := cmd.OutOrStdout()
	colour := !plain && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(os.Stdout.Fd()))
	render.Answer(out, answer.Text, answer.Proof, colour)
	render.Receipt(out, answer.Proof)
	return nil
}

// openOrResume returns the session of --session, or opens a new one.
func openOrResume(cmd *cobra.Command) (*session.Client, error) {
	ctx, f := cmd.Context(), cmd.Flags()
	home, _ := f.GetString(flagHome)
	dir := filepath.Join(home, "sessions")
	if id, _ := f.GetString(flagSession); id != "" {
		return session.Load(filepath.Join(dir, id+".json"))
	}
	node, payer, err := connect(cmd)
	if err != nil {
		return nil, err
	}
	defer node.Close()
	gateway, _ := f.GetString(flagGateway)
	list, err := session.Models(ctx, gateway)
	if err != nil {
		return nil, fmt.Errorf("gateway %s: %w", gateway, err)
	}
	wanted, _ := f.GetUint64(flagModel)
	model, err := pick(list, wanted)
	if err != nil {
		return nil, err
	}
	deposit, err := depositOf(cmd)
	if err != nil {
		return nil, err
	}
	return session.Open(ctx, node, payer, gateway, model, deposit, dir)
}

func depositOf(cmd *cobra.Command) (sdk.Coin, error) {
	text, _ := cmd.Flags().GetString(flagDeposit)
	deposit, err := sdk.ParseCoinNormalized(text)
	if err != nil {
		err = fmt.Errorf("--%s: %w", flagDeposit, err)
	}
	return deposit, err
}

// reopen replaces a session that its gateway does not answer in any more.
func reopen(cmd *cobra.Command, client *session.Client) (*session.Client, error) {
	deposit, err := depositOf(cmd)
	if err != nil {
		return nil, err
	}
	node, payer, err := connect(cmd)
	if err != nil {
		return nil, err
	}
	defer node.Close()
	home, _ := cmd.Flags().GetString(flagHome)
	opened, err := client.Reopen(cmd.Context(), node, payer, deposit, filepath.Join(home, "sessions"))
	if err != nil {
		return nil, fmt.Errorf("the gateway answers in session %s no more, and another could not be opened: %w", client.State.ID, err)
	}
	cmd.PrintErrf("the gateway answers in session %s no more: it is closed, and session %s is open\n", client.State.ID, opened.State.ID)
	return opened, nil
}

func pick(list api.ModelList, wanted uint64) (api.ModelInfo, error) {
	for _, model := range list.Data {
		if model.OpenLedger != nil && (wanted == 0 || model.OpenLedger.ModelID == wanted) {
			return *model.OpenLedger, nil
		}
	}
	return api.ModelInfo{}, fmt.Errorf("the gateway does not serve model %d", wanted)
}
