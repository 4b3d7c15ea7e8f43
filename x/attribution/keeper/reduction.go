package keeper

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math/bits"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// The operator of a model can add a notice of their own to every answer, and so be paid out of what others wrote. Two
// rules prevent that. Text of the model's owners and of the provider earns nothing in their own answers. And because
// accounts are free, a text earns less if its part of a model's recent answers is larger than its part of the manifest
// explains. The larger the part, the less it earns.

// modelVersion names a version of a model.
type modelVersion struct {
	id      uint64
	version uint32
}

func versionOf(record poa.Record) modelVersion {
	return modelVersion{record.ModelID, record.ModelVersion}
}

// textOfModel names a contribution in the answers of a version of a model.
type textOfModel struct {
	model modelVersion
	rank  uint64
}

// usedText is a contribution with what its weights in the answers of a batch could earn.
type usedText struct {
	textOfModel
	of     *knownContribution
	own    bool
	weight uint64
}

// reduce finds the entries of the batch that earn less than their weight, and returns the recurring texts of its
// provider with it counted.
func (s *submission) reduce(terms rewardstypes.Terms) ([]modelstypes.RecurringText, error) {
	used, models, err := s.usedTexts(terms)
	if err != nil {
		return nil, err
	}
	s.source.reductions = make(map[textOfModel]types.Reduction)
	for _, text := range used {
		if text.own {
			s.source.reduce(text.textOfModel, types.Reduction{Own: true})
		}
	}
	if s.params.FadeFloorPpm == 0 {
		return s.stored.Recurring, nil
	}
	manifests := s.manifests()
	texts, err := recurringTexts(used, manifests)
	if err != nil {
		return nil, err
	}
	recurring := modelstypes.Recur(s.stored.Recurring, models, texts)
	for _, text := range used {
		if text.own {
			continue
		}
		kept, err := s.kept(text, manifests[text.model], recurring)
		if err != nil {
			return nil, err
		}
		if kept < poa.TotalPPM {
			s.source.reduce(text.textOfModel, types.Reduction{KeptPpm: kept})
		}
	}
	return recurring, nil
}

// usedTexts adds up what answers of the batch that pay contributors could have earned to each text, in the order of
// their first use, and what each model's could have earned, by model.
func (s *submission) usedTexts(terms rewardstypes.Terms) ([]usedText, []modelstypes.AnsweredModel, error) {
	var used []usedText
	places := make(map[textOfModel]int)
	var models []modelstypes.AnsweredModel
	for _, c := range s.claims {
		at := modelVersion{c.session.ModelId, c.session.ModelVersion}
		answered := modelstypes.AnsweredModel{ID: at.id}
		royalty := megas(c.price.Royalty)
		for i := range c.receipts {
			receipt := &c.receipts[i]
			if receipt.Gap || !c.acknowledgedAt(i) {
				continue
			}
			earning := modelstypes.Earning(terms, megas(receipt.Fee), royalty)
			answered.Answers++
			answered.Volume += earning
			for _, entry := range receipt.Entries {
				text := textOfModel{at, entry.Rank}
				place, known := places[text]
				if !known {
					of, own, err := s.source.owned(at.id, entry.Rank, s.provider, s.params.PayOwnText)
					if err != nil {
						return nil, nil, err
					}
					place = len(used)
					places[text] = place
					used = append(used, usedText{textOfModel: text, of: of, own: own})
				}
				used[place].weight += modelstypes.MulDiv(earning, uint64(entry.WeightPPM), poa.TotalPPM)
			}
		}
		if answered.Answers > 0 {
			models = append(models, answered)
		}
	}
	slices.SortStableFunc(models, func(a, b modelstypes.AnsweredModel) int { return cmp.Compare(a.ID, b.ID) })
	sums := models[:0]
	for _, model := range models {
		if n := len(sums); n > 0 && sums[n-1].ID == model.ID {
			sums[n-1].Answers += model.Answers
			sums[n-1].Volume += model.Volume
			continue
		}
		sums = append(sums, model)
	}
	return used, sums, nil
}

// megas returns an amount in units of 10^6 aopen, rounded up, or the largest uint64 if it does not fit.
func megas(amount poa.Amount) uint64 {
	const mega = 1_000_000
	if amount.Hi >= mega {
		return ^uint64(0)
	}
	quotient, rest := bits.Div64(amount.Hi, amount.Lo, mega)
	if rest > 0 && quotient < ^uint64(0) {
		quotient++
	}
	return quotient
}

// owned returns a contribution, and reports whether it belongs to an owner of the model or to the provider, whose own
// text is not paid. Stopped text belongs to nobody.
func (s *source) owned(model, rank uint64, provider sdk.AccAddress, paid bool) (*knownContribution, bool, error) {
	found, err := s.find(rank)
	if err != nil || paid || found.pay.ToPool || found.pay.Burn {
		return found, false, err
	}
	if bytes.Equal(found.pay.Contributor, provider) {
		return found, true, nil
	}
	owners, err := s.ownersOf(model)
	return found, slices.Contains(owners, found.pay.Contributor.String()), err
}

// ownersOf returns the owners of a model and of those that it descends from, whether they have a share of the royalty
// or not.
func (s *source) ownersOf(model uint64) ([]string, error) {
	if owners, ok := s.owners[model]; ok {
		return owners, nil
	}
	var owners []string
	for id := model; id != 0; {
		found, err := s.keeper.models.GetModel(s.ctx, id)
		if err != nil {
			return nil, err
		}
		owners, id = append(owners, found.Owner), found.ParentId
	}
	s.owners[model] = owners
	return owners, nil
}

// reduceOwn reduces the entries of a record that a batch has not reduced and that are own text.
func (s *source) reduceOwn(provider sdk.AccAddress, record poa.Record) error {
	params, err := s.keeper.Params.Get(s.ctx)
	if err != nil {
		return err
	}
	for _, entry := range record.Entries {
		text := textOfModel{versionOf(record), entry.Rank}
		if _, reduced := s.reductions[text]; reduced {
			continue
		}
		if _, own, err := s.owned(record.ModelID, entry.Rank, provider, params.PayOwnText); err != nil {
			return err
		} else if own {
			s.reduce(text, types.Reduction{Own: true})
		}
	}
	return nil
}

func (s *source) reduce(text textOfModel, reduction types.Reduction) {
	reduction.ModelId, reduction.ModelVersion, reduction.Rank = text.model.id, text.model.version, text.rank
	s.reductions[text] = reduction
}

// reduced reads the reductions that a batch has frozen.
func (s *source) reduced(reductions []types.Reduction) {
	s.reductions = make(map[textOfModel]types.Reduction, len(reductions))
	for _, reduction := range reductions {
		s.reduce(textOfModel{modelVersion{reduction.ModelId, reduction.ModelVersion}, reduction.Rank}, reduction)
	}
}

// reductionsIn returns those of one record, in the order of its entries.
func (s *source) reductionsIn(record poa.Record) []types.Reduction {
	var out []types.Reduction
	for _, entry := range record.Entries {
		if reduction, reduced := s.reductions[textOfModel{versionOf(record), entry.Rank}]; reduced {
			out = append(out, reduction)
		}
	}
	return out
}

// manifest is the text of a model that each of its texts is compared with.
type manifest struct {
	source  *source
	version modelstypes.ModelVersion
	// tokens of each DataNet in the manifest, of all, and of those whose owners accept what is in them; nil until they are
	// asked for.
	tokens          map[uint64]uint64
	all, unreviewed uint64
}

// manifests of the models that answer in the batch.
func (s *submission) manifests() map[modelVersion]*manifest {
	out := make(map[modelVersion]*manifest)
	for _, c := range s.claims {
		out[modelVersion{c.session.ModelId, c.session.ModelVersion}] = &manifest{source: s.source, version: c.version}
	}
	return out
}

// groups returns the groups that a contribution is counted in, besides its own text. If an owner accepts contributions
// alone, splitting a text into many contributions must not help. So the contributions of such a DataNet count as one
// text if the manifest has other DataNets, and those of all such DataNets count as one text if the manifest has a
// DataNet that panels review.
func (m *manifest) groups(of *knownContribution) (datanet, unreviewed bool, err error) {
	if len(m.version.Manifest) < 2 {
		return false, false, nil
	}
	if reviewed, err := m.source.reviewed(of.datanet); reviewed || err != nil {
		return false, false, err
	}
	for _, entry := range m.version.Manifest {
		reviewed, err := m.source.reviewed(entry.DatanetId)
		if err != nil || reviewed {
			return true, reviewed, err
		}
	}
	return true, false, nil
}

// reviewed reports whether panels decide what is in a DataNet.
func (s *source) reviewed(datanetID uint64) (bool, error) {
	datanet, err := s.datanetOf(datanetID)
	if err != nil {
		return false, s.fail(err)
	}
	return datanet.ReviewPolicy == datanettypes.REVIEW_POLICY_PANEL, nil
}

// count reads how many tokens the DataNets of the manifest have in it.
func (m *manifest) count() error {
	if m.tokens != nil {
		return nil
	}
	m.tokens = make(map[uint64]uint64, len(m.version.Manifest))
	for _, entry := range m.version.Manifest {
		version, err := m.source.keeper.datanets.GetVersion(m.source.ctx, entry.DatanetId, entry.Version)
		if err != nil {
			return m.source.fail(err)
		}
		reviewed, err := m.source.reviewed(entry.DatanetId)
		if err != nil {
			return err
		}
		m.tokens[entry.DatanetId] = version.Tokens
		m.all += version.Tokens
		if !reviewed {
			m.unreviewed += version.Tokens
		}
	}
	return nil
}

// recurringTexts returns what each text and each group of texts could have earned in the batch, in order. Own text
// earns nothing and does not count.
func recurringTexts(used []usedText, manifests map[modelVersion]*manifest) ([]modelstypes.RecurringText, error) {
	texts := make([]modelstypes.RecurringText, 0, len(used))
	add := func(text usedText, datanet, rank uint64) {
		texts = append(
			texts, modelstypes.RecurringText{ModelId: text.model.id, DatanetId: datanet, Rank: rank, Weight: text.weight})
	}
	for _, text := range used {
		if text.own {
			continue
		}
		add(text, text.of.datanet, text.rank)
		datanet, unreviewed, err := manifests[text.model].groups(text.of)
		if err != nil {
			return nil, err
		}
		if datanet {
			add(text, text.of.datanet, 0)
		}
		if unreviewed {
			add(text, 0, 0)
		}
	}
	slices.SortFunc(texts, func(a, b modelstypes.RecurringText) int { return a.ID().Compare(b.ID()) })
	out := texts[:0]
	for _, text := range texts {
		if n := len(out); n > 0 && out[n-1].ID() == text.ID() {
			out[n-1].Weight += text.Weight
			continue
		}
		out = append(out, text)
	}
	return out, nil
}

// kept returns the part of its pay that a text keeps, in parts per million. With it, the text and each group that it is
// in earn on average no more than they may.
func (s *submission) kept(text usedText, in *manifest, recurring []modelstypes.RecurringText) (uint32, error) {
	kept := uint32(poa.TotalPPM)
	lower := func(datanet, rank uint64, tokens func() uint64) error {
		id := modelstypes.TextID{Model: text.model.id, DataNet: datanet, Rank: rank}
		place, found := slices.BinarySearchFunc(recurring, id,
			func(t modelstypes.RecurringText, id modelstypes.TextID) int { return t.ID().Compare(id) })
		if !found {
			return nil
		}
		average := recurring[place].AveragePPM()
		if average <= s.params.FadeFloorPpm {
			return nil
		}
		if err := in.count(); err != nil {
			return err
		}
		if most := s.params.FadeCapPPM(tokens(), in.all); average > most {
			kept = min(kept, uint32(uint64(most)*poa.TotalPPM/uint64(average)))
		}
		return nil
	}
	datanet, unreviewed, err := in.groups(text.of)
	if err != nil {
		return 0, err
	}
	if err := lower(text.of.datanet, text.rank, func() uint64 { return text.of.tokens }); err != nil {
		return 0, err
	}
	if datanet {
		if err := lower(text.of.datanet, 0, func() uint64 { return in.tokens[text.of.datanet] }); err != nil {
			return 0, err
		}
	}
	if unreviewed {
		if err := lower(0, 0, func() uint64 { return in.unreviewed }); err != nil {
			return 0, err
		}
	}
	return kept, nil
}

// storeReductions freezes what the batch's entries keep, if any earns less than its weight.
func (s *submission) storeReductions(batch *types.Batch) error {
	if len(s.source.reductions) == 0 {
		return nil
	}
	all := types.Reductions{BatchId: batch.Id}
	event := types.EventWeightsReduced{BatchId: batch.Id, Provider: batch.Provider}
	// Look them up in the order of the claims, because a map has no order.
	taken := make(map[textOfModel]bool, len(s.source.reductions))
	for _, c := range s.claims {
		at := modelVersion{c.session.ModelId, c.session.ModelVersion}
		for i := range c.receipts {
			for _, entry := range c.receipts[i].Entries {
				text := textOfModel{at, entry.Rank}
				reduction, reduced := s.source.reductions[text]
				if !reduced || taken[text] {
					continue
				}
				taken[text] = true
				all.Reductions = append(all.Reductions, reduction)
				if reduction.Own {
					event.Own++
				} else {
					event.Faded++
				}
			}
		}
	}
	slices.SortFunc(all.Reductions, types.Reduction.Compare)
	if err := s.keeper.Reductions.Set(s.ctx, batch.Id, all); err != nil {
		return err
	}
	return s.ctx.EventManager().EmitTypedEvent(&event)
}

// reductionsOf returns what a batch has frozen.
func (k Keeper) reductionsOf(ctx context.Context, batch uint64) ([]types.Reduction, error) {
	reductions, err := k.Reductions.Get(ctx, batch)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	return reductions.Reductions, err
}
