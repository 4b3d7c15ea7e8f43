package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"

	"github.com/openledger/openledger/attestor"
	"github.com/openledger/openledger/attestor/api"
	"github.com/openledger/openledger/attestor/push"
	"github.com/openledger/openledger/attestor/socket"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Flags of attestors. They have the same names in app.toml.
const (
	flagAttestor        = "attestor.mode"
	flagAttestorListen  = "attestor.listen"
	flagAttestorPeers   = "attestor.peers"
	flagAttestorContent = "attestor.content"
	flagAttestorPrivate = "attestor.allow-private"
	flagAttestorIndex   = "attestor.index-memory-mb"
	flagAttestorBundles = "attestor.bundle-disk-mb"
	flagAttestorKeep    = "attestor.index-keep-days"

	flagSocket   = "socket"
	flagNodeGRPC = "node-grpc"

	maxKeepDays = 36_500

	attestorEmbedded = nodeconfig.EmbeddedAttestor
	attestorOff      = "off"
	attestorSocket   = "socket"

	socketName   = "attestor.sock"
	socketScheme = "unix://"
)

// attestorMode reads how a node finds its attestor.
func attestorMode(text string) (mode, socket string, err error) {
	switch {
	case text == attestorEmbedded || text == attestorOff:
		return text, "", nil
	case strings.HasPrefix(text, socketScheme):
		return attestorSocket, strings.TrimPrefix(text, socketScheme), nil
	}
	return "", "", fmt.Errorf("--%s %q: choose %s, %s or %s/PATH", flagAttestor, text, attestorEmbedded, attestorOff,
		socketScheme)
}

func addAttestorConfigFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String(flagAttestorListen, "", "address at which the attestor takes and serves bundles and text, such as "+
		"0.0.0.0:8090; empty for none")
	f.String(flagAttestorPeers, "", "base URLs of other attestors, separated by commas; they are asked before providers")
	f.String(flagAttestorContent, "", "store of DataNet text: a directory or a bucket URL (default HOME/attestor/content)")
	f.Bool(flagAttestorPrivate, false, "also fetch from private addresses and files: for networks on one machine")
	f.Int64(flagAttestorIndex, 2048, "megabytes of memory that indexes may take")
	f.Int64(flagAttestorBundles, 4096, "megabytes of disk that bundles may take")
	f.Int64(flagAttestorKeep, 7, "days that the index of a model version stays on disk after its last use")
	addFaultFlag(f)
}

func attestorConfig(v *viper.Viper, home string) (attestor.Config, error) {
	config := attestor.DefaultConfig(home)
	config.Listen = v.GetString(flagAttestorListen)
	// A list in a file reaches the flag as text, so the flag is a text everywhere.
	for _, peer := range strings.Split(v.GetString(flagAttestorPeers), ",") {
		if peer = strings.TrimSpace(peer); peer != "" {
			config.Peers = append(config.Peers, peer)
		}
	}
	config.AllowPrivate = v.GetBool(flagAttestorPrivate)
	if location := v.GetString(flagAttestorContent); location != "" {
		config.Content = location
	}
	index, bundles, days := v.GetInt64(flagAttestorIndex), v.GetInt64(flagAttestorBundles), v.GetInt64(flagAttestorKeep)
	if index < 1 || bundles < 1 {
		return config, fmt.Errorf("--%s and --%s must be at least 1", flagAttestorIndex, flagAttestorBundles)
	}
	if days < 1 || days > maxKeepDays {
		return config, fmt.Errorf("--%s must be between 1 and %d", flagAttestorKeep, maxKeepDays)
	}
	config.IndexBytes, config.BundleBytes, config.IndexKeep = index<<20, bundles<<20, time.Duration(days)*24*time.Hour
	return config, setFault(&config, v)
}

func attestorCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attestor",
		Short: "Verify what providers claim, beside consensus",
		Long: `Verify what providers claim, beside consensus.

The chain asks validators about batches of receipts and about DataNet versions.
An attestor fetches and recomputes them. It gives its verdicts to its node, which
sends them with its votes. A node runs an attestor in its own process. On another
machine the attestor cannot slow the node down.`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(attestorStartCmd(), attestorStatusCmd(), attestorPushCmd())
	return cmd
}

func attestorStartCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Run an attestor in a process of its own",
		Long: `Run an attestor in a process of its own, for a node that is started with
--attestor.mode unix:///PATH. PATH is the socket of the attestor, --socket.`,
		Example: `openledgerd attestor start --node-grpc 127.0.0.1:9090 --attestor.listen 0.0.0.0:8090
openledgerd attestor start --attestor.index-keep-days 2
openledgerd start --attestor.mode unix:///var/lib/openledger/attestor/attestor.sock`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := server.GetServerContextFromCmd(cmd).Viper
			home := filepath.Join(client.GetClientContextFromCmd(cmd).HomeDir, "attestor")
			config, err := attestorConfig(v, home)
			if err != nil {
				return err
			}
			config.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			socket, _ := cmd.Flags().GetString(flagSocket)
			if socket == "" {
				socket = filepath.Join(home, socketName)
			}
			address, _ := cmd.Flags().GetString(flagNodeGRPC)
			return runAttestor(cmd.Context(), config, address, socket)
		},
	}
	cmd.Flags().String(flagNodeGRPC, "127.0.0.1:9090", "gRPC address of the node")
	cmd.Flags().String(flagSocket, "",
		"socket at which the attestor answers its node (default HOME/attestor/attestor.sock)")
	addAttestorConfigFlags(cmd)
	return cmd
}

func runAttestor(ctx context.Context, config attestor.Config, address, socket string) error {
	config.Log.Info("waiting for the node", "grpc", address)
	a, closeAll, err := newAttestor(ctx, config, address)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer closeAll()
	return serveAttestor(ctx, a, socket)
}

// newAttestor waits for the node at a gRPC address, and returns an attestor for it with a function that closes both.
func newAttestor(ctx context.Context, config attestor.Config, address string) (*attestor.Attestor, func(), error) {
	chainID, connection, err := attestor.Dial(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	a, err := attestor.New(ctx, config, chainID, connection)
	if err != nil {
		return nil, nil, errors.Join(err, connection.Close())
	}
	config.Log.Info("following", "chain", chainID)
	return a, func() {
		_ = a.Close()
		_ = connection.Close()
	}, nil
}

// serveAttestor runs an attestor, which answers its node at a socket, until ctx ends.
func serveAttestor(ctx context.Context, a *attestor.Attestor, socket string) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return a.Run(ctx) })
	work.Go(func() error { return a.ServeSocket(ctx, socket) })
	return work.Wait()
}

func attestorStatusCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what an attestor is asked, and its verdicts",
		Example: `openledgerd attestor status
openledgerd attestor status --json | jq .items`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, _ := cmd.Flags().GetString(flagSocket)
			if path == "" {
				path = filepath.Join(client.GetClientContextFromCmd(cmd).HomeDir, "attestor", socketName)
			}
			connection, err := socket.NewClient(path, grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithDefaultCallOptions(grpc.ForceCodec(api.Codec())))
			if err != nil {
				return err
			}
			defer connection.Close()
			status, err := api.NewAttestorServiceClient(connection).Status(cmd.Context(), &api.StatusRequest{})
			if err != nil {
				return fmt.Errorf("no attestor answers at %s: start the node, or `openledgerd attestor start`, or give --%s: %w",
					path, flagSocket, err)
			}
			if asJSON, _ := cmd.Flags().GetBool(flagJSON); asJSON {
				return client.GetClientContextFromCmd(cmd).WithOutput(cmd.OutOrStdout()).WithOutputFormat("json").PrintProto(status)
			}
			printStatus(cmd.OutOrStdout(), status)
			return nil
		},
	}
	cmd.Flags().String(flagSocket, "", "socket of the attestor (default HOME/attestor/attestor.sock)")
	cmd.Flags().Bool(flagJSON, false, "print JSON")
	return cmd
}

func printStatus(out io.Writer, s *api.StatusResponse) {
	state := "on"
	if !s.Enabled {
		state = "switched off by governance"
	}
	fmt.Fprintf(out, "chain         %s, attestation %s\n", s.ChainId, state)
	fmt.Fprintf(out, "node          answered %s ago\n", time.Since(s.Polled).Round(100*time.Millisecond))
	if s.Trouble != "" {
		fmt.Fprintf(out, "trouble       %s\n", s.Trouble)
	}
	if s.Listen != "" {
		fmt.Fprintf(out, "listening     %s\n", s.Listen)
	}
	fmt.Fprintf(out, "verdicts      %d valid, %d invalid since the start; %d receipts recomputed\n", s.Valid, s.Invalid,
		s.Receipts)
	fmt.Fprintf(out, "bundles       %d held, %.1f MB\n", s.Bundles, float64(s.BundleBytes)/1e6)
	fmt.Fprintf(out, "open items    %d, numbers %d to %d\n", len(s.Items), s.Base, s.Next)
	for _, item := range s.Items {
		what := fmt.Sprintf("batch %d", item.Item.BatchId)
		if item.Item.Kind == attributiontypes.ITEM_KIND_VERSION {
			what = fmt.Sprintf("DataNet %d up to version %d", item.Item.DatanetId, item.Item.Version)
		}
		verdict := [...]string{"unknown", "valid", "invalid", "differs", "?"}[min(item.Verdict, 4)]
		fmt.Fprintf(out, "  %-6d %-8s %-30s %s\n", item.Item.Number, verdict, what,
			strings.ReplaceAll(item.Reason, "\n", "; "))
	}
}

func attestorPushCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "push URL FILE...",
		Short: "Give an attestor the text of accepted contributions",
		Long: `Give an attestor segment files of accepted contributions, so that their DataNet
version becomes payable. Attestors pass text on to each other: one attestor is
enough if others name it as their peer.`,
		Example: "openledgerd attestor push http://attestor.example.org:8090 notes.olseg",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var failed []error
			for _, path := range args[1:] {
				data, err := os.ReadFile(path)
				if err == nil {
					err = push.Text(cmd.Context(), args[0], contentHash(data), data)
				}
				if err != nil {
					failed = append(failed, fmt.Errorf("%s: %w", path, err))
					continue
				}
				cmd.Printf("%s is held\n", path)
			}
			return errors.Join(failed...)
		},
	}
	return cmd
}
