package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagAllowPrivate = "allow-private"
	flagFetch        = "fetch-missing"
)

// textPatience is how long a download waits for its turn at a host from which many texts come.
const textPatience = time.Minute

// addTextFlags adds the flags that say where text comes from.
func addTextFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String(flagContent, "", "content store with segment files: a directory or a bucket URL (default HOME/content)")
	f.StringArray(flagMirror, nil, "base URL of an attestor that holds text; it is asked last; can be repeated")
	f.Bool(flagAllowPrivate, false, "also take text from files and from addresses that are not public: for networks on "+
		"one machine")
}

// addFetchFlag adds the flag that allows downloads of text to compare with.
func addFetchFlag(cmd *cobra.Command) {
	cmd.Flags().Bool(flagFetch, false, "download text to compare with that is not in the content store")
}

// texts finds segment files: in a content store, then where their contributor published them, then at attestors. It
// keeps downloads in the store.
type texts struct {
	location  string
	store     *content.Store
	public    *fetch.Client
	attestors []string
	trusted   *fetch.Client // for addresses that the user gave
	warn      io.Writer
}

func openTexts(cmd *cobra.Command, clientCtx client.Context) (*texts, error) {
	location := contentLocation(cmd, clientCtx)
	store, err := content.Open(cmd.Context(), location)
	if err != nil {
		return nil, err
	}
	local, _ := cmd.Flags().GetBool(flagAllowPrivate)
	public := fetch.LocalLimits(local)
	public.Patience = textPatience
	attestors, _ := cmd.Flags().GetStringArray(flagMirror)
	return &texts{
		location: location, store: store, public: fetch.New(public), attestors: attestors,
		trusted: fetch.New(fetch.TrustedLimits()), warn: cmd.ErrOrStderr(),
	}, nil
}

// Close releases the store.
func (t *texts) Close() error { return t.store.Close() }

// errNoText says that the text of a contribution cannot be fetched from anywhere.
var errNoText = errors.New("cannot be fetched")

// get returns the segment file of a contribution, and where it was found. The file must have the content hash that is
// on chain.
func (t *texts) get(ctx context.Context, c datanettypes.Contribution) ([]byte, string, error) {
	hash := [32]byte(c.ContentHash)
	encoded, err := t.store.Get(ctx, hash)
	if err == nil {
		return encoded, t.location, nil
	}
	tried := []string{fmt.Sprintf("%s: %v", t.location, err)}
	try := func(client *fetch.Client, location string) []byte {
		encoded, err := client.GetChecked(ctx, location, int64(min(c.Bytes, content.MaxBytes+1)), content.MaxBytes,
			func(encoded []byte) error {
				_, err := content.Read(bytes.NewReader(encoded), hash)
				return err
			})
		if err != nil {
			tried = append(tried, fmt.Sprintf("%s: %v", printable(location), err))
			return nil
		}
		if _, err := t.store.Put(ctx, encoded); err != nil {
			fmt.Fprintf(t.warn, "warning: the text of contribution %d could not be kept in %s: %v\n", c.Rank, t.location, err)
		}
		return encoded
	}
	if c.Uri == "" {
		tried = append(tried, "its contributor did not say where it is published")
	} else if encoded := try(t.public, c.Uri); encoded != nil {
		return encoded, printable(c.Uri), nil
	}
	for _, attestor := range t.attestors {
		location := strings.TrimSuffix(attestor, "/") + fmt.Sprintf("/v1/content/%x", hash)
		if encoded := try(t.trusted, location); encoded != nil {
			return encoded, location, nil
		}
	}
	if len(t.attestors) == 0 {
		tried = append(tried, "no attestor was asked: give --"+flagMirror+" http://HOST:8090")
	}
	return nil, "", fmt.Errorf("the text of contribution %d %w:\n  %s", c.Rank, errNoText, strings.Join(tried, "\n  "))
}

// held returns the text of a contribution if it is in the store. With download it also tries to download it.
func (t *texts) held(ctx context.Context, c datanettypes.Contribution, download bool) (poa.SegmentFile, bool, error) {
	encoded, err := t.store.Get(ctx, [32]byte(c.ContentHash))
	switch {
	case errors.Is(err, content.ErrNotFound) || errors.Is(err, content.ErrCorrupt):
		if !download {
			return poa.SegmentFile{}, false, nil
		}
		if encoded, _, err = t.get(ctx, c); err != nil {
			return poa.SegmentFile{}, false, ctx.Err()
		}
	case err != nil: // the store did not answer: it may hold the text
		return poa.SegmentFile{}, false, fmt.Errorf("contribution %d: %w", c.Rank, err)
	}
	file, err := poa.ParseSegmentFile(encoded)
	return file, err == nil, nil
}

// load returns a contribution with its text, checked against its root.
func (t *texts) load(ctx context.Context, c datanettypes.Contribution) (manifest.Contribution, string, error) {
	encoded, from, err := t.get(ctx, c)
	if err != nil {
		return manifest.Contribution{}, "", err
	}
	loaded, err := manifest.Check(c, encoded)
	if err != nil {
		err = fmt.Errorf("contribution %d, from %s: %w", c.Rank, from, err)
	}
	return loaded, from, err
}
