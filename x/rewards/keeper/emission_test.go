package keeper

import (
	"math/big"
	"testing"
	"time"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	minttypes "github.com/cosmos/cosmos-sdk/x/mint/types"

	"github.com/openledger/openledger/x/rewards/types"
)

const secondsPerYear = millisecondsPerYear / 1_000

const emissionYear = millisecondsPerYear * time.Millisecond

var nothing = math.ZeroInt()

// closedForm is reserve · (1 − rate · seconds / year)^blocks.
func closedForm(reserve math.Int, ppm uint32, seconds int64, blocks int) *big.Float {
	exact := func() *big.Float { return new(big.Float).SetPrec(512) }
	kept := exact().SetRat(
		new(big.Rat).Sub(
			big.NewRat(1, 1), new(big.Rat).Mul(big.NewRat(int64(ppm), types.PPM), big.NewRat(seconds, secondsPerYear))))
	power := exact().SetInt64(1)
	for ; blocks > 0; blocks >>= 1 {
		if blocks&1 == 1 {
			power.Mul(power, kept)
		}
		kept.Mul(kept, kept)
	}
	return power.Mul(power, exact().SetInt(reserve.BigInt()))
}

func TestEmissionDecaysAsTheClosedFormSays(t *testing.T) {
	for _, c := range []struct {
		name    string
		ppm     uint32
		seconds int64
		years   int64
		left    float64 // part of the reserve: about e^(−rate · years)
	}{
		{"as by default", 80_000, 600, 20, 0.2019},
		{"a day of seconds", 80_000, 1, 0, 0.99978},
		{"the longest blocks", 80_000, maxEmissionSeconds, 50, 0.0183},
		{"all of it in a year", 1_000_000, maxEmissionSeconds, 5, 0.0067},
		{"almost nothing", 1, maxEmissionSeconds, 50, 0.99995},
	} {
		t.Run(c.name, func(t *testing.T) {
			reserve, emitted, last := types.DefaultReserve, nothing, types.DefaultReserve
			blocks := int(c.years * secondsPerYear / c.seconds)
			if c.years == 0 {
				blocks = 86_400
			}
			for range blocks {
				amount := emissionRoundedDown(reserve, c.ppm, c.seconds*1_000)
				require.True(t, amount.LTE(last), "emission never rises")
				last, reserve, emitted = amount, reserve.Sub(amount), emitted.Add(amount)
			}
			require.Equal(t, types.DefaultReserve.String(), reserve.Add(emitted).String())
			// Each block rounds down, by less than one aopen, which stays in the reserve.
			distance := new(big.Float).SetPrec(512).SetInt(reserve.BigInt())
			distance.Sub(distance, closedForm(types.DefaultReserve, c.ppm, c.seconds, blocks))
			require.GreaterOrEqual(t, distance.Sign(), 0)
			require.Negative(t, distance.Cmp(new(big.Float).SetInt64(int64(blocks))), "%s aopen off after %d blocks",
				distance.Text('f', 3), blocks)
			left, _ := new(big.Float).Quo(new(big.Float).SetInt(reserve.BigInt()),
				new(big.Float).SetInt(types.DefaultReserve.BigInt())).Float64()
			require.InDelta(t, c.left, left, 0.0002)
		})
	}
}

// maxEmissionSeconds is the highest value of max_block_seconds.
const maxEmissionSeconds = 3_600

func TestTimeIsNeitherLostNorCountedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newEmission(t, nothing, types.DefaultReserve, nil)
		params := types.DefaultParams()
		from, counted := f.ctx.BlockTime(), int64(0)
		for _, ms := range rapid.SliceOfN(rapid.Int64Range(0, 3_000_000), 1, 100).Draw(t, "microseconds") {
			f.ctx = f.ctx.WithBlockTime(f.ctx.BlockTime().Add(time.Duration(ms) * time.Microsecond))
			elapsed, _, err := f.tick(f.ctx, params)
			require.NoError(t, err)
			counted += elapsed
		}
		// Every millisecond has one block in which it begins: those of both ends are all there is.
		require.Equal(t, f.ctx.BlockTime().UnixMilli()-from.UnixMilli(), counted)
	})
}

func TestBlocksWithinASecondEmitTheirPartOfIt(t *testing.T) {
	fast, slow := newEmission(t, nothing, types.DefaultReserve, nil), newEmission(t, nothing, types.DefaultReserve, nil)
	for range 1_000 {
		before := fast.emitted(t)
		fast.block(t, 300*time.Millisecond)
		require.True(t, fast.emitted(t).GT(before))
	}
	for range 300 {
		slow.block(t, time.Second)
	}
	// More blocks decay in smaller steps.
	apart := slow.emitted(t).Sub(fast.emitted(t)).Abs()
	require.True(t, apart.LT(slow.emitted(t).QuoRaw(1_000_000)), "%s apart", apart)
}

func TestEmissionOfStrangeTimes(t *testing.T) {
	one := emissionRoundedDown(types.DefaultReserve, types.DefaultParams().EmissionPpmPerYear, 1_000)
	require.Equal(t, "507009405024463203", one.String(), "about half an OPEN a second")
	for name, c := range map[string]struct {
		d            time.Duration
		milliseconds int64
	}{
		"no time": {0, 0}, "less than a second": {999 * time.Millisecond, 999}, "a second": {time.Second, 1_000},
		"back": {-time.Hour, 0}, "back by years": {-3 * emissionYear, 0},
		"a minute": {time.Minute, 60_000}, "a halt of an hour": {time.Hour, 60_000},
		"a jump of years": {50 * emissionYear, 60_000},
	} {
		t.Run(name, func(t *testing.T) {
			f := newEmission(t, nothing, types.DefaultReserve, nil)
			f.block(t, c.d)
			require.Equal(t, emissionRoundedDown(types.DefaultReserve, 80_000, c.milliseconds).String(), f.emitted(t).String())
		})
	}
	// What a halt did not emit is not made up for.
	f := newEmission(t, nothing, types.DefaultReserve, nil)
	f.block(t, 24*time.Hour)
	before := f.emitted(t)
	f.block(t, time.Second)
	require.True(t, f.emitted(t).Sub(before).LTE(one))
}

func TestPauseEmitsNothingAndCatchesUpWithNothing(t *testing.T) {
	f := newEmission(t, nothing, types.DefaultReserve, func(p *types.Params) { p.Paused = true })
	for range 30 {
		f.block(t, time.Second)
	}
	require.True(t, f.emitted(t).IsZero())
	f.edit(t, func(p *types.Params) { p.Paused = false })
	f.block(t, time.Second)
	require.Equal(t, emissionRoundedDown(types.DefaultReserve, 80_000, 1_000).String(), f.emitted(t).String())
}

func TestReserveIsExhausted(t *testing.T) {
	f := newEmission(t, nothing, math.NewInt(10_000), func(p *types.Params) {
		p.EmissionPpmPerYear, p.MaxBlockSeconds = types.PPM, maxEmissionSeconds
	})
	last := f.reserve(t)
	for range 3_000 {
		f.block(t, time.Hour)
		require.True(t, f.reserve(t).LTE(last))
		last = f.reserve(t)
	}
	// What an hour's part of is less than one aopen stays.
	require.Equal(t, "8765", last.String(), "one less than the hours of a year")
	require.Equal(t, "1235", f.emitted(t).String())
	require.Empty(t, f.ctx.EventManager().Events(), "nothing is said of nothing")

	none := newEmission(t, types.MaxSupply, nothing, nil)
	none.block(t, time.Minute)
	require.True(t, none.emitted(t).IsZero())
	require.Equal(t, types.MaxSupply.String(), none.bank.supply.String())
}

func TestRateOfNothing(t *testing.T) {
	f := newEmission(t, nothing, types.DefaultReserve, func(p *types.Params) { p.EmissionPpmPerYear = 0 })
	f.block(t, time.Minute)
	require.True(t, f.emitted(t).IsZero())
	require.Equal(t, types.DefaultReserve.String(), f.reserve(t).String())
}

// TestEmissionKeepsItsBounds: whatever time and governance do, nothing is minted beside the reserve, and never beyond
// the maximum.
func TestEmissionKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		initial := math.NewIntFromUint64(rapid.Uint64().Draw(t, "reserve")).MulRaw(10_000_000)
		f := newEmission(t, types.MaxSupply.Sub(initial), initial, nil)
		stakers, pool, last := nothing, nothing, initial
		for range rapid.IntRange(1, 30).Draw(t, "blocks") {
			f.edit(t, func(p *types.Params) {
				p.EmissionPpmPerYear = rapid.Uint32Range(0, types.PPM).Draw(t, "rate")
				p.EmissionBountyPpm = rapid.Uint32Range(0, types.PPM).Draw(t, "bounty")
				p.MaxBlockSeconds = rapid.Uint32Range(1, maxEmissionSeconds).Draw(t, "clamp")
				p.Paused = rapid.IntRange(0, 9).Draw(t, "pause") == 0
			})
			params, err := f.Params.Get(f.ctx)
			require.NoError(t, err)
			f.block(t, time.Duration(rapid.Int64Range(-int64(time.Hour), int64(3*time.Hour)).Draw(t, "time")))
			amount := last.Sub(f.reserve(t))
			require.False(t, amount.IsNegative(), "the reserve rose")
			require.True(
				t, amount.LTE(emissionRoundedDown(last, params.EmissionPpmPerYear, int64(params.MaxBlockSeconds)*1_000)))
			bounty := amount.MulRaw(int64(params.EmissionBountyPpm)).QuoRaw(types.PPM)
			pool, stakers, last = pool.Add(bounty), stakers.Add(amount.Sub(bounty)), f.reserve(t)
		}
		require.Equal(t, initial.String(), f.reserve(t).Add(f.emitted(t)).String())
		require.Equal(t, types.MaxSupply.String(), f.bank.supply.Add(f.reserve(t)).String(),
			"supply and reserve are the maximum")
		counter, err := get(f.ctx, f.BountyPool)
		require.NoError(t, err)
		require.Equal(t, []string{pool.String(), pool.String(), stakers.String(), "0"}, []string{
			counter.String(), f.bank.of(types.BountyPoolName).String(), f.bank.of(authtypes.FeeCollectorName).String(),
			f.bank.of(types.ModuleName).String(),
		})
	})
}

func TestWalletsSeeWhatStakersWillGet(t *testing.T) {
	supply := types.MaxSupply.Sub(types.DefaultReserve).QuoRaw(2) // 400,000,000 OPEN
	f := newEmission(t, supply, types.DefaultReserve, func(p *types.Params) { p.EmissionBountyPpm = 250_000 })
	server := NewMintQueryServer(f.Keeper)
	annual, err := server.AnnualProvisions(f.ctx, &minttypes.QueryAnnualProvisionsRequest{})
	require.NoError(t, err)
	require.Equal(t, "12000000", types.FormatOpen(annual.AnnualProvisions.TruncateInt()),
		"three quarters of 8 % of 200,000,000 OPEN")
	inflation, err := server.Inflation(f.ctx, &minttypes.QueryInflationRequest{})
	require.NoError(t, err)
	require.Equal(t, "0.030000000000000000", inflation.Inflation.String())
	params, err := server.Params(f.ctx, &minttypes.QueryParamsRequest{})
	require.NoError(t, err)
	require.Equal(t, types.Denom, params.Params.MintDenom)
	require.Equal(t, types.MaxSupply.String(), params.Params.MaxSupply.String())
	require.Equal(t, inflation.Inflation, params.Params.InflationMax)
	require.EqualValues(t, secondsPerYear, params.Params.BlocksPerYear)

	// The year that follows brings the promise less its decay, 4 % of it on average.
	f.edit(t, func(p *types.Params) { p.MaxBlockSeconds = maxEmissionSeconds })
	for range secondsPerYear / maxEmissionSeconds {
		f.block(t, time.Hour)
	}
	got := f.bank.of(authtypes.FeeCollectorName)
	require.True(t, got.LT(annual.AnnualProvisions.TruncateInt()))
	require.Equal(t, "11532", got.QuoRaw(1_000).Quo(math.NewIntWithDecimal(1, types.Decimals)).String(),
		"thousands of OPEN: 12,000 · (1 − e^−0.08) / 0.08")

	for name, edit := range map[string]func(*types.Params){
		"no emission":      func(p *types.Params) { p.EmissionPpmPerYear = 0 },
		"all for bounties": func(p *types.Params) { p.EmissionBountyPpm = types.PPM },
	} {
		f.edit(t, edit)
		inflation, err := server.Inflation(f.ctx, &minttypes.QueryInflationRequest{})
		require.NoError(t, err)
		require.True(t, inflation.Inflation.IsZero(), name)
		f.edit(t, func(p *types.Params) { p.EmissionPpmPerYear, p.EmissionBountyPpm = 80_000, 0 })
	}
	empty := newEmission(t, nothing, types.DefaultReserve, nil)
	inflation, err = NewMintQueryServer(empty.Keeper).Inflation(empty.ctx, &minttypes.QueryInflationRequest{})
	require.NoError(t, err)
	require.True(t, inflation.Inflation.IsZero(), "of no supply")
}
