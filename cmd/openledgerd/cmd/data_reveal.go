package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	// lookAgain is how many blocks pass between two checks of a DataNet that takes no contributions.
	lookAgain = 3
	// giveUpBefore is how many blocks before the end of the window the place is given up, to get the deposit back.
	giveUpBefore = 20
)

// opener is the part of a sender that opening a commit needs.
type opener interface {
	transactor
	waitHeight(ctx context.Context, height int64) error
}

// errGivenUp says that the DataNet took no contributions while the commit could be opened.
var errGivenUp = errors.New(
	"the place was given up and the deposit is returned: run the command again when the DataNet takes contributions")

// openSealed opens a commit as soon as its DataNet takes contributions. Shortly before the window ends it gives the
// place up instead. That returns the deposit, which a commit that is never opened loses.
func openSealed(ctx context.Context, out io.Writer, send opener, query datanettypes.QueryClient,
	commit datanettypes.Commit, item datanettypes.RevealItem) (*sdk.TxResponse, error) {
	// Simulation runs on the state of the latest block, so the window must be open there.
	height := commit.RevealFrom
	if err := send.waitHeight(ctx, height); err != nil {
		return nil, err
	}
	last := max(commit.RevealFrom, commit.RevealUntil-giveUpBefore)
	item.KeepPlace = true
	for said := false; ; height += lookAgain {
		why, err := whyRefused(ctx, query, item.DatanetId)
		if err != nil {
			return nil, err
		}
		if why == "" {
			response, err := send.send(ctx, revealOf(commit, item))
			if err == nil {
				return response, nil
			}
			if why, _ = whyRefused(ctx, query, item.DatanetId); why == "" {
				return nil, fmt.Errorf("reveal: %w", err) // for another reason
			}
		}
		if height >= last {
			break
		}
		if !said {
			fmt.Fprintf(out, "waiting     %s; this may change until block %d\n", why, last)
			said = true
		}
		if err := send.waitHeight(ctx, height+lookAgain); err != nil {
			return nil, err
		}
	}
	item.KeepPlace = false
	response, err := send.send(ctx, revealOf(commit, item))
	if err != nil {
		return nil, fmt.Errorf("reveal: %w", err)
	}
	if _, err := query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: commit.Rank}); err == nil {
		return response, nil // the DataNet took it after all
	}
	return response, errGivenUp
}

func revealOf(commit datanettypes.Commit, item datanettypes.RevealItem) *datanettypes.MsgRevealContributions {
	item.Rank = commit.Rank
	return &datanettypes.MsgRevealContributions{Contributor: commit.Contributor, Items: []datanettypes.RevealItem{item}}
}

// whyRefused says why a DataNet takes no contributions now, "" if it does.
func whyRefused(ctx context.Context, query datanettypes.QueryClient, id uint64) (string, error) {
	found, err := query.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: id})
	if err != nil {
		return "", fmt.Errorf("DataNet %d: %w", id, err)
	}
	params, err := query.Params(ctx, &datanettypes.QueryParamsRequest{})
	if err != nil {
		return "", err
	}
	switch datanet := found.Datanet; {
	case datanet.Closed:
		return fmt.Sprintf("DataNet %d was closed by its owner", id), nil
	case datanet.Pending >= uint64(params.Params.MaxPending):
		return fmt.Sprintf("%d contributions to DataNet %d wait for a decision, and it takes no more", datanet.Pending,
			id), nil
	}
	return "", nil
}
