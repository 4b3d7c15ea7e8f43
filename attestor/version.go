package attestor

import (
	"context"
	"errors"
	"fmt"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// maxNamed bounds the missing contributions that a reason names.
const maxNamed = 3

// holdVersion fetches the text of a DataNet version and checks that it is what was registered.
func (a *Attestor) holdVersion(ctx context.Context, j *job) (attributiontypes.Verdict, error) {
	datanet, err := a.chain.datanet(ctx, j.item.DatanetId)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	subject := fmt.Sprintf("%s/datanet/%d/%d", a.chain.id, datanet.Id, j.item.Version)
	return a.remember(j.item.Number, subject, func() (attributiontypes.Verdict, error) {
		contributions, err := manifest.List(ctx, a.chain.datanets, datanet.Id, j.item.Version)
		if err != nil {
			return attributiontypes.VerdictUnknown, err
		}
		a.setWants(j, a.missing(contributions))
		var missing []error
		for _, contribution := range contributions {
			err := a.holdContribution(ctx, contribution, poa.SegmentRules{AllowFewStopWords: datanet.AllowFewStopWords})
			if errors.Is(err, manifest.ErrFile) {
				return attributiontypes.VerdictInvalid, fmt.Errorf("contribution %d: %w", contribution.Rank, err)
			}
			if err != nil {
				missing = append(missing, fmt.Errorf("contribution %d: %w", contribution.Rank, err))
			}
		}
		if len(missing) > 0 {
			return attributiontypes.VerdictUnknown, fmt.Errorf("%d of %d contributions are not held: %w", len(missing), len(contributions), errors.Join(missing[:min(len(missing), maxNamed)]...))
		}
		return attributiontypes.VerdictValid, nil
	})
}

// missing returns the content hashes of contributions whose text was not checked yet.
func (a *Attestor) missing(contributions []datanettypes.Contribution) []poa.Hash {
	var hashes []poa.Hash
	for _, c := range contributions {
		if hash, err := poa.HashFromBytes(c.ContentHash); err == nil && !a.book.checked(c.Rank, c.ContentHash) {
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

// holdContribution makes sure that the text of a contribution is in the store and right. Text that has the registered hash and is not
// what else was registered wraps manifest.ErrFile.
func (a *Attestor) holdContribution(ctx context.Context, contribution datanettypes.Contribution, rules poa.SegmentRules) error {
	hash, err := poa.HashFromBytes(contribution.ContentHash)
	if err != nil {
		return err
	}
	if a.book.checked(contribution.Rank, contribution.ContentHash) {
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
	if err := checkText(contribution, encoded, rules); err != nil {
		return err
	}
	return a.book.setChecked(contribution.Rank, contribution.ContentHash)
}

// checkText compares a segment file that has the right hash with everything else that the chain knows of it.
func checkText(contribution datanettypes.Contribution, encoded []byte, rules poa.SegmentRules) error {
	found, err := manifest.Check(contribution, encoded)
	if err != nil {
		return err
	}
	statistics := found.File.StatisticsRoot()
	switch {
	case uint32(len(found.File.Segments)) != contribution.Segments:
		return fmt.Errorf("%w: %d segments instead of %d", manifest.ErrFile, len(found.File.Segments), contribution.Segments)
	case found.File.Tokens() != contribution.Tokens:
		return fmt.Errorf("%w: %d tokens instead of %d", manifest.ErrFile, found.File.Tokens(), contribution.Tokens)
	case uint64(len(encoded)) != contribution.Bytes:
		return fmt.Errorf("%w: %d bytes instead of %d", manifest.ErrFile, len(encoded), contribution.Bytes)
	case string(statistics[:]) != string(contribution.StatisticsRoot):
		return fmt.Errorf("%w: its statistics have root %s", manifest.ErrFile, statistics)
	}
	if err := found.File.Check(rules); err != nil {
		return fmt.Errorf("%w: %w", manifest.ErrFile, err)
	}
	return nil
}

// fetchText asks peers and then the place that the contributor named, and stores what has the hash.
func (a *Attestor) fetchText(ctx context.Context, contribution datanettypes.Contribution, hash poa.Hash) ([]byte, error) {
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
	return nil, fmt.Errorf("%s is not held and was found nowhere; push it with `openledgerd attestor push`: %w", hash, errors.Join(failures...))
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
