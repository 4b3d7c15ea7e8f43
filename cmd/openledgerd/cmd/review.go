package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/cmd/openledgerd/review"
	"github.com/openledger/openledger/internal/follow"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagAddress  = "address"
	flagInterval = "interval"

	defaultInterval = 5 * time.Second
	timeLayout      = "2006-01-02 15:04 MST"
)

// reviewCmd holds the tools of data validators.
func reviewCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Review contributions as a data validator",
		Long: `Review contributions of DataNets under panel review, and be paid for it.

The whole way:

  1. bond     openledgerd tx datanet bond 1 400OPEN --from reviewer
     Puts OPEN at risk on a DataNet: at least Params.review.min_bond, and
     bond_per_fee review fees of the DataNet. A DataNet may ask for a credential.
     From then on you may be drawn to a panel, more often with a larger bond.
  2. queue    openledgerd review queue --from reviewer
     Shows the cohorts in which you have a seat, their deadlines, and what is next.
  3. show     openledgerd review show 17 --from reviewer
     Fetches the text of an item, checks it against the chain, compares it with
     what was contributed before, and prints it.
  4. vote     openledgerd review vote 17 --accept --score 820 --from reviewer
              openledgerd review vote 18 --reject --reason duplicate --from reviewer
     Notes a decision. With the last item of a cohort your ballot is sealed on
     chain, and opened when all are sealed.
  5. run      openledgerd review run --from reviewer
     Leave it running: it seals what is decided, opens ballots in time, and opens
     gold. A ballot that is not opened in time costs a part of your bond.
  6. unbond   openledgerd tx datanet unbond 1 400OPEN --from reviewer
     Takes the bond out. It can be slashed until it is returned
     (Params.review.unbonding).

Nobody sees a ballot before it is opened. The salts that open ballots are in
HOME/review: keep that folder, and vote and run on the same machine. Some items of
a cohort are gold: their verdict is known. Your pay depends on how well you judge
them.

docs/reviewer.md has the figures.`,
		Example: `openledgerd review queue --from reviewer
openledgerd review show 17 --from reviewer
openledgerd review vote 17 --accept --score 820 --from reviewer
openledgerd review vote 18 --reject --reason spam --from reviewer
openledgerd review run --from reviewer`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(reviewQueueCmd(), reviewShowCmd(), reviewVoteCmd(), reviewRunCmd(), reviewGoldCmd())
	return cmd
}

// transactor puts messages into a block.
type transactor interface {
	send(ctx context.Context, msgs ...sdk.Msg) (*sdk.TxResponse, error)
}

// reviewer is an account with its reviews on chain and on disk.
type reviewer struct {
	query   datanettypes.QueryClient
	address string
	tx      transactor // nil if it sends nothing
	store   review.Store
	marks   review.Marks
	out     io.Writer
	shown   *progress

	now      func() time.Time
	pause    func(context.Context, time.Duration) error
	interval time.Duration
}

// newReviewer returns a reviewer that sends nothing: the account of --address or --from. With anybody, both flags may
// be left out.
func newReviewer(cmd *cobra.Command, anybody bool) (*reviewer, client.Context, error) {
	clientCtx, err := client.GetClientQueryContext(cmd)
	if err != nil {
		return nil, clientCtx, err
	}
	address, err := addressOf(cmd, clientCtx)
	if err != nil {
		return nil, clientCtx, err
	}
	if address == "" && !anybody {
		return nil, clientCtx, fmt.Errorf(
			"name the reviewer: --%s NAME, or --%s ADDRESS; `openledgerd keys list` shows the keys", flags.FlagFrom, flagAddress)
	}
	r, err := reviewerOf(cmd, clientCtx, address)
	return r, clientCtx, err
}

// newRunner returns a reviewer that sends transactions without asking: the user who starts it has agreed.
func newRunner(cmd *cobra.Command) (*reviewer, error) {
	if err := cmd.Flags().Set(flags.FlagSkipConfirmation, "true"); err != nil {
		return nil, err
	}
	r, _, err := newSigner(cmd)
	return r, err
}

// newSigner returns a reviewer that sends transactions.
func newSigner(cmd *cobra.Command) (*reviewer, client.Context, error) {
	send, err := newSender(cmd)
	if err != nil {
		return nil, client.Context{}, err
	}
	r, err := reviewerOf(cmd, send.clientCtx, send.address().String())
	if err != nil {
		return nil, send.clientCtx, err
	}
	r.tx = send
	return r, send.clientCtx, nil
}

func reviewerOf(cmd *cobra.Command, clientCtx client.Context, address string) (*reviewer, error) {
	chainID, err := chainOf(cmd, clientCtx)
	if err != nil {
		return nil, err
	}
	r := &reviewer{
		query: datanettypes.NewQueryClient(clientCtx), address: address,
		store: review.NewStore(clientCtx.HomeDir, chainID, address), marks: review.NewMarks(clientCtx.HomeDir, chainID),
		out: cmd.OutOrStdout(), shown: newProgress(cmd.ErrOrStderr()), now: time.Now, pause: follow.Sleep,
		interval: defaultInterval,
	}
	if interval, err := cmd.Flags().GetDuration(flagInterval); err == nil {
		if interval < time.Second {
			return nil, fmt.Errorf("--%s is %s: give at least 1s", flagInterval, interval)
		}
		r.interval = interval
	}
	return r, nil
}

// chainOf returns the id of the node's chain. Salts are stored under it.
func chainOf(cmd *cobra.Command, clientCtx client.Context) (string, error) {
	if clientCtx.Client == nil {
		return clientCtx.ChainID, nil
	}
	_, status, err := nodeStatus(cmd.Context(), clientCtx)
	if err != nil {
		return "", err
	}
	if status.SyncInfo.CatchingUp {
		cmd.PrintErrf(
			"warning: the node at %s is catching up, at height %d: its state is old, and deadlines may be over; name "+
				"another with --node\n", clientCtx.NodeURI, status.SyncInfo.LatestBlockHeight)
	}
	return status.NodeInfo.Network, nil
}

// nodeStatus returns the node of the client with its status. It fails if the node does not answer, or is of another
// chain than the client.
func nodeStatus(ctx context.Context, clientCtx client.Context) (client.CometRPC, *coretypes.ResultStatus, error) {
	node, err := clientCtx.GetNode()
	if err != nil {
		return nil, nil, err
	}
	status, err := node.Status(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("no node answers at %s: %w; name another with --node tcp://HOST:26657",
			clientCtx.NodeURI, err)
	}
	if id := status.NodeInfo.Network; clientCtx.ChainID != "" && clientCtx.ChainID != id {
		return nil, nil, fmt.Errorf(
			"the node at %s is of chain %q, but this client is configured for %q: name another with --node, or change "+
				"chain-id in config/client.toml", clientCtx.NodeURI, id, clientCtx.ChainID)
	}
	return node, status, nil
}

func addAddressFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String(flagAddress, "", "account to show; needs no key")
	f.String(flags.FlagFrom, "", "name or address of the key of the account")
	flags.AddKeyringFlags(f)
}

// addressOf returns the account that --address or --from names, "" without these flags.
func addressOf(cmd *cobra.Command, clientCtx client.Context) (string, error) {
	name, _ := cmd.Flags().GetString(flagAddress)
	if name == "" {
		name, _ = cmd.Flags().GetString(flags.FlagFrom)
	}
	if name == "" {
		return "", nil
	}
	return resolveAddress(clientCtx, name)
}

// resolveAddress returns the address that name is, or that the key with this name has.
func resolveAddress(clientCtx client.Context, name string) (string, error) {
	if _, err := sdk.AccAddressFromBech32(name); err == nil {
		return name, nil
	}
	if clientCtx.Keyring == nil {
		return "", fmt.Errorf("%q is not an address", name)
	}
	address, _, _, err := client.GetFromFields(clientCtx, clientCtx.Keyring, name)
	if err != nil {
		return "", fmt.Errorf("%q is neither an address nor a key: %w; `openledgerd keys list` shows the keys", name, err)
	}
	return address.String(), nil
}

func (r *reviewer) printf(format string, args ...any) {
	r.shown.clear()
	fmt.Fprintf(r.out, format, args...)
}

// assignments returns the cohorts in which the account has a seat.
func (r *reviewer) assignments(ctx context.Context) ([]datanettypes.Assignment, error) {
	if r.address == "" {
		return nil, nil
	}
	request := &datanettypes.QueryAssignmentsRequest{Address: r.address}
	var all []datanettypes.Assignment
	for {
		response, err := r.query.Assignments(ctx, request)
		if err != nil {
			return nil, err
		}
		all = append(all, response.Assignments...)
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return all, nil
		}
		request.Pagination = nextPage(response.Pagination.NextKey)
	}
}

// assignment returns the seat of the account in a cohort, nil without an error if it has none.
func (r *reviewer) assignment(ctx context.Context, cohort uint64) (*datanettypes.Assignment, error) {
	all, err := r.assignments(ctx)
	for _, a := range all {
		if a.Cohort.Id == cohort {
			return &a, err
		}
	}
	return nil, err
}

// cohort returns a cohort, and false if it is no longer in the state of the chain.
func (r *reviewer) cohort(ctx context.Context, id uint64) (datanettypes.Cohort, bool, error) {
	found, err := r.query.Cohort(ctx, &datanettypes.QueryCohortRequest{Id: id})
	if err == nil {
		return found.Cohort, true, nil
	}
	// Not every connection to a node keeps the code of an error.
	if strings.Contains(err.Error(), datanettypes.ErrCohortNotFound.Error()) {
		return datanettypes.Cohort{}, false, nil
	}
	return datanettypes.Cohort{}, false, err
}

// load returns what is on disk about a cohort, and prints a warning for each damaged file.
func (r *reviewer) load(cohort uint64) (review.State, error) {
	if r.address == "" {
		return review.State{}, nil
	}
	state, err := r.store.Load(cohort)
	for _, damaged := range state.Damaged {
		r.shown.warn(damaged)
	}
	return state, err
}

// until returns a deadline with the time that is left, for people.
func (r *reviewer) until(deadline time.Time) string {
	return fmt.Sprintf("%s, %s", deadline.Local().Format(timeLayout), timeLeft(deadline.Sub(r.now())))
}

// timeLeft returns a duration for people.
func timeLeft(d time.Duration) string {
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	if d <= 0 {
		return "over"
	}
	for i, unit := range units {
		if d < unit.of {
			continue
		}
		text := fmt.Sprintf("%d %s", d/unit.of, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.of / units[i+1].of; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text + " left"
	}
	return "less than 1 s left"
}

func phaseName(phase datanettypes.CohortPhase) string {
	return enumName(phase.String(), "COHORT_PHASE_")
}

func kindName(kind datanettypes.CohortKind) string { return enumName(kind.String(), "COHORT_KIND_") }

func parseRank(text string) (uint64, error) {
	rank, err := strconv.ParseUint(text, 10, 64)
	if err != nil || rank == 0 {
		return 0, fmt.Errorf("%q is not a contribution: give its rank, a number; `openledgerd review queue` shows them", text)
	}
	return rank, nil
}

// interruptible returns a context that ends with SIGINT or SIGTERM. A second signal ends the process.
func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// interrupted reports whether an error comes from the interruption of a command.
func interrupted(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled))
}
