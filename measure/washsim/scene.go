package main

import (
	"crypto/sha256"
	"fmt"
	"time"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// contributionState is the state of a contribution when receipts pay it.
type contributionState uint8

const (
	accepted contributionState = iota
	recalled
	commons
)

// scene is the state that a case begins with.
type scene struct {
	market    *market
	coalition coalition
	// victims are others whose money is at stake. Most flows have none.
	victims coalition

	rewards     rewardstypes.Params
	attribution attributiontypes.Params
	datanet     datanettypes.Params

	stakes     [validatorCount]math.Int // in addition to the million that each has
	royalty    math.Int                 // of a call
	compute    math.Int                 // the most for a call
	parentPpm  uint32
	ownerPpm   uint32
	curatorPpm uint32
	scores     [4]uint32
	states     [4]contributionState

	model uint64
}

// feeBits bounds compute and royalty of a call, so that a payer can pay some calls.
const feeBits = 80

// scene draws the scene of a case.
func (d dice) scene(w *world) *scene {
	s := &scene{
		market: w.markets[0], rewards: d.rewards(), attribution: d.attribution(), datanet: d.datanet(),
		royalty: d.amount(feeBits), compute: d.amount(feeBits),
		parentPpm: d.ppm(ppm), ownerPpm: d.ppm(ppm),
	}
	if d.chance(25) {
		s.market = w.markets[1]
	}
	s.coalition = d.coalition(w, s.market)
	s.curatorPpm = d.ppm((ppm - s.ownerPpm) / 2)
	for i := range s.stakes {
		s.stakes[i] = chain.Open(int64(d.IntN(4) * d.IntN(1_000_000)))
	}
	for i := range s.scores {
		s.scores[i] = pick[uint32](d, datanettypes.MaxScore, datanettypes.MaxScore, 1,
			uint32(d.between(1, datanettypes.MaxScore)))
		s.states[i] = pick(d, accepted, accepted, accepted, accepted, accepted, accepted, recalled, commons)
	}
	return s
}

// String describes the scene.
func (s *scene) String() string {
	t := s.rewards.Terms
	return fmt.Sprintf("data %d lineage %d validators %d burn %d bonus %d, %s aopen a second, royalty %s compute %s, %s",
		t.DataPpm, t.LineagePpm, t.ValidatorsPpm, t.BurnPpm, t.BonusPpm, s.rewards.BonusPerSecond, s.royalty, s.compute,
		s.coalition.text)
}

// set sets up the scene in a branch.
func (s *scene) set(b *branch) error {
	if err := b.delegate(s.stakes); err != nil {
		return err
	}
	if err := b.sendAll(
		&rewardstypes.MsgUpdateParams{Authority: authority, Params: s.rewards},
		&attributiontypes.MsgUpdateParams{Authority: authority, Params: s.attribution},
		&datanettypes.MsgUpdateParams{Authority: authority, Params: s.datanet},
		&modelstypes.MsgUpdateParams{Authority: authority, Params: openModels()},
	); err != nil {
		return err
	}
	update := &datanettypes.MsgUpdateDataNet{
		Owner: s.market.owner.String(), DatanetId: s.market.datanet, Name: "Skin", RoyaltyFloor: math.ZeroInt(),
		OwnerPpm: s.ownerPpm,
	}
	for _, curator := range s.market.curators {
		if s.curatorPpm > 0 {
			update.Curators = append(update.Curators, datanettypes.Royalty{Address: curator.String(), Ppm: s.curatorPpm})
		}
	}
	if _, err := b.send(update); err != nil {
		return err
	}
	if err := s.judge(b); err != nil {
		return err
	}
	var err error
	if s.model, err = b.serve(s.market, s.royalty, s.compute, s.parentPpm); err != nil {
		return err
	}
	return b.blocks(2)
}

// openModels returns parameters of x/models under which a parent may take the whole share.
func openModels() modelstypes.Params {
	p := modelstypes.DefaultParams()
	p.MaxParentPpm = ppm
	return p
}

// delegate gives the validators more stake.
func (b *branch) delegate(stakes [validatorCount]math.Int) error {
	for i, stake := range stakes {
		if !stake.IsPositive() {
			continue
		}
		operator := b.validators[i].operator
		if err := b.give(operator, stake); err != nil {
			return err
		}
		if _, err := b.send(
			&stakingtypes.MsgDelegate{DelegatorAddress: operator.String(), ValidatorAddress: b.validators[i].address.String(),
				Amount: coin(stake)}); err != nil {
			return err
		}
	}
	return nil
}

// give sends coins from the treasury.
func (b *branch) give(to party, amount math.Int) error {
	_, err := b.send(
		&banktypes.MsgSend{FromAddress: b.treasury.String(), ToAddress: to.String(), Amount: sdk.NewCoins(coin(amount))})
	return err
}

// serve registers an adapter of the market's base, and offers it.
func (b *branch) serve(m *market, royalty, compute math.Int, parentPpm uint32) (uint64, error) {
	digest := b.fresh("model")
	registered, err := ask[*modelstypes.MsgRegisterModelResponse](b, &modelstypes.MsgRegisterModel{
		Owner: m.modelOwner.String(), Name: "adapter", Kind: modelstypes.MODEL_KIND_ADAPTER, ParentId: m.base,
		ParentPpm: parentPpm, Digest: digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: m.datanet, Version: m.version}},
		Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: royalty,
	})
	if err != nil {
		return 0, err
	}
	_, err = b.send(
		&modelstypes.MsgSetOffer{Provider: m.provider.String(), ModelId: registered.ModelId, InputPrice: compute,
			OutputPrice: math.ZeroInt()})
	return registered.ModelId, err
}

// judge gives the contributions the scores that panels would give, and their states.
func (s *scene) judge(b *branch) error {
	k := b.app().DatanetKeeper
	for i, data := range s.market.data {
		c, err := k.GetContribution(b.ctx, data.rank)
		if err != nil {
			return err
		}
		c.Score = s.scores[i]
		if err := k.Contributions.Set(b.ctx, data.rank, c); err != nil {
			return err
		}
		switch s.states[i] {
		case recalled:
			_, err = b.send(&datanettypes.MsgRecallContribution{Signer: data.by.String(), Rank: data.rank, Reason: "mine"})
		case commons:
			err = s.priorArt(b, data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// priorArt proves that a contribution of the market is in a snapshot.
func (s *scene) priorArt(b *branch, data contribution) error {
	shown, err := s.market.segment(data.rank, 0)
	if err != nil {
		return err
	}
	return s.proveInSnapshot(b, data.rank, shown, data.file.Segments[0])
}

// proveInSnapshot lets governance accept a snapshot of one text, and the coalition prove that a contribution is in it.
func (s *scene) proveInSnapshot(b *branch, rank uint64, shown datanettypes.SegmentProof, text []byte) error {
	root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, nil, text)})
	snapshot, err := ask[*datanettypes.MsgAcceptSnapshotResponse](b,
		&datanettypes.MsgAcceptSnapshot{Authority: authority, Name: "Encyclopaedia", Root: root[:], Segments: 1})
	if err != nil {
		return err
	}
	_, err = b.send(&datanettypes.MsgProvePriorArt{
		Prover: s.market.challenger.String(), Rank: rank, Segment: shown, Snapshot: snapshot.Id,
		SnapshotSegment: datanettypes.SegmentProof{Text: text},
	})
	return err
}

// segment returns the proof of a segment in the form of x/datanet.
func (m *market) segment(rank uint64, index uint32) (datanettypes.SegmentProof, error) {
	proof, err := m.proof(rank, index)
	shown := datanettypes.SegmentProof{Index: index, Text: proof.Content}
	for _, hash := range proof.Path {
		shown.Path = append(shown.Path, append([]byte(nil), hash[:]...))
	}
	return shown, err
}

// flush lets everything be paid that waits: all pages, and both funds for validators.
func (s *scene) flush(b *branch) error {
	rewards, attribution := s.rewards, s.attribution
	rewards.PagesPerBlock, rewards.EpochBlocks, rewards.PayoutsPerBlock, rewards.Paused = 2_800, 1, 100, false
	attribution.AttestPayBlocks, attribution.SessionsPerBlock, attribution.PrunesPerBlock = 1, 100, 1_000
	if err := b.sendAll(
		&rewardstypes.MsgUpdateParams{Authority: authority, Params: rewards},
		&attributiontypes.MsgUpdateParams{Authority: authority, Params: attribution},
	); err != nil {
		return err
	}
	return b.blocks(3)
}

// wait lets time pass, with two blocks.
func (b *branch) wait(d time.Duration) error {
	if err := b.block(d); err != nil {
		return err
	}
	return b.block(time.Second)
}

// label returns the hash of a name, for salts and roots.
func label(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}
