package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/session"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	flagAll = "all"

	timeFormat = "2006-01-02 15:04"
)

func sessionCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "session", Short: "List and close the sessions of this machine"}
	cmd.AddCommand(sessionListCmd(), sessionCloseCmd())
	return cmd
}

// held is what a session of this machine holds on chain. Amounts are in aopen.
type held struct {
	Session string    `json:"session"`
	Model   uint64    `json:"model"`
	Gateway string    `json:"gateway"`
	Status  string    `json:"status"` // open, closing, closed, opening, or unknown when the node does not answer
	Calls   uint64    `json:"calls"`
	Deposit *math.Int `json:"deposit,omitempty"` // everything that was paid in
	Spent   math.Int  `json:"spent"`
	Left    *math.Int `json:"left,omitempty"`
	// Expires is the time at which the chain closes the session if nobody asks before, or, of a closing session, the time
	// at which the rest of the deposit returns.
	Expires *time.Time `json:"expires,omitempty"`
}

func sessionListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List sessions with what they hold, and when they expire", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kept, err := keptBy(cmd)
			if err != nil {
				return err
			}
			all := []held{}
			if len(kept.Sessions)+len(kept.Openings) > 0 {
				node, err := dial(cmd)
				if err != nil {
					cmd.PrintErrf("what the chain holds is not known: %s\n", err)
				} else {
					defer node.Close()
				}
				if all, err = holdings(cmd.Context(), node, kept); err != nil {
					return err
				}
			}
			if asJSON, _ := cmd.Flags().GetBool(flagJSON); asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(all)
			}
			printSessions(cmd.OutOrStdout(), all)
			return nil
		},
	}
	addNodeFlag(cmd)
	cmd.Flags().Bool(flagJSON, false, "print a JSON list")
	return cmd
}

// keptBy returns the sessions of this machine: the sessions of `openlorad ask` and those of the proxy.
func keptBy(cmd *cobra.Command) (session.Kept, error) {
	kept, err := session.List(sessionDir(cmd))
	if err != nil {
		return kept, err
	}
	proxied, err := session.List(connectSessions(cmd))
	kept.Sessions, kept.Openings = append(kept.Sessions, proxied.Sessions...), append(kept.Openings, proxied.Openings...)
	return kept, err
}

// holdings asks the node what sessions hold. node may be nil.
func holdings(ctx context.Context, node *chain.Client, kept session.Kept) ([]held, error) {
	all := []held{}
	for _, client := range kept.Sessions {
		state := client.State
		spent := math.NewIntFromBigInt(state.Spent.Big())
		h := held{Session: state.ID.String(), Model: state.ModelID, Gateway: state.Gateway, Status: "unknown", Calls: state.N,
			Spent: spent}
		if node != nil && node.ChainID == state.ChainID {
			stored, err := client.OnChain(ctx, node)
			if err != nil {
				return nil, err
			}
			h.fill(client, stored)
		}
		all = append(all, h)
	}
	for _, opening := range kept.Openings {
		all = append(all, held{
			Session: "transaction " + opening.Signed.Hash()[:16], Model: opening.ModelID, Gateway: opening.Gateway,
			Status: "opening", Deposit: &opening.Deposit.Amount, Spent: math.ZeroInt(),
		})
	}
	return all, nil
}

func (h *held) fill(client *session.Client, stored *attributiontypes.Session) {
	if stored == nil {
		h.Status = "closed"
		return
	}
	h.Status = map[attributiontypes.SessionStatus]string{
		attributiontypes.SESSION_STATUS_OPEN: "open", attributiontypes.SESSION_STATUS_CLOSING: "closing",
		attributiontypes.SESSION_STATUS_CLOSED: "closed",
	}[stored.Status]
	deposit, left := stored.Deposit.Add(stored.Spent), leftOf(client, stored)
	h.Deposit, h.Left, h.Expires = &deposit, &left, &stored.Deadline
}

// leftOf returns the part of a deposit that is not spent, in aopen. The client may know of answers that the chain does
// not know yet.
func leftOf(client *session.Client, stored *attributiontypes.Session) math.Int {
	return stored.Deposit.Add(stored.Spent).Sub(math.MaxInt(stored.Spent, math.NewIntFromBigInt(client.State.Spent.Big())))
}

func printSessions(out io.Writer, all []held) {
	if len(all) == 0 {
		fmt.Fprintln(out, "no sessions: `openlorad ask` opens one")
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SESSION\tMODEL\tSTATUS\tCALLS\tDEPOSIT\tSPENT\tLEFT\tEXPIRES\tGATEWAY")
	total, unknown := math.ZeroInt(), false
	of := func(aopen *math.Int) string {
		if aopen == nil {
			return "?"
		}
		return amount.Format(*aopen)
	}
	for _, h := range all {
		expires := "?"
		if h.Expires != nil {
			expires = h.Expires.Local().Format(timeFormat)
		}
		if h.Left != nil {
			total = total.Add(*h.Left)
		}
		unknown = unknown || h.Left == nil
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", h.Session, h.Model, h.Status, h.Calls, of(h.Deposit),
			of(&h.Spent), of(h.Left), expires, h.Gateway)
	}
	_ = table.Flush()
	more := ""
	if unknown {
		more = ", and what is not known"
	}
	fmt.Fprintf(out, "\nheld %s%s; `openlorad session close` returns it an hour later\n", amount.Format(total), more)
}

func sessionCloseCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "close [SESSION]", Short: "Close a session, or all of the account; the rest of the deposit returns after the " +
			"claim window",
		Long: `Close a session. Its last answer is acknowledged, and the rest of the deposit returns
after the claim window of an hour. A session that nobody uses closes by itself after the
idle period of the chain. Openings that were interrupted are gone on with, and closed.`,
		Example: "openlorad session close 5f3c… --from alice\nopenlorad session close --all --from alice",
		Args:    cobra.MaximumNArgs(1),
		RunE:    closeSessions,
	}
	addAccountFlags(cmd)
	cmd.Flags().Bool(flagAll, false, "close all sessions of the account")
	return cmd
}

func closeSessions(cmd *cobra.Command, args []string) error {
	all, _ := cmd.Flags().GetBool(flagAll)
	if all == (len(args) == 1) {
		return fmt.Errorf("name one session, or --%s", flagAll)
	}
	var clients []*session.Client
	if !all {
		client, err := load(sessionDir(cmd), args[0])
		if _, missing := os.Stat(filepath.Join(connectSessions(cmd), args[0]+".json")); missing == nil {
			client, err = load(connectSessions(cmd), args[0])
		}
		if err != nil {
			return err
		}
		clients = append(clients, client)
	}
	node, payer, err := openAccount(cmd)
	if err != nil {
		return err
	}
	defer node.Close()
	if all {
		kept, err := keptBy(cmd)
		if err != nil {
			return err
		}
		if err := finishOpenings(cmd, node, &kept); err != nil {
			return err
		}
		for _, client := range kept.Sessions {
			if client.State.ChainID != node.ChainID || client.State.Payer != payer.String() {
				continue
			}
			if !client.Locked() {
				err := client.Lock()
				if errors.Is(err, session.ErrInUse) && client.In(connectSessions(cmd)) {
					cmd.PrintErrf("session %s is in use by `openlorad connect`: stop it to close it\n", client.State.ID)
					continue
				}
				if err != nil {
					return err
				}
			}
			clients = append(clients, client)
		}
	}
	var failed error
	for _, client := range clients {
		returns, err := closeSession(cmd.Context(), node, payer, client)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("session %s: %w", client.State.ID, err))
			continue
		}
		cmd.Printf("session %s: %s\n", client.State.ID, returns)
	}
	return failed
}

// closeSession closes a session, and returns a text that says which amount returns and when.
func closeSession(ctx context.Context, node *chain.Client, payer chain.Signer, client *session.Client) (string, error) {
	if err := client.Close(ctx, node, payer); err != nil {
		return "", err
	}
	stored, err := client.OnChain(ctx, node)
	if err != nil || stored == nil {
		return "closed", err
	}
	return fmt.Sprintf("closing; %s returns at %s", amount.Format(leftOf(client, stored)),
		stored.Deadline.Local().Format(timeFormat)), nil
}
