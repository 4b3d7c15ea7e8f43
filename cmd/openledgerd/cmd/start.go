package cmd

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"cosmossdk.io/log/v2"

	dbm "github.com/cosmos/cosmos-db"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/app/metrics"
	"github.com/openledger/openledger/app/voteext"
	"github.com/openledger/openledger/attestor"
	attestorclient "github.com/openledger/openledger/attestor/client"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Flags of the SDK whose names it does not export.
const (
	flagGRPCAddress = "grpc.address"
	flagGRPCEnable  = "grpc.enable"
)

// starter builds the application of a running node, and connects it to its attestor if there is one.
type starter struct{ verdicts lateVerdicts }

// lateVerdicts has no verdicts until the attestor is connected.
type lateVerdicts struct {
	source atomic.Pointer[voteext.Verdicts]
}

// Verdicts implements voteext.Verdicts.
func (l *lateVerdicts) Verdicts(base, next uint64) ([]attributiontypes.Verdict, bool) {
	source := l.source.Load()
	if source == nil {
		return nil, false
	}
	return (*source).Verdicts(base, next)
}

func (l *lateVerdicts) set(source voteext.Verdicts) { l.source.Store(&source) }

func (s *starter) newApp(logger log.Logger, db dbm.DB, appOpts servertypes.AppOptions) servertypes.Application {
	built := app.New(toStandardError(logger), db, true, appOpts, server.DefaultBaseappOptions(appOpts)...)
	built.SetVerdicts(&s.verdicts)
	tamper(built, appOpts)
	measured, err := metrics.Process()
	if err != nil {
		logger.Error("the node is not measured", "err", err)
		return built
	}
	return measured.Watch(built)
}

func (s *starter) options() server.StartCmdOptions {
	return server.StartCmdOptions{AddFlags: addStartFlags, PostSetup: s.connect}
}

// connect starts or finds the attestor. A node whose attestor fails goes on without verdicts, because it also secures
// the chain.
func (s *starter) connect(svrCtx *server.Context, clientCtx client.Context, ctx context.Context,
	g *errgroup.Group) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("module", "attestor")
	mode, socket, err := attestorMode(svrCtx.Viper.GetString(flagAttestor))
	if err != nil {
		return err
	}
	switch mode {
	case attestorSocket:
		connection, err := attestorclient.New(socket, logger)
		if err != nil {
			return err
		}
		s.verdicts.set(connection)
		g.Go(func() error { return connection.Run(ctx) })
	case attestorEmbedded:
		config, err := attestorConfig(svrCtx.Viper, filepath.Join(clientCtx.HomeDir, "attestor"))
		if err != nil {
			return err
		}
		config.Log = logger
		address := svrCtx.Viper.GetString(flagGRPCAddress)
		if !svrCtx.Viper.GetBool(flagGRPCEnable) {
			logger.Warn("no attestor runs: it needs gRPC, set grpc.enable to true in app.toml")
			return nil
		}
		g.Go(func() error {
			if err := s.embed(ctx, config, address); err != nil {
				logger.Error("the attestor has ended, and votes go out without verdicts: restart the node", "err", err)
			}
			return nil
		})
	}
	return nil
}

// embed runs an attestor in the node's process.
func (s *starter) embed(ctx context.Context, config attestor.Config, address string) error {
	a, closeAll, err := newAttestor(ctx, config, address)
	if err != nil {
		if ctx.Err() != nil {
			return nil // the node stopped first
		}
		return err
	}
	defer closeAll()
	// The node serves the attestor's metrics with its own, at instrumentation.prometheus_listen_addr of config.toml.
	for _, collector := range a.Collectors() {
		if err := prometheus.Register(collector); err != nil {
			return err
		}
		defer prometheus.Unregister(collector)
	}
	s.verdicts.set(a)
	return serveAttestor(ctx, a, filepath.Join(config.Home, socketName))
}

// addStartFlags adds the flags of this chain to those of the SDK.
func addStartFlags(cmd *cobra.Command) {
	cmd.Flags().Bool(app.OptionOptimistic, false,
		"execute a proposal while validators vote on it, with the executor of --"+server.FlagBlockExecutor)
	cmd.Flags().String(flagAttestor, attestorEmbedded,
		"attestor: embedded, off, or the socket of `openledgerd attestor start` as unix:///PATH")
	addAttestorConfigFlags(cmd)
}
