package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/reexecute"
	"github.com/openledger/openledger/openlora/render"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	flagGateway = "gateway"
	flagDeposit = "deposit"
	flagMaxFee  = "max-fee"
	flagSession = "session"
	flagNew     = "new"
	flagJSON    = "json"
	flagNoColor = "no-color"

	defaultGateway = "http://127.0.0.1:8080"
)

func askCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ask QUESTION",
		Short: "Ask a question, check the answer, and pay its authors",
		Long: `Ask a question at a gateway. The first time this opens a session: a deposit on
chain from which answers are paid. The session key is made here and kept in HOME, before
anything is sent; an opening that was interrupted is gone on with. Later questions to the
same model go on in the session while its deposit lasts. What sessions hold is shown by
openlorad session list, and comes back an hour after openlorad session close.

The answer is checked before it is acknowledged: its root must be that of the text
shown, the tokens and the fee must be right, and the provider must have signed all
of it. Passages are coloured by the contribution that is paid for them.`,
		Example: `openlorad ask "How is Hailey-Hailey disease told apart from Darier disease?" --from alice
openlorad ask "…" --from alice --max-fee 0.5OPEN --deposit 2OPEN
openlorad ask "…" --from alice --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return ask(cmd, args[0]) },
	}
	addAccountFlags(cmd)
	f := cmd.Flags()
	f.String(flagGateway, defaultGateway, "URL of the gateway")
	f.Uint64(flagModel, 0, "model to ask (default the first that the gateway serves)")
	f.Var(newAmountFlag("10OPEN"), flagDeposit, "deposit of a new session")
	f.Var(newAmountFlag("2OPEN"), flagMaxFee, "maximum fee of the answer")
	f.String(flagSession, "", "session to go on in (default the last one with this model, or a new one)")
	f.Bool(flagNew, false, "open a new session")
	f.String(flagCallFile, "", "file to keep the call in, secret, for openlorad receipts reexecute")
	f.Bool(flagJSON, false, "print one JSON object")
	f.Bool(flagNoColor, false, "print without colour")
	return cmd
}

func ask(cmd *cobra.Command, question string) error {
	ctx, f := cmd.Context(), cmd.Flags()
	if err := session.CheckQuestion(question); err != nil {
		return err
	}
	maxFee, deposit := amountOf(f, flagMaxFee), amountOf(f, flagDeposit)
	most, err := poa.AmountFromBig(maxFee.BigInt())
	if err != nil {
		return fmt.Errorf("--%s: %w", flagMaxFee, err)
	}
	if deposit.LT(maxFee) {
		return fmt.Errorf("the deposit of %s is below the maximum fee of %s: raise --%s or lower --%s",
			amount.Format(deposit), amount.Format(maxFee), flagDeposit, flagMaxFee)
	}
	client, err := openOrResume(cmd)
	if err != nil {
		return err
	}
	client.MaxFee = most
	if path, _ := f.GetString(flagCallFile); path != "" {
		client.Note = func(asked session.Pending, answer *session.Answer) error {
			return reexecute.CallOf(asked, answer).Save(path)
		}
	}
	answer, err := client.Ask(ctx, question, nil)
	if session.Over(err) {
		note := client.Note
		if client, err = reopen(cmd, client); err != nil {
			return err
		}
		client.Note = note
		answer, err = client.Ask(ctx, question, nil)
	}
	if err != nil && client.State.Pending != nil {
		return fmt.Errorf(
			"%w\nthe question is kept in session %s: ask again, in it, and its answer comes first; it is paid once", err,
			client.State.ID)
	}
	if err != nil {
		return err
	}
	if late := client.Late; late != nil {
		cmd.PrintErrf("the answer to your earlier question %q had not arrived: %s\n\n", late.Question, render.Text(late.Text))
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

// sessionDir is where sessions are kept.
func sessionDir(cmd *cobra.Command) string {
	home, _ := cmd.Flags().GetString(flagHome)
	return filepath.Join(home, "sessions")
}

// load returns a session that no other process uses.
func load(dir, id string) (*session.Client, error) {
	client, err := session.Load(filepath.Join(dir, id+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no session %s in %s: `openlorad session list` shows those that there are", id, dir)
	}
	if err != nil {
		return nil, err
	}
	return client, client.Lock()
}

// openOrResume returns the session of --session, or an open session that fits, or opens a new one.
func openOrResume(cmd *cobra.Command) (*session.Client, error) {
	ctx, f, dir := cmd.Context(), cmd.Flags(), sessionDir(cmd)
	if id, _ := f.GetString(flagSession); id != "" {
		return load(dir, id)
	}
	node, payer, err := openAccount(cmd)
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
	if model.ChainID != node.ChainID {
		return nil, fmt.Errorf("the gateway serves chain %s, and the node is of %s: name another with --%s or --%s",
			model.ChainID, node.ChainID, flagGateway, flagNode)
	}
	kept, err := session.List(dir)
	if err != nil {
		return nil, err
	}
	if err := finishOpenings(cmd, node, &kept); err != nil {
		return nil, err
	}
	if another, _ := f.GetBool(flagNew); !another {
		client, err := usable(cmd, node, kept.Sessions,
			session.State{ChainID: node.ChainID, Payer: payer.String(), Gateway: session.Address(gateway),
				ModelID: model.ModelID})
		if err != nil || client != nil {
			return client, err
		}
	}
	client, err := session.Open(ctx, node, payer, gateway, model, deposit(cmd), dir)
	if err == nil {
		cmd.PrintErrf("session %s is open with a deposit of %s\n", client.State.ID, amount.Format(amountOf(f, flagDeposit)))
	}
	return client, err
}

// finishOpenings completes the opening of sessions that was interrupted.
func finishOpenings(cmd *cobra.Command, node *chain.Client, kept *session.Kept) error {
	for _, opening := range kept.Openings {
		if opening.ChainID != node.ChainID {
			continue
		}
		client, err := opening.Finish(cmd.Context(), node)
		switch {
		case err == nil:
			cmd.PrintErrf("session %s, whose opening was interrupted, is open\n", client.State.ID)
			kept.Sessions = append(kept.Sessions, client)
		case errors.Is(err, session.ErrInUse): // it is going on
		case cmd.Context().Err() != nil:
			return err
		default:
			cmd.PrintErrf("an opening that was interrupted: %s\n", err)
		}
	}
	return nil
}

// usable returns an open session that fits the flags, has enough left for an answer, and is not used by another
// process; or nil. It returns the one with the least left, so that deposits are used up one after another.
func usable(cmd *cobra.Command, node *chain.Client, sessions []*session.Client,
	wanted session.State) (*session.Client, error) {
	var best *session.Client
	var least math.Int
	for _, client := range sessions {
		state := client.State
		if state.ChainID != wanted.ChainID || state.Payer != wanted.Payer || state.Gateway != wanted.Gateway ||
			state.ModelID != wanted.ModelID {
			continue
		}
		if !client.Locked() {
			if err := client.Lock(); errors.Is(err, session.ErrInUse) || errors.Is(err, os.ErrNotExist) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		stored, err := client.OnChain(cmd.Context(), node)
		if err != nil {
			return nil, err
		}
		fits := stored != nil && stored.Status == attributiontypes.SESSION_STATUS_OPEN &&
			leftOf(client, stored).GTE(amountOf(cmd.Flags(), flagMaxFee))
		if !fits || best != nil && leftOf(client, stored).GTE(least) {
			client.Unlock()
			continue
		}
		if best != nil {
			best.Unlock()
		}
		best, least = client, leftOf(client, stored)
	}
	return best, nil
}

func deposit(cmd *cobra.Command) sdk.Coin {
	return sdk.NewCoin(rewardstypes.Denom, amountOf(cmd.Flags(), flagDeposit))
}

// reopen replaces a session in which its gateway no longer answers.
func reopen(cmd *cobra.Command, client *session.Client) (*session.Client, error) {
	node, payer, err := openAccount(cmd)
	if err != nil {
		return nil, err
	}
	defer node.Close()
	opened, err := client.Reopen(cmd.Context(), node, payer, deposit(cmd), sessionDir(cmd))
	if err != nil {
		return nil, fmt.Errorf("the gateway answers in session %s no more, and another could not be opened: %w",
			client.State.ID, err)
	}
	cmd.PrintErrf("the gateway answers in session %s no more: it is closed, and session %s is open\n", client.State.ID,
		opened.State.ID)
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
