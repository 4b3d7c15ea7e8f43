package attestor

import (
	"context"

	gogogrpc "github.com/cosmos/gogoproto/grpc"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// chain asks the node.
type chain struct {
	id          string
	attribution attributiontypes.QueryClient
	datanets    datanettypes.QueryClient
	models      modelstypes.QueryClient
}

func newChain(id string, node gogogrpc.ClientConn) *chain {
	return &chain{
		id: id, attribution: attributiontypes.NewQueryClient(node), datanets: datanettypes.NewQueryClient(node),
		models: modelstypes.NewQueryClient(node),
	}
}

func (c *chain) attestation(ctx context.Context) (bool, attributiontypes.Attestation, error) {
	response, err := c.attribution.Attestation(ctx, &attributiontypes.QueryAttestationRequest{})
	if err != nil {
		return false, attributiontypes.Attestation{}, err
	}
	return response.Enabled, response.Attestation, nil
}

func (c *chain) items(ctx context.Context) ([]attributiontypes.Item, error) {
	var items []attributiontypes.Item
	for page := (*query.PageRequest)(nil); ; {
		response, err := c.attribution.Items(ctx, &attributiontypes.QueryItemsRequest{Pagination: page})
		if err != nil {
			return nil, err
		}
		items = append(items, response.Items...)
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return items, nil
		}
		page = &query.PageRequest{Key: response.Pagination.NextKey}
	}
}

func (c *chain) batch(ctx context.Context, id uint64) (attributiontypes.Batch, error) {
	response, err := c.attribution.Batch(ctx, &attributiontypes.QueryBatchRequest{BatchId: id})
	if err != nil {
		return attributiontypes.Batch{}, err
	}
	return response.Batch, nil
}

// ask returns what validators are being asked about text.
func (c *chain) ask(ctx context.Context, datanet,
	rank uint64) (datanettypes.HoldAsk, []datanettypes.Contribution, error) {
	response, err := c.datanets.Ask(ctx, &datanettypes.QueryAskRequest{DatanetId: datanet, Rank: rank})
	if err != nil {
		return datanettypes.HoldAsk{}, nil, err
	}
	return response.Ask, response.Contributions, nil
}

func (c *chain) records(ctx context.Context, batch uint64) ([]poa.Record, error) {
	return attributiontypes.ReadRecords(ctx, c.attribution, batch)
}

func (c *chain) contribution(ctx context.Context,
	rank uint64) (contribution datanettypes.Contribution, datanet datanettypes.DataNet, err error) {
	found, err := c.datanets.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return contribution, datanet, err
	}
	datanet, err = c.datanet(ctx, found.Contribution.DatanetId)
	return found.Contribution, datanet, err
}

func (c *chain) datanet(ctx context.Context, id uint64) (datanettypes.DataNet, error) {
	response, err := c.datanets.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: id})
	if err != nil {
		return datanettypes.DataNet{}, err
	}
	return response.Datanet, nil
}

func (c *chain) modelVersion(ctx context.Context, id uint64, version uint32) (modelstypes.ModelVersion, error) {
	response, err := c.models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: id, Version: version})
	if err != nil {
		return modelstypes.ModelVersion{}, err
	}
	return response.Version, nil
}

// endpoint returns where a provider serves, empty for nowhere.
func (c *chain) endpoint(ctx context.Context, provider string) (string, error) {
	response, err := c.models.Provider(ctx, &modelstypes.QueryProviderRequest{Provider: provider})
	if err != nil {
		return "", err
	}
	return response.Provider.Endpoint, nil
}
