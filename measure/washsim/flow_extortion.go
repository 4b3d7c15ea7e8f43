package main

import (
	"fmt"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// drawExtortion: a scraper registers a paragraph before its author does. He lets a model pin it, and an accomplice show
// the author's own contribution as the copy. Others have paid, so that the DataNet earns, and the rules accept the
// challenge. The author takes his text back, and must then have what he has without the scraper.
func drawExtortion(d dice, w *world) (*scene, script) {
	s := d.scene(w)
	s.market = w.markets[0]
	m := s.market
	s.royalty = s.royalty.AddRaw(1_000_000) // enough for a part to reach contributors
	s.scores, s.states = [4]uint32{1_000, 1_000, 1_000, 1_000}, [4]contributionState{}
	s.rewards.Terms = rewardstypes.DefaultTerms()
	author, scraper := m.contributors[2], m.copier
	s.coalition = coalition{
		members: map[string]bool{scraper.String(): true, m.challenger.String(): true, m.owner.String(): true,
			m.modelOwner.String(): true, m.funder.String(): true},
		text: "scraper, accomplice, and the owners of DataNet and model",
	}
	s.victims = coalition{members: map[string]bool{author.String(): true}, text: "author"}
	paid := talk{calls: []call{{answer: 2, compute: math.ZeroInt()}}, acknowledged: true, more: math.ZeroInt()}
	scraped := make(map[*branch]*item)
	paragraph := ""
	return s, script{
		before: func(b *branch) error {
			if paragraph == "" {
				paragraph = b.text()
			}
			if err := paid.play(b, s); err != nil {
				return err
			}
			b.spent = math.ZeroInt() // others have spent it
			return s.flush(b)
		},
		wash: func(b *branch) error {
			it, err := m.offer(b, s, scraper, paragraph)
			if err != nil {
				return err
			}
			scraped[b] = it
			if err := b.blocks(2); err != nil {
				return err
			}
			return s.pin(b)
		},
		after: func(b *branch) error {
			spent := b.spent
			it, err := m.offer(b, s, author, paragraph)
			b.spent = spent // the author's deposit is not the coalition's
			if err != nil {
				return err
			}
			if err := b.blocks(2); err != nil {
				return err
			}
			if scraped[b] == nil {
				return b.blocks(2) // as many as in the branch with the scraper
			}
			return s.extort(b, scraped[b], it, paragraph)
		},
	}
}

// pin publishes a version of the model that uses everything that its DataNet has now.
func (s *scene) pin(b *branch) error {
	found, err := b.app().DatanetKeeper.GetDataNet(b.ctx, s.market.datanet)
	if err != nil {
		return err
	}
	digest := b.fresh("model")
	_, err = b.send(&modelstypes.MsgPublishModelVersion{
		Owner: s.market.modelOwner.String(), ModelId: s.model, Digest: digest[:], Method: modelstypes.ATTRIBUTION_METHOD_SPAN,
		Royalty:  s.royalty,
		Manifest: []modelstypes.ManifestEntry{{DatanetId: found.Id, Version: found.HeldVersion}},
	})
	return err
}

// extort shows the author's contribution as the copy. The author then proves that it is his.
func (s *scene) extort(b *branch, scraped, own *item, paragraph string) error {
	k := b.app().DatanetKeeper
	original, err := k.GetContribution(b.ctx, scraped.rank)
	if err != nil {
		return err
	}
	text := datanettypes.SegmentProof{Text: []byte(paragraph)}
	if _, err := b.send(&datanettypes.MsgChallengeDuplicate{
		Challenger: s.market.challenger.String(), Rank: own.rank, Segment: text, Original: scraped.rank,
		OriginalSegment: text, PinnedVersion: original.Version(),
	}); err != nil {
		return fmt.Errorf("the rules should accept the challenge: %w", err)
	}
	if err := b.blocks(2); err != nil {
		return err
	}
	root := poa.MerkleRoot([]poa.Hash{poa.SegmentLeaf(0, nil, text.Text)})
	snapshot, err := ask[*datanettypes.MsgAcceptSnapshotResponse](b, &datanettypes.MsgAcceptSnapshot{
		Authority: authority, Name: "Pages of the author", Root: root[:], Segments: 1, Author: own.by.String(),
	})
	if err != nil {
		return err
	}
	if err := b.sendAll(
		&datanettypes.MsgProvePriorArt{Prover: own.by.String(), Rank: scraped.rank, Segment: text, Snapshot: snapshot.Id,
			SnapshotSegment: text},
		&datanettypes.MsgClaimText{Author: own.by.String(), Rank: scraped.rank, Contribution: own.rank},
	); err != nil {
		return err
	}
	found, err := k.GetContribution(b.ctx, own.rank)
	if err == nil && found.StoppedNow() > 0 {
		err = fmt.Errorf("the author's contribution %d is stopped after his claim", own.rank)
	}
	return err
}
