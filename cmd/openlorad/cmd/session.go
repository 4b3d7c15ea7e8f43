package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/session"
)

func sessionCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "session", Short: "List and close the sessions of this machine"}
	cmd.AddCommand(sessionListCmd(), sessionCloseCmd())
	return cmd
}

func sessionListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List sessions that can be gone on in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, _ := cmd.Flags().GetString(flagHome)
			entries, err := os.ReadDir(filepath.Join(home, "sessions"))
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			for _, entry := range entries {
				if !strings.HasSuffix(entry.Name(), ".json") || strings.HasPrefix(entry.Name(), ".") {
					continue
				}
				client, err := session.Load(filepath.Join(home, "sessions", entry.Name()))
				if err != nil {
					return err
				}
				cmd.Printf("%s  model %d at %s, %d calls, %s aopen spent\n", client.State.ID, client.State.ModelID, client.State.Gateway, client.State.N, client.State.Spent)
			}
			return nil
		},
	}
}

func sessionCloseCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "close SESSION", Short: "Close a session; the rest of the deposit returns after the claim window",
		Example: "openlorad session close 5f3c… --from alice", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			home, _ := cmd.Flags().GetString(flagHome)
			client, err := session.Load(filepath.Join(home, "sessions", args[0]+".json"))
			if err != nil {
				return err
			}
			node, payer, err := connect(cmd)
			if err != nil {
				return err
			}
			defer node.Close()
			return client.Close(cmd.Context(), node, payer)
		},
	}
	addAccountFlags(cmd)
	return cmd
}

// statusCmd shows what waits in the outbox. bbolt lets one process in, so a
// running gateway is asked over HTTP instead: see /metrics.
func statusCmd() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what waits in the outbox of a stopped gateway",
		Long: "Show sessions and batches in the outbox. A running gateway holds the file: ask it at /metrics and /v1/openledger/receipts/ID.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, _ := cmd.Flags().GetString(flagHome)
			box, err := outbox.Open(filepath.Join(home, "outbox.db"))
			if err != nil {
				return err
			}
			defer box.Close()
			fence, intact, err := box.FenceID()
			if err != nil {
				return err
			}
			cmd.Println(fenceLine(fence, intact))
			sessions, err := box.Sessions()
			if err != nil {
				return err
			}
			for _, s := range sessions {
				cmd.Printf("session %s: %d calls, %d in batches%s\n", s.ID, s.N, s.Batched, broken(s.Broken))
			}
			pending, err := box.Pending()
			if err != nil {
				return err
			}
			refused, err := box.Refused()
			if err != nil {
				return err
			}
			cmd.Printf("batches: %d pending, %d refused\n", len(pending), len(refused))
			for _, batch := range refused {
				cmd.Printf("refused %d: %s\n", batch.Seq, batch.Error)
			}
			return nil
		},
	}
}

func fenceLine(fence []byte, intact bool) string {
	switch {
	case len(fence) == 0:
		return "fence: none yet; the gateway claims one when it starts"
	case !intact:
		return fmt.Sprintf("fence: %x, of which this file is a copy: the gateway claims another when it starts, and ends the open sessions", fence)
	}
	return fmt.Sprintf("fence: %x; it stands if `openledgerd query models provider` shows it", fence)
}

func broken(why string) string {
	if why == "" {
		return ""
	}
	return fmt.Sprintf(", stopped: %s", why)
}
