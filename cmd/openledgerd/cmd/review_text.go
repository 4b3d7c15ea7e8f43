package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagAllowPrivate = "allow-private"
	flagFetch        = "fetch-missing"
)

// textPatience is how long a text waits for its turn at a host that has many.
const textPatience = time.Minute

// addTextFlags lets the user say where text comes from.
func addTextFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String(flagContent, "", "content store with segment files: a directory or a bucket URL (default HOME/content)")
	f.StringArray(flagMirror, nil, "base URL of an attestor that holds text, asked last; can be repeated")
	f.Bool(flagAllowPrivate, false, "take text from addresses that are not public and from files too, for networks on "+
		"one machine")
}

// addFetchFlag lets the user have text downloaded that is compared with.
func addFetchFlag(cmd *cobra.Command) {
	cmd.Flags().Bool(flagFetch, false, "download text to compare with that is not in the content store")
}

// texts finds segment files: in a content store, then where their contributor
// published them, then at attestors. What it downloads it keeps in the store.
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

// errNoText says that the text of a contribution was found nowhere.
var errNoText = errors.New("cannot be fetched")

// get returns the segment file of a contribution, and where it was found. The
// content hash of the chain decides whether it is that file.
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
			tried = append(tried, fmt.Sprintf("%s: %v", plain(location), err))
			return nil
		}
		if _, err := t.store.Put(ctx, encoded); err != nil {
			fmt.Fprintf(t.warn, "warning: %s does not keep the text of contribution %d: %v\n", t.location, c.Rank, err)
		}
		return encoded
	}
	if c.Uri == "" {
		tried = append(tried, "its contributor did not say where it is published")
	} else if encoded := try(t.public, c.Uri); encoded != nil {
		return encoded, plain(c.Uri), nil
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

// held returns the text of a contribution if it is in the store, or can be downloaded if that is wanted.
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
	case err != nil: // a store that does not answer says nothing about what it holds
		return poa.SegmentFile{}, false, fmt.Errorf("contribution %d: %w", c.Rank, err)
	}
	file, err := poa.ParseSegmentFile(encoded)
	return file, err == nil, nil
}

// load returns a contribution with its text, which stands under its root.
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

// copied is a pair of segments that shows a duplicate to the chain.
type copied struct {
	pair                     overlap.Pair
	segment, originalSegment datanettypes.SegmentProof
}

// errNoCopy says that nothing more is copied.
var errNoCopy = errors.New("nothing to show")

// findCopy finds the segment of a contribution that copies most of one of an
// earlier contribution, and builds what the chain asks for. It fails when the
// chain would. Segments that are named are passed over.
func findCopy(ctx context.Context, query datanettypes.QueryClient, texts *texts, rank, originalRank uint64,
	but ...uint32) (copied, error) {
	if originalRank >= rank {
		return copied{}, fmt.Errorf("contribution %d is not earlier than %d: what is copied has the lower rank", originalRank,
			rank)
	}
	var both [2]manifest.Contribution
	for i, r := range []uint64{rank, originalRank} {
		found, err := query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: r})
		if err != nil {
			return copied{}, fmt.Errorf("contribution %d: %w", r, err)
		}
		if r == originalRank && found.Contribution.AcceptedVersion == 0 {
			return copied{}, fmt.Errorf("contribution %d was never accepted, it is %s: only copies of accepted text count", r,
				statusName(found.Contribution.Status))
		}
		if both[i], _, err = texts.load(ctx, found.Contribution); err != nil {
			return copied{}, err
		}
	}
	later, original := both[0], both[1]
	passesOn := func(segment int) bool {
		return slices.Contains(but, uint32(segment)) ||
			slices.ContainsFunc(later.Derivations, func(d datanettypes.Derivation) bool {
				return d.Segment == uint32(segment) && d.Rank == originalRank && d.Ppm >= poa.DuplicatePPM
			})
	}
	pair, err := overlap.Copies(later.File, original.File, passesOn)
	if err != nil {
		return copied{}, err
	}
	if !pair.Duplicate() {
		return copied{}, fmt.Errorf(
			"%w: no segment of contribution %d is a duplicate of one of contribution %d: the most that is copied of one is "+
				"%.1f %%, the chain asks for %.0f %%",
			errNoCopy, rank, originalRank, percent(pair.CopiedPPM), percent(poa.DuplicatePPM))
	}
	out := copied{pair: pair}
	if out.segment, err = proveSegment(later, pair.Later); err != nil {
		return copied{}, err
	}
	out.originalSegment, err = proveSegment(original, pair.Earlier)
	return out, err
}

// proveSegment shows a segment under the root of its contribution, and checks it as the chain will.
func proveSegment(c manifest.Contribution, index int) (datanettypes.SegmentProof, error) {
	path, err := poa.MerklePath(c.Leaves, index)
	if err != nil {
		return datanettypes.SegmentProof{}, err
	}
	proof := datanettypes.SegmentProof{Index: uint32(index), Text: c.File.Segments[index]}
	for _, hash := range path {
		proof.Path = append(proof.Path, slices.Clone(hash[:]))
	}
	contributor, err := sdk.AccAddressFromBech32(c.Contributor)
	if err != nil {
		return proof, err
	}
	if err := errors.Join(proof.Validate(), proof.Verify(c.Root, contributor, c.Segments, c.Norm())); err != nil {
		return proof, fmt.Errorf("segment %d of contribution %d: %w", index, c.Rank, err)
	}
	return proof, nil
}

// plain returns a text of strangers so that a terminal only shows it: what is
// not printed, such as escape sequences and marks that turn text round, is
// spelled out.
func plain(text string) string {
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		case unicode.IsPrint(r) || r == '\n' || r == '\t':
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\u{%x}`, r)
		}
		text = text[size:]
	}
	return out.String()
}

// line is plain on one line.
func line(text string) string { return strings.Join(strings.Fields(plain(text)), " ") }

func statusName(status datanettypes.ContributionStatus) string {
	return enumName(status.String(), "CONTRIBUTION_STATUS_")
}

// enumName returns the name of a constant for people: OFF_TOPIC is off-topic.
func enumName(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", "-")
}
