package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"

	"github.com/openledger/openledger/app"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// authority is the governance account.
var authority = authtypes.NewModuleAddress(govtypes.ModuleName).String()

// branch is a copy of the state of a world in which a case is played.
type branch struct {
	*world
	ctx    sdk.Context
	spent  math.Int        // by the coalition
	passed []time.Duration // times of the blocks that were made
	// verdict returns the verdict of a validator on everything open, or false if its attestor is not alive.
	verdict func(validator int) (attributiontypes.Verdict, bool)
	leak    leak
	seq     uint64 // batches submitted
	keys    uint64 // keys drawn
	texts   uint64 // texts written
}

// leak is a hole made on purpose, which a test uses to see that the measurement finds it. It is called with what the
// coalition paid.
type leak func(b *branch, paid math.Int) error

func (b *branch) app() *app.App { return b.world.chain.App }

// fork returns a copy with a state of its own.
func (b *branch) fork() *branch {
	out := *b
	out.ctx, _ = b.ctx.CacheContext()
	return &out
}

// send delivers a message as a transaction of its own. If it fails, nothing has changed.
func (b *branch) send(msg sdk.Msg) (*sdk.Result, error) {
	handler := b.app().MsgServiceRouter().Handler(msg)
	if handler == nil {
		return nil, fmt.Errorf("%T has no handler", msg)
	}
	ctx, write := b.ctx.CacheContext()
	result, err := handler(ctx, msg)
	if err != nil {
		return nil, fmt.Errorf("%T: %w", msg, err)
	}
	write()
	return result, nil
}

// sendAll delivers messages in order.
func (b *branch) sendAll(msgs ...sdk.Msg) error {
	for _, msg := range msgs {
		if _, err := b.send(msg); err != nil {
			return err
		}
	}
	return nil
}

// ask delivers a message, and returns its response.
func ask[R any](b *branch, msg sdk.Msg) (response R, err error) {
	result, err := b.send(msg)
	if err != nil {
		return response, err
	}
	response, ok := result.MsgResponses[0].GetCachedValue().(R)
	if !ok {
		err = fmt.Errorf("%T answered with %T", msg, result.MsgResponses[0].GetCachedValue())
	}
	return response, err
}

// block ends the block, and begins the next one after a while. It calls modules in the order of the application,
// without those that move no OPEN.
func (b *branch) block(after time.Duration) error {
	b.passed = append(b.passed, after)
	a := b.app()
	for _, end := range []func() error{
		func() error { return a.DatanetKeeper.EndBlock(b.ctx) },
		func() error { return a.ModelsKeeper.EndBlock(b.ctx) },
		func() error { return a.AttributionKeeper.EndBlock(b.ctx) },
		func() error { return a.RewardsKeeper.EndBlock(b.ctx) },
	} {
		if err := end(); err != nil {
			return err
		}
	}
	height := b.ctx.BlockHeight() + 1
	hash := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(height)))
	votes, verdicts, err := b.votes()
	if err != nil {
		return err
	}
	b.ctx = b.ctx.WithBlockHeight(height).WithBlockTime(b.ctx.BlockTime().Add(after)).WithHeaderHash(hash[:]).
		WithVoteInfos(votes).WithEventManager(sdk.NewEventManager())
	if err := a.AttributionKeeper.Tally(b.ctx, verdicts); err != nil {
		return err
	}
	return a.DistrKeeper.BeginBlocker(b.ctx)
}

// blocks makes n blocks of a second.
func (b *branch) blocks(n int) error {
	for range n {
		if err := b.block(time.Second); err != nil {
			return err
		}
	}
	return nil
}

// pass makes blocks with the times of others.
func (b *branch) pass(blocks []time.Duration) error {
	for _, after := range blocks {
		if err := b.block(after); err != nil {
			return err
		}
	}
	return nil
}

// votes returns the votes and the verdicts of all validators for the last block.
func (b *branch) votes() ([]abci.VoteInfo, []attributiontypes.AttestVote, error) {
	head, err := b.app().AttributionKeeper.Head.Get(b.ctx)
	if err != nil {
		return nil, nil, err
	}
	var votes []abci.VoteInfo
	var verdicts []attributiontypes.AttestVote
	for i, v := range b.validators {
		found, err := b.app().StakingKeeper.GetValidator(b.ctx, v.address)
		if err != nil {
			return nil, nil, err
		}
		power := found.GetConsensusPower(sdk.DefaultPowerReduction)
		votes = append(
			votes, abci.VoteInfo{Validator: abci.Validator{Address: v.consensus, Power: power},
				BlockIdFlag: cmtproto.BlockIDFlagCommit})
		vote := attributiontypes.AttestVote{Validator: v.consensus, Power: power}
		if b.verdict != nil {
			if verdict, alive := b.verdict(i); alive {
				vote.Extension = extension(head.Attestation, verdict)
			}
		}
		verdicts = append(verdicts, vote)
	}
	return votes, verdicts, nil
}

// extension returns a vote extension with the same verdict on all items of the windows.
func extension(window attributiontypes.Attestation, verdict attributiontypes.Verdict) []byte {
	same := func(n int) []attributiontypes.Verdict { return slices.Repeat([]attributiontypes.Verdict{verdict}, n) }
	return attributiontypes.Extension{
		Base: window.Base, Verdicts: same(attributiontypes.BatchesWindow), VersionBase: window.VersionBase,
		Versions: same(attributiontypes.VersionsWindow),
	}.Marshal()
}
