package metrics

import (
	"context"
	"errors"
	"math/big"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/app"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// mostCounted is the largest number of entries that are counted in a queue, so that collection stays fast on a node
// that is behind.
const mostCounted = 10_000

// reading holds the values of one state. Amounts are in OPEN.
type reading struct {
	height    int64
	blockTime time.Time
	blockAge  float64 // seconds

	paused, due, lists, items, oldest []labelled

	settlementLag, sweepCycles, duePages, owed      float64
	bonus, emitted, burned, retired, fees           float64
	receipts, supply, reserve, bountyPool           float64
	attestation, ticks, disputes, slashes, sessions float64
}

// read reads the last committed state of an application.
func read(node *app.App) (*reading, error) {
	ctx, err := node.CreateQueryContext(0, false)
	if err != nil {
		return nil, err
	}
	ctx = ctx.WithGasMeter(storetypes.NewInfiniteGasMeter())
	clock, err := node.RewardsKeeper.Clock.Get(ctx)
	if err != nil {
		return nil, err
	}
	s := &reading{height: ctx.BlockHeight(), blockTime: clock.LastBlockTime}
	return s, errors.Join(s.readPauses(ctx, node), s.readQueues(ctx, node), s.readSettlement(ctx, node),
		s.readMoney(ctx, node), s.readAttestation(ctx, node))
}

func (s *reading) readPauses(ctx sdk.Context, node *app.App) error {
	attribution, errAttribution := node.AttributionKeeper.Params.Get(ctx)
	datanet, errDatanet := node.DatanetKeeper.Params.Get(ctx)
	models, errModels := node.ModelsKeeper.Params.Get(ctx)
	rewards, errRewards := node.RewardsKeeper.Params.Get(ctx)
	s.attestation = flag(attribution.Attestation)
	s.paused = []labelled{
		label(flag(attribution.Paused), "module", attributiontypes.ModuleName),
		label(flag(datanet.Paused), "module", datanettypes.ModuleName),
		label(flag(models.Paused), "module", modelstypes.ModuleName),
		label(flag(rewards.Paused), "module", rewardstypes.ModuleName),
	}
	return errors.Join(errAttribution, errDatanet, errModels, errRewards)
}

// readQueues counts the entries that are due in each queue.
func (s *reading) readQueues(ctx sdk.Context, node *app.App) error {
	var (
		failed      error
		now         = s.blockTime
		attribution = node.AttributionKeeper
		datanet     = node.DatanetKeeper
		byHeight    = func(last int64) collections.Ranger[collections.Pair[int64, uint64]] {
			return new(collections.Range[collections.Pair[int64, uint64]]).
				EndInclusive(collections.Join(last, ^uint64(0)))
		}
		byTime = new(collections.Range[collections.Pair[time.Time, uint64]]).
			EndInclusive(collections.Join(now, ^uint64(0)))
		add = func(module, queue string, count float64, err error) {
			s.due = append(s.due, label(count, "module", module, "queue", queue))
			failed = errors.Join(failed, err)
		}
	)
	sessions, err := countKeys(ctx, attribution.Deadlines,
		new(collections.Range[collections.Pair[time.Time, []byte]]).
			EndExclusive(collections.Join(now.Add(1), []byte{})))
	add(attributiontypes.ModuleName, "sessions", sessions, err)
	batches, err := countKeys(ctx, attribution.BatchDeadlines, byTime)
	add(attributiontypes.ModuleName, "batches", batches, err)
	disputes, err := countKeys(ctx, attribution.DisputeDeadlines,
		new(collections.Range[collections.Pair[int64, []byte]]).
			EndExclusive(collections.Join(s.height, []byte{})))
	add(attributiontypes.ModuleName, "disputes", disputes, err)
	commits, err := countKeys(ctx, datanet.Expiries, byHeight(s.height-1))
	add(datanettypes.ModuleName, "commits", commits, err)
	draws, err := countKeys(ctx, datanet.Review.Draws, byHeight(s.height))
	add(datanettypes.ModuleName, "seats", draws, err)
	timers, err := datanet.Timers.Due(ctx, now, mostCounted)
	add(datanettypes.ModuleName, "timers", float64(len(timers)), err)
	unbondings, err := countMap(ctx, node.ModelsKeeper.Unbondings, byTime)
	add(modelstypes.ModuleName, "unbondings", unbondings, err)
	return failed
}

// readSettlement counts credit lists by stage, and reads the age of the oldest one that waits for the sweep.
func (s *reading) readSettlement(ctx sdk.Context, node *app.App) error {
	k := node.RewardsKeeper
	held, errHeld := countMap(ctx, k.Escrowed, nil)
	arrived, errArrived := countMap(ctx, k.Arrived, nil)
	settling, errSettling := countMap(ctx, k.Lists, nil)
	dead, errDead := countMap(ctx, k.DeadLetters, nil)
	s.lists = []labelled{
		label(held, "stage", "held"), label(arrived, "stage", "arrived"),
		label(settling, "stage", "settling"), label(dead, "stage", "dead_letter"),
	}
	errOldest := k.Lists.Walk(ctx, nil, func(_ uint64, list rewardstypes.CreditList) (bool, error) {
		s.settlementLag = float64(s.height - list.Height)
		return true, nil
	})
	sweep, errSweep := k.Sweep.Get(ctx)
	s.sweepCycles = float64(sweep.Cycle)
	var errPages error
	s.duePages, errPages = countKeys(ctx, k.DuePages, nil)
	owed := math.ZeroInt()
	errOwed := k.Owed.Walk(ctx, nil, func(_ string, amount math.Int) (bool, error) {
		owed = owed.Add(amount)
		return false, nil
	})
	s.owed = inOpen(owed)
	return errors.Join(errHeld, errArrived, errSettling, errDead, errOldest, errSweep, errPages, errOwed)
}

func (s *reading) readMoney(ctx sdk.Context, node *app.App) error {
	k := node.RewardsKeeper
	totals, errTotals := k.Totals.Get(ctx)
	if errTotals == nil {
		s.bonus, s.emitted, s.burned = inOpen(totals.Bonus), inOpen(totals.Emitted), inOpen(totals.Burned)
		s.retired, s.fees, s.receipts = inOpen(totals.Retired), inOpen(totals.Fees), float64(totals.Receipts)
	}
	s.supply = inOpen(node.BankKeeper.GetSupply(ctx, rewardstypes.Denom).Amount)
	reserve, errReserve := k.Reserve.Get(ctx)
	if errReserve == nil {
		s.reserve = inOpen(reserve)
	}
	pool, errPool := k.BountyPool.Get(ctx)
	if errPool == nil {
		s.bountyPool = inOpen(pool)
	} else if errors.Is(errPool, collections.ErrNotFound) {
		errPool = nil // nothing was ever stored
	}
	return errors.Join(errTotals, errReserve, errPool)
}

func (s *reading) readAttestation(ctx sdk.Context, node *app.App) error {
	k := node.AttributionKeeper
	head, err := k.Head.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		head, err = attributiontypes.FirstHead(), nil
	}
	if err != nil {
		return err
	}
	s.ticks = float64(head.Attestation.Ticks)
	open, oldest := make(map[attributiontypes.ItemKind]float64), make(map[attributiontypes.ItemKind]float64)
	count := func(item attributiontypes.Item) {
		open[item.Kind]++
		oldest[item.Kind] = max(oldest[item.Kind], float64(s.height-item.Height))
	}
	if err := k.Items.Walk(ctx, nil, func(_ uint64, item attributiontypes.Item) (bool, error) {
		count(item)
		return false, nil
	}); err != nil {
		return err
	}
	for _, item := range head.Pending {
		count(item)
	}
	const batch, version = attributiontypes.ITEM_KIND_BATCH, attributiontypes.ITEM_KIND_VERSION
	s.items = []labelled{label(open[batch], "kind", "batch"), label(open[version], "kind", "version")}
	s.oldest = []labelled{label(oldest[batch], "kind", "batch"), label(oldest[version], "kind", "version")}

	var errDisputes, errSlashes, errSessions error
	s.disputes, errDisputes = countMap(ctx, k.Disputes, nil)
	s.slashes, errSlashes = countMap(ctx, k.Convictions, nil)
	s.sessions, errSessions = countKeys(ctx, k.Deadlines, nil)
	return errors.Join(errDisputes, errSlashes, errSessions)
}

// keys iterates over the keys of a collection.
type keys interface {
	Valid() bool
	Next()
	Close() error
}

// countKeys counts the keys in a range, up to mostCounted, without decoding them.
func countKeys[K any](ctx context.Context, set collections.KeySet[K], in collections.Ranger[K]) (float64, error) {
	iterator, err := set.Iterate(ctx, in)
	if err != nil {
		return 0, err
	}
	return count(iterator)
}

// countMap is countKeys of a map.
func countMap[K, V any](ctx context.Context, m collections.Map[K, V], in collections.Ranger[K]) (float64, error) {
	iterator, err := m.Iterate(ctx, in)
	if err != nil {
		return 0, err
	}
	return count(iterator)
}

func count(iterator keys) (float64, error) {
	n := 0
	for ; iterator.Valid() && n < mostCounted; iterator.Next() {
		n++
	}
	return float64(n), iterator.Close()
}

// inOpen converts aopen to OPEN, for people: a float is exact to about 15 digits.
func inOpen(amount math.Int) float64 {
	if amount.IsNil() {
		return 0
	}
	open, _ := new(big.Float).Quo(new(big.Float).SetInt(amount.BigInt()),
		new(big.Float).SetInt(math.NewIntWithDecimal(1, rewardstypes.Decimals).BigInt())).Float64()
	return open
}

func flag(set bool) float64 {
	if set {
		return 1
	}
	return 0
}
