package attestor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// maxNamed bounds the missing contributions that a reason names.
const maxNamed = 3

// judgeVersion fetches the text that an item asks about, checks that it is what was registered, and computes what it
// derives from. An attestor that says that it holds text of a DataNet must hold all text that entered before: it will
// have to judge answers from it.
func (a *Attestor) judgeVersion(ctx context.Context, j *job) (attributiontypes.Verdict, error) {
	datanet, err := a.chain.datanet(ctx, j.item.DatanetId)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	ask, asked, err := a.chain.ask(ctx, datanet.Id, j.item.Rank)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	subject := fmt.Sprintf("%s/datanet/%d/%v/%d", a.chain.id, datanet.Id, ask.Ranks, ask.Sources)
	return a.remember(j.item.Number, subject, func() (verdict attributiontypes.Verdict, reason error) {
		entered := a.fetching.do(ctx, versionsClass,
			func(*ticket) { verdict, reason = a.holdVersion(ctx, j, datanet, ask, asked) })
		if entered != nil || verdict != attributiontypes.VerdictValid {
			return verdict, errors.Join(entered, reason)
		}
		var differs error
		entered = a.indexing.do(ctx, versionsClass,
			func(turn *ticket) { differs, reason = a.provenances.check(ctx, turn, ask, asked) })
		switch {
		case entered != nil || reason != nil:
			return attributiontypes.VerdictUnknown, errors.Join(entered, reason)
		case differs != nil:
			return attributiontypes.VerdictDiffers, differs
		}
		return attributiontypes.VerdictValid, nil
	})
}

// holdVersion finds text and compares it with what was registered.
func (a *Attestor) holdVersion(ctx context.Context, j *job, datanet datanettypes.DataNet, ask datanettypes.HoldAsk,
	asked []datanettypes.Contribution) (attributiontypes.Verdict, error) {
	rules := poa.SegmentRules{AllowFewStopWords: datanet.AllowFewStopWords}
	earlier, err := manifest.Held(ctx, a.chain.datanets, datanet.Id, a.holds.from(datanet.Id), ask.Sources)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	a.resubscribe(j, a.missing(append(slices.Clone(asked), earlier...)))
	missing, unfit := a.holdAll(ctx, asked, rules)
	if unfit != nil {
		return attributiontypes.VerdictInvalid, unfit
	}
	gone, unfit := a.holdAll(ctx, earlier, rules)
	if unfit != nil { // others hold it: what is here is damaged, and is fetched again
		gone = append(gone, unfit)
	}
	if missing = append(missing, gone...); len(missing) > 0 {
		return attributiontypes.VerdictUnknown, fmt.Errorf("%d of %d contributions are not held: %w", len(missing),
			len(asked)+len(earlier), errors.Join(missing[:min(len(missing), maxNamed)]...))
	}
	a.holds.reached(datanet.Id, ask.Sources)
	return attributiontypes.VerdictValid, nil
}

// holdAll makes sure that contributions are in the store and right. It returns why some are not here, and the first
// that is not what was registered.
func (a *Attestor) holdAll(ctx context.Context, contributions []datanettypes.Contribution,
	rules poa.SegmentRules) (missing []error, unfit error) {
	for _, contribution := range contributions {
		err := a.holdContribution(ctx, contribution, rules)
		if errors.Is(err, manifest.ErrFile) {
			return missing, fmt.Errorf("contribution %d: %w", contribution.Rank, err)
		}
		if err != nil {
			missing = append(missing, fmt.Errorf("contribution %d: %w", contribution.Rank, err))
		}
	}
	return missing, nil
}

// holds knows how many of the contributions that have entered a DataNet were found in the store since the start, in
// their order: they are not looked at again with each question.
type holds struct {
	mu    sync.Mutex
	until map[uint64]uint64
}

func (h *holds) from(datanet uint64) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.until[datanet]
}

func (h *holds) reached(datanet, until uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.until == nil {
		h.until = make(map[uint64]uint64)
	}
	h.until[datanet] = max(h.until[datanet], until)
}

// missing returns the content hashes of contributions whose text was not checked yet.
func (a *Attestor) missing(contributions []datanettypes.Contribution) []poa.Hash {
	var hashes []poa.Hash
	for _, c := range contributions {
		if hash, err := poa.HashFromBytes(c.ContentHash); err == nil && !a.store.checked(c.Rank, c.ContentHash) {
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

// holdContribution makes sure that the text of a contribution is in the store and right. Text that has the registered
// hash and is not what else was registered wraps manifest.ErrFile.
func (a *Attestor) holdContribution(ctx context.Context, contribution datanettypes.Contribution,
	rules poa.SegmentRules) error {
	hash, err := poa.HashFromBytes(contribution.ContentHash)
	if err != nil {
		return err
	}
	if a.store.checked(contribution.Rank, contribution.ContentHash) {
		if here, err := a.text.Has(ctx, hash); err != nil || here {
			return err
		}
	}
	encoded, err := a.text.Get(ctx, hash)
	if errors.Is(err, content.ErrNotFound) || errors.Is(err, content.ErrCorrupt) {
		encoded, err = a.fetchText(ctx, contribution, hash)
	}
	if err != nil {
		return err
	}
	if _, err := manifest.CheckAll(contribution, encoded, rules); err != nil {
		return err
	}
	return a.store.setChecked(contribution.Rank, contribution.ContentHash)
}

// fetchText asks peers and then the place that the contributor named, and stores what has the hash.
func (a *Attestor) fetchText(ctx context.Context, contribution datanettypes.Contribution,
	hash poa.Hash) ([]byte, error) {
	size := int64(contribution.Bytes)
	if size > content.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes are registered", content.ErrTooLarge, size)
	}
	var failures []error
	try := func(encoded []byte, err error) []byte {
		if err == nil && poa.Hash(contentHash(encoded)) != hash {
			err = content.ErrCorrupt
		}
		if err == nil {
			_, err = a.text.Put(ctx, encoded)
		}
		if err != nil {
			failures = append(failures, err)
			return nil
		}
		return encoded
	}
	for _, peer := range a.config.Peers {
		if encoded := try(a.download(ctx, a.peers, peer, "v1/content/"+hash.String(), size, size)); encoded != nil {
			return encoded, nil
		}
	}
	if contribution.Uri != "" {
		if encoded := try(a.fetchNamed(ctx, contribution.Uri, size, hash)); encoded != nil {
			return encoded, nil
		}
	}
	return nil, nowhere(hash.String()+" is not held and was found nowhere; push it with `openledgerd attestor push`",
		failures)
}

// fetchNamed reads text from where its contributor put it.
func (a *Attestor) fetchNamed(ctx context.Context, uri string, size int64, hash poa.Hash) ([]byte, error) {
	return a.fetch.GetChecked(ctx, uri, size, size, func(encoded []byte) error {
		if poa.Hash(contentHash(encoded)) != hash {
			return content.ErrCorrupt
		}
		return nil
	})
}

// HoldText puts a segment file into the store, whatever the chain asks for.
func (a *Attestor) HoldText(ctx context.Context, encoded []byte) error {
	hash, err := a.text.Put(ctx, encoded)
	if err == nil {
		a.wake(hash)
	}
	return err
}
