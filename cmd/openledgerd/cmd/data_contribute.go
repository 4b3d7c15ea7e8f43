package cmd

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/data"
	"github.com/openledger/openledger/cmd/openledgerd/review"
	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	flagDatanet      = "datanet"
	flagContent      = "content"
	flagURI          = "uri"
	flagTitle        = "title"
	flagLicence      = "licence"
	flagCheck        = "check"
	flagAllowMissing = "allow-missing"
	flagBounty       = "bounty"
	flagGoldFor      = "gold-for"
	saltSize         = 32
)

func contentHash(encoded []byte) poa.Hash { return sha256.Sum256(encoded) }

func dataContributeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contribute PATH",
		Short: "Seal and reveal files as a contribution to a DataNet",
		Long: `Prepare and check the files below PATH, put the segment file into a content
store, seal the contribution on chain (commit), wait, and open it (reveal). Then the
owner of the DataNet or a panel accepts or rejects it. A file that fails a check is
not stored.

The segments are compared with what enters the DataNet before, as
` + "`data check --datanet`" + ` does. Derived segments are declared, so that a share of their
pay passes to what they were derived from. Validators compute the derivations from
the text, too. A contribution that declares others is set aside after acceptance,
until ` + "`data derivations RANK --propose`" + ` has corrected it. A contribution has at most
256 derivations: if yours has more, contribute it in parts. The text to compare with
is read from the content store; --fetch-missing and --attestor download what is
missing there.

With --check duplicates are refused, and nothing is sent while text to compare
with is missing, unless --allow-missing says to go on without it.

With --gold-for OWNER the contribution may become gold: the owner of the DataNet
may seal it as an item whose verdict is known, with ` + "`review gold seal`" + `, and open
it when the ballots are open. As altered gold it is rejected then. Contribute it
from an account that nobody connects with the owner. The salt for it is written
to HOME/review/CHAIN/marks before anything is sent. Keep that file secret: it tells
which item is gold. The owner seals with the same home directory, or a copy of that
file.

The salt of the seal is written to disk before anything is sent. If the command
is interrupted, run it again with the same arguments: it goes on where it
stopped. A sealed contribution that is not revealed in time loses its deposit.
While the DataNet is closed or full the command waits. Shortly before the time is
over it gives the place up, which returns the deposit. If the bounty has ended in
the meantime, run the command again without --bounty.`,
		Example: `openledgerd data contribute notes/ --datanet 1 --from alice --title "Case notes 2026"
openledgerd data contribute notes/ --datanet 1 --from alice --check --attestor http://attestor.example.org:8090
openledgerd data contribute notes/ --datanet 1 --from alice --check --allow-missing
openledgerd data contribute notes/ --datanet 1 --from alice --content ./content --uri https://example.org/notes.olseg
openledgerd data contribute spoilt.md --datanet 1 --from newcomer --gold-for owner`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			send, err := newSender(cmd)
			if err != nil {
				return err
			}
			prepared, encoded, err := prepareData(cmd, args[0], true)
			if err != nil {
				return err
			}
			return contribute(cmd, send, prepared.File, encoded)
		},
	}
	addSendFlags(cmd)
	addPrepareFlags(cmd)
	f := cmd.Flags()
	f.Uint64(flagDatanet, 0, "DataNet to contribute to")
	addTextFlags(cmd)
	addFetchFlag(cmd)
	f.String(flagURI, "", "URL at which others can fetch the segment file")
	f.String(flagTitle, "", "title for people")
	f.String(flagLicence, "", "SPDX expression; empty takes the DataNet's")
	f.Uint64(flagBounty, 0, "bounty to apply for; see openledgerd query datanet bounties")
	f.String(flagGoldFor, "", "owner of the DataNet, by address or name of the key, who may open the contribution as gold")
	f.Bool(flagCheck, false, "refuse duplicates, and send nothing while text to compare with is missing")
	f.Bool(flagAllowMissing, false, "with --check: go on without missing text; what is derived from it is not declared")
	_ = cmd.MarkFlagRequired(flagDatanet)
	return cmd
}

// contribute checks, stores, seals and reveals a segment file.
func contribute(cmd *cobra.Command, send *sender, file poa.SegmentFile, encoded []byte) error {
	ctx := cmd.Context()
	query := datanettypes.NewQueryClient(send.clientCtx)
	datanetID, _ := cmd.Flags().GetUint64(flagDatanet)
	found, err := query.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: datanetID})
	if err != nil {
		return fmt.Errorf("DataNet %d: %w", datanetID, err)
	}
	datanet := found.Datanet
	params, err := query.Params(ctx, &datanettypes.QueryParamsRequest{})
	if err != nil {
		return err
	}
	store := data.Store{Dir: filepath.Join(send.clientCtx.HomeDir, "contributions")}
	planter, err := planterOf(cmd, send.clientCtx, datanet)
	if err != nil {
		return err
	}
	pending, err := plan(cmd, send, store, file, encoded)
	if err != nil {
		return err
	}
	if datanet.Closed && pending.Reveal.Rank == 0 { // a sealed contribution goes on: its deposit is at risk
		return fmt.Errorf("DataNet %d was closed by its owner: it takes no contributions", datanetID)
	}
	// Only after all checks: text that is refused would be found as earlier text next time.
	if err := storeContent(ctx, cmd, send.clientCtx, encoded); err != nil {
		return err
	}
	if planter != "" {
		if err := markGold(cmd, send.clientCtx, planter, pending); err != nil {
			return fmt.Errorf("nothing was sent, because what makes it gold could not be kept: %w", err)
		}
	}
	if err := seal(cmd, send, store, pending, params.Params, datanet); err != nil {
		return err
	}
	commit, err := query.Commit(ctx, &datanettypes.QueryCommitRequest{Rank: pending.Reveal.Rank})
	if err != nil {
		return fmt.Errorf("commit %d is not open: it was revealed or has expired: %w", pending.Reveal.Rank, err)
	}
	cmd.Printf("sealed      rank %d; revealing from block %d (until %d)\n", pending.Reveal.Rank, commit.Commit.RevealFrom,
		commit.Commit.RevealUntil)
	// The bounty is named when the contribution is opened: another run may name another one, or none.
	pending.Reveal.Bounty, _ = cmd.Flags().GetUint64(flagBounty)
	response, err := openSealed(ctx, cmd.OutOrStdout(), send, query, commit.Commit, pending.Reveal)
	if err != nil && !errors.Is(err, errGivenUp) {
		return err
	}
	if err := errors.Join(err, store.Remove(*pending)); err != nil {
		return err
	}
	cmd.Printf("revealed    contribution %d in block %d, transaction %s\n", pending.Reveal.Rank, response.Height,
		response.TxHash)
	decides := "its DataNet's owner decides"
	if datanet.ReviewPolicy == datanettypes.REVIEW_POLICY_PANEL {
		decides = "a panel decides in some days"
	}
	cmd.Printf("next        %s: `openledgerd query datanet contribution %d`\n", decides, pending.Reveal.Rank)
	if planter != "" {
		cmd.Printf("gold        while its cohort is filling: `openledgerd review gold seal %d --kind altered|sound --from "+
			"OWNER`\n", pending.Reveal.Rank)
	}
	return nil
}

// planterOf returns the account that may open the contribution as gold, "" without --gold-for. The chain takes such
// gold from the owner alone.
func planterOf(cmd *cobra.Command, clientCtx client.Context, datanet datanettypes.DataNet) (string, error) {
	name, _ := cmd.Flags().GetString(flagGoldFor)
	if name == "" {
		return "", nil
	}
	planter, err := resolveAddress(clientCtx, name)
	switch {
	case err != nil:
		return "", fmt.Errorf("--%s: %w", flagGoldFor, err)
	case datanet.ReviewPolicy != datanettypes.REVIEW_POLICY_PANEL:
		return "", fmt.Errorf("--%s: the owner of DataNet %d decides, not panels: it has no gold", flagGoldFor, datanet.Id)
	case planter != datanet.Owner:
		return "", fmt.Errorf(
			"--%s: only the owner of DataNet %d, %s, may open altered and sound gold, not %s; duplicates need no mark",
			flagGoldFor, datanet.Id, datanet.Owner, planter)
	}
	return planter, nil
}

// markGold gives a contribution the mark of a planter, and writes to disk what opens the mark, unless an earlier run
// did. The mark is not part of the seal: it may change until the contribution is opened.
func markGold(cmd *cobra.Command, clientCtx client.Context, planter string, pending *data.Pending) error {
	chainID, err := chainOf(cmd, clientCtx)
	if err != nil {
		return err
	}
	marks := review.NewMarks(clientCtx.HomeDir, chainID)
	mark, kept, err := marks.Load(pending.Reveal.Mark)
	if err != nil {
		return err
	}
	if !kept || mark.Planter != planter {
		if mark, err = review.NewMark(planter, time.Now()); err != nil {
			return err
		}
		if err := marks.Save(mark); err != nil {
			return err
		}
		if pending.Reveal.Mark, err = mark.Hash(); err != nil {
			return err
		}
	}
	cmd.Printf("mark        gold of %s, if it is sealed; %s holds the salt\n", planter, marks.Path(pending.Reveal.Mark))
	return nil
}

func storeContent(ctx context.Context, cmd *cobra.Command, clientCtx client.Context, encoded []byte) error {
	location := contentLocation(cmd, clientCtx)
	store, err := content.Open(ctx, location)
	if err != nil {
		return err
	}
	hash, err := store.Put(ctx, encoded)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	cmd.Printf("stored      %x in %s\n", hash, location)
	return nil
}

// plan returns the contribution of an earlier run, with its rank if it is sealed, or makes and checks a new one. It
// changes nothing on disk or on chain.
func plan(cmd *cobra.Command, send *sender, store data.Store, file poa.SegmentFile,
	encoded []byte) (*data.Pending, error) {
	contributor := send.address()
	root := file.Root(contributor)
	pending, err := store.Load(root[:], contributor.String())
	if err != nil {
		return nil, err
	}
	if pending == nil {
		if pending, err = newPending(cmd, send, file, encoded, root); err != nil {
			return nil, err
		}
	} else if pending.Reveal.Rank, err = findCommit(cmd.Context(), send, *pending); err != nil {
		return nil, err
	}
	if pending.Reveal.Rank != 0 {
		return pending, nil // too late to refuse it
	}
	return pending, checkReveal(pending.Reveal)
}

// seal commits a contribution, unless an earlier run did.
func seal(cmd *cobra.Command, send *sender, store data.Store, pending *data.Pending, params datanettypes.Params,
	datanet datanettypes.DataNet) error {
	if most := params.Review.MaxItemTokens(); datanet.ReviewPolicy == datanettypes.REVIEW_POLICY_PANEL &&
		pending.Reveal.Tokens > most {
		return fmt.Errorf("%d tokens are more than a panel reads of one contribution, %d: contribute it in parts",
			pending.Reveal.Tokens, most)
	}
	// Before the commit is sent: without the salt the deposit is lost.
	if err := store.Save(*pending); err != nil || pending.Reveal.Rank != 0 {
		return err
	}
	// The review fee is committed with the deposit: a contributor who cannot pay it at the reveal would lose the deposit.
	required, fee := requiredDeposit(params, pending.Reveal.Tokens), datanet.HighestFee(pending.Reveal.Tokens)
	deposit := sdk.NewCoin(rewardstypes.Denom, required.Add(fee))
	response, err := send.send(cmd.Context(), &datanettypes.MsgCommitContributions{
		Contributor: pending.Contributor,
		Items:       []datanettypes.CommitItem{{Hash: pending.Hash, Deposit: deposit}},
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	cmd.Printf("deposit     %s, transaction %s\n", amount.Format(required), response.TxHash)
	if fee.IsPositive() {
		cmd.Printf("review fee  %s\n", amount.Format(fee))
	}
	rank, err := findCommit(cmd.Context(), send, *pending)
	if err != nil {
		return err
	}
	if rank == 0 {
		return fmt.Errorf("the commit of transaction %s cannot be found on this node: run the command again", response.TxHash)
	}
	pending.Reveal.Rank, pending.CommitTx = rank, response.TxHash
	return store.Save(*pending)
}

func newPending(cmd *cobra.Command, send *sender, file poa.SegmentFile, encoded []byte,
	root poa.Hash) (*data.Pending, error) {
	contributor := send.address()
	salt, mark := make([]byte, saltSize), make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	// Panels must not see which contributions are gold, so every contribution has a mark. --gold-for replaces it.
	if _, err := rand.Read(mark); err != nil {
		return nil, err
	}
	f := cmd.Flags()
	datanetID, _ := f.GetUint64(flagDatanet)
	uri, _ := f.GetString(flagURI)
	title, _ := f.GetString(flagTitle)
	licence, _ := f.GetString(flagLicence)
	bounty, _ := f.GetUint64(flagBounty)
	derivations, err := derivationsOf(cmd, send.clientCtx, file)
	if err != nil {
		return nil, err
	}
	hash := poa.CommitHash(root, contributor, salt)
	statistics, content := file.StatisticsRoot(), contentHash(encoded)
	return &data.Pending{
		Contributor: contributor.String(),
		Hash:        hash[:],
		Reveal: datanettypes.RevealItem{
			DatanetId:      datanetID,
			Root:           root[:],
			Salt:           salt,
			Segments:       uint32(len(file.Segments)),
			Tokens:         file.Tokens(),
			Bytes:          uint64(len(encoded)),
			StatisticsRoot: statistics[:],
			ContentHash:    content[:],
			Uri:            uri,
			Title:          title,
			Licence:        licence,
			Derivations:    derivations,
			Mark:           mark,
			Bounty:         bounty,
		},
	}, nil
}

// checkReveal returns an error if the chain would refuse to open the contribution: once it is sealed, the deposit would
// be lost.
func checkReveal(item datanettypes.RevealItem) error {
	item.Rank = math.MaxUint64 // its rank will be higher than those of all sources
	if err := item.Validate(); err != nil {
		return fmt.Errorf("the chain would refuse to open this contribution, so nothing was sent: %w", err)
	}
	return nil
}

// derivationsOf compares a file with what enters the DataNet before it.
func derivationsOf(cmd *cobra.Command, clientCtx client.Context,
	file poa.SegmentFile) ([]datanettypes.Derivation, error) {
	datanetID, _ := cmd.Flags().GetUint64(flagDatanet)
	strict, _ := cmd.Flags().GetBool(flagCheck)
	allow, _ := cmd.Flags().GetBool(flagAllowMissing)
	earlier, err := knownOnChain(cmd, clientCtx, datanetID)
	if err != nil {
		return nil, err
	}
	earlier.printMissing(cmd)
	if strict && !allow {
		if err := earlier.complete(); err != nil {
			return nil, err
		}
	}
	checker, err := overlap.New(earlier.known)
	if err != nil {
		return nil, err
	}
	findings, err := checker.Check(file)
	if err != nil {
		return nil, err
	}
	printFindings(cmd, file, findings, len(earlier.known))
	if n := countDuplicates(findings); n > 0 {
		if strict {
			return nil, fmt.Errorf("%d of %d segments are duplicates: leave them out", n, len(file.Segments))
		}
		cmd.PrintErrf(
			"warning: %d of %d segments are duplicates: they earn nothing, and panels reject them; --%s refuses them\n", n,
			len(file.Segments), flagCheck)
	}
	if len(earlier.missing) > 0 {
		cmd.PrintErrf(
			"warning: if the text derives from what is missing, validators set it aside after acceptance; `openledgerd data "+
				"derivations RANK --%s` corrects it\n", flagPropose)
	}
	return declare(findings)
}

// declare returns the derivations to declare when the contribution is opened. It refuses more than the chain takes,
// because a part of them would be wrong.
func declare(findings []overlap.Finding) ([]datanettypes.Derivation, error) {
	declared := overlap.Declare(findings)
	if n := len(declared); n > datanettypes.MaxDerivations {
		return nil, fmt.Errorf(
			"the segments have %d derivations to declare, a contribution takes at most %d: contribute the files in %d or "+
				"more parts, or leave derived segments out; nothing was sent",
			n, datanettypes.MaxDerivations, (n+datanettypes.MaxDerivations-1)/datanettypes.MaxDerivations)
	}
	var out []datanettypes.Derivation
	for _, d := range declared {
		out = append(out, datanettypes.Derivation{Segment: d.Segment, Rank: d.Rank, Ppm: d.PPM})
	}
	return out, nil
}

// findCommit returns the rank of the commit on chain, or 0 if it is not there.
func findCommit(ctx context.Context, send *sender, pending data.Pending) (uint64, error) {
	query := datanettypes.NewQueryClient(send.clientCtx)
	request := &datanettypes.QueryCommitsRequest{Contributor: pending.Contributor}
	for {
		response, err := query.Commits(ctx, request)
		if err != nil {
			return 0, err
		}
		for _, commit := range response.Commits {
			if bytes.Equal(commit.Hash, pending.Hash) {
				return commit.Rank, nil
			}
		}
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return 0, nil
		}
		request.Pagination = nextPage(response.Pagination.NextKey)
	}
}

func nextPage(key []byte) *query.PageRequest { return &query.PageRequest{Key: key} }
