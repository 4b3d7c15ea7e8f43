package retrieval

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/openledger/openledger/content"
	guarded "github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// Fetch returns a function that reads segment files from the store. It first downloads missing ones into the store,
// from where their contributors put them.
func Fetch(store *content.Store, from *guarded.Client) manifest.Fetch {
	return func(ctx context.Context, c datanettypes.Contribution) ([]byte, error) {
		return fetch(ctx, store, from, c)
	}
}

// fetch returns a segment file from the store. If it is missing, it downloads it into the store, from where its
// contributor put it.
func fetch(ctx context.Context, store *content.Store, from *guarded.Client,
	contribution datanettypes.Contribution) ([]byte, error) {
	hash, err := poa.HashFromBytes(contribution.ContentHash)
	if err != nil {
		return nil, err
	}
	encoded, err := store.Get(ctx, hash)
	if err == nil {
		return encoded, nil
	}
	if contribution.Uri == "" {
		return nil, fmt.Errorf("%w, and the contributor named no other place: copy %s into the content store", err,
			hex.EncodeToString(hash[:]))
	}
	size := int64(contribution.Bytes)
	if size < 0 || size > content.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes are registered", content.ErrTooLarge, contribution.Bytes)
	}
	encoded, err = from.GetChecked(ctx, contribution.Uri, size, size, func(encoded []byte) error {
		_, err := content.Read(bytes.NewReader(encoded), hash)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%q: %w; or copy %s into the content store", contribution.Uri, err,
			hex.EncodeToString(hash[:]))
	}
	_, err = store.Put(ctx, encoded)
	return encoded, err
}
