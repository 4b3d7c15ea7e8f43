package cmd

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/openlora/outbox"
)

// statusCmd shows what waits in the outbox. bbolt lets one process in, so a
// running gateway is asked over HTTP instead: see /metrics.
func statusCmd() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what waits in the outbox of a stopped gateway",
		Long: "Show sessions and batches in the outbox. A running gateway holds the file: ask it at /metrics and " +
			"/v1/openledger/receipts/ID.",
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
		return fmt.Sprintf(
			"fence: %x, of which this file is a copy: the gateway claims another when it starts, and ends the open sessions",
			fence)
	}
	return fmt.Sprintf("fence: %x; it stands if `openledgerd query models provider` shows it", fence)
}

func broken(why string) string {
	if why == "" {
		return ""
	}
	return fmt.Sprintf(", stopped: %s", why)
}
