package gateway

import (
	"context"
	"fmt"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/openlora/api"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// describeTraining returns what the chain knows of a version's training: its record, and who has trained it again with
// which result. It returns nil for a version without a record.
func (g *Gateway) describeTraining(ctx context.Context, id uint64, number uint32) (*api.Training, error) {
	found, err := g.Node.Models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: id, Version: number})
	if err != nil {
		return nil, err
	}
	record := found.Version.Training
	if record == nil {
		return nil, nil
	}
	again, err := g.Node.Models.Reproductions(ctx, &modelstypes.QueryReproductionsRequest{
		ModelId: id, Version: number, Pagination: &query.PageRequest{Limit: modelstypes.MaxReproductions},
	})
	if err != nil {
		return nil, err
	}
	training := &api.Training{
		BaseDigest: fmt.Sprintf("%x", record.BaseDigest), Rows: record.Rows, Matching: again.Matching,
		Different: again.Different, Reproductions: []api.Reproduction{},
	}
	for _, one := range again.Reproductions {
		training.Reproductions = append(training.Reproductions,
			api.Reproduction{Provider: one.Sender, Matches: one.Matches, Height: one.Height, Note: one.Note})
	}
	return training, nil
}
