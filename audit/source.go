package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Errors of sources.
var (
	// ErrNotFound says that the chain's state does not hold what was asked for.
	ErrNotFound = errors.New("not in state")
	// ErrPruned says that the node no longer has a block.
	ErrPruned = errors.New("the node has pruned the block")
)

// Source is what a verification reads.
type Source interface {
	// ChainID names the chain; vouchers are signed for one.
	ChainID() string
	// Receipt returns a receipt and its payout.
	Receipt(ctx context.Context, id string) (attributiontypes.QueryReceiptResponse, error)
	// Batch returns the header of a batch.
	Batch(ctx context.Context, id uint64) (attributiontypes.Batch, error)
	// Records returns all receipts of a batch in order.
	Records(ctx context.Context, batch uint64) ([]attributiontypes.Receipt, error)
	// Session returns a session.
	Session(ctx context.Context, id []byte) (attributiontypes.Session, error)
	// ModelVersion returns one version of a model.
	ModelVersion(ctx context.Context, model uint64, version uint32) (modelstypes.ModelVersion, error)
	// Contribution returns a contribution by its commit rank, or ErrNotFound.
	Contribution(ctx context.Context, rank uint64) (datanettypes.Contribution, error)
	// DataNet returns a DataNet.
	DataNet(ctx context.Context, id uint64) (datanettypes.DataNet, error)
	// Royalties returns who shares in what a DataNet's contributions earn in a block.
	Royalties(ctx context.Context, datanet uint64, height int64) ([]datanettypes.Royalty, error)
	// Stops returns the segments of a contribution that were ever stopped.
	Stops(ctx context.Context, datanet, rank uint64) ([]datanettypes.SegmentStop, error)
	// Bundle returns the evidence of an attested batch as attestors fetch it.
	Bundle(ctx context.Context, batch attributiontypes.Batch) ([]byte, error)
	// Influence returns the rows of the influence file of a model version. It returns poa.ErrInfluence if the file does
	// not match the training record, and influence.ErrNotFound if nobody has the file now.
	Influence(ctx context.Context, version modelstypes.ModelVersion) ([]poa.InfluenceRow, error)
	// Txs returns the encoded transactions of a block, or ErrPruned.
	Txs(ctx context.Context, height int64) ([][]byte, error)
}

// Blocks returns the encoded transactions of a block.
type Blocks func(ctx context.Context, height int64) ([][]byte, error)

// node reads state by queries.
type node struct {
	chainID     string
	attribution attributiontypes.QueryClient
	datanets    datanettypes.QueryClient
	models      modelstypes.QueryClient
	blocks      Blocks
	local       bool
	mirrors     []string
}

// FromNode returns a source that queries a node. Evidence of attested batches comes from mirrors, base URLs of
// attestors, or from the provider, and influence files from where their owner says or from providers. These are
// strangers: their addresses must be public.
func FromNode(chainID string, conn gogogrpc.ClientConn, blocks Blocks, mirrors ...string) Source {
	return fromNode(chainID, conn, blocks, false, mirrors)
}

// FromLocalNode is FromNode for networks on one machine, whose providers have addresses that are not public, and whose
// owners may keep influence files on its disk.
func FromLocalNode(chainID string, conn gogogrpc.ClientConn, blocks Blocks, mirrors ...string) Source {
	return fromNode(chainID, conn, blocks, true, mirrors)
}

func fromNode(chainID string, conn gogogrpc.ClientConn, blocks Blocks, local bool, mirrors []string) Source {
	return &node{
		chainID: chainID, attribution: attributiontypes.NewQueryClient(conn), datanets: datanettypes.NewQueryClient(conn),
		models: modelstypes.NewQueryClient(conn), blocks: blocks, local: local, mirrors: mirrors,
	}
}

// wrappings that queries put around the chain's own reason on its way.
var wrappings = strings.NewReplacer("rpc error: code = NotFound desc = ", "", ": key not found", "")

// missing turns the status of gRPC into ErrNotFound, with the chain's reason.
func missing(err error) error {
	if state, ok := status.FromError(err); ok && state.Code() == codes.NotFound {
		return notFound(wrappings.Replace(state.Message()))
	}
	return err
}

// notFound is ErrNotFound in the chain's words.
type notFound string

func (n notFound) Error() string { return string(n) }

func (n notFound) Is(target error) bool { return target == ErrNotFound }

func (n *node) ChainID() string { return n.chainID }

func (n *node) Receipt(ctx context.Context, id string) (attributiontypes.QueryReceiptResponse, error) {
	response, err := n.attribution.Receipt(ctx, &attributiontypes.QueryReceiptRequest{Id: id})
	if err != nil {
		return attributiontypes.QueryReceiptResponse{}, missing(err)
	}
	return *response, nil
}

func (n *node) Batch(ctx context.Context, id uint64) (attributiontypes.Batch, error) {
	response, err := n.attribution.Batch(ctx, &attributiontypes.QueryBatchRequest{BatchId: id})
	if err != nil {
		return attributiontypes.Batch{}, missing(err)
	}
	return response.Batch, nil
}

func (n *node) Records(ctx context.Context, batch uint64) ([]attributiontypes.Receipt, error) {
	receipts, err := attributiontypes.ReadReceipts(ctx, n.attribution, batch)
	if err != nil {
		return nil, missing(err)
	}
	return receipts, nil
}

func (n *node) Session(ctx context.Context, id []byte) (attributiontypes.Session, error) {
	response, err := n.attribution.Session(ctx, &attributiontypes.QuerySessionRequest{SessionId: hex.EncodeToString(id)})
	if err != nil {
		return attributiontypes.Session{}, missing(err)
	}
	return response.Session, nil
}

func (n *node) ModelVersion(ctx context.Context, model uint64, version uint32) (modelstypes.ModelVersion, error) {
	response, err := n.models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: model, Version: version})
	if err != nil {
		return modelstypes.ModelVersion{}, missing(err)
	}
	return response.Version, nil
}

func (n *node) Contribution(ctx context.Context, rank uint64) (datanettypes.Contribution, error) {
	response, err := n.datanets.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return datanettypes.Contribution{}, missing(err)
	}
	return response.Contribution, nil
}

func (n *node) DataNet(ctx context.Context, id uint64) (datanettypes.DataNet, error) {
	response, err := n.datanets.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: id})
	if err != nil {
		return datanettypes.DataNet{}, missing(err)
	}
	return response.Datanet, nil
}

func (n *node) Royalties(ctx context.Context, datanet uint64, height int64) ([]datanettypes.Royalty, error) {
	response, err := n.datanets.Royalties(ctx, &datanettypes.QueryRoyaltiesRequest{DatanetId: datanet, Height: height})
	if err != nil {
		return nil, missing(err)
	}
	return response.Royalties, nil
}

func (n *node) Stops(ctx context.Context, datanet, rank uint64) ([]datanettypes.SegmentStop, error) {
	found, err := manifest.Stops(ctx, n.datanets, datanet, rank)
	return found.Stops, missing(err)
}

func (n *node) Txs(ctx context.Context, height int64) ([][]byte, error) { return n.blocks(ctx, height) }

// Influence looks where attestors look, and keeps nothing.
func (n *node) Influence(ctx context.Context, version modelstypes.ModelVersion) ([]poa.InfluenceRow, error) {
	from := influence.Source{Fetch: fetch.New(influence.Limits(fetch.LocalLimits(n.local))), Models: n.models}
	return from.Rows(ctx, version)
}

func (n *node) Bundle(ctx context.Context, batch attributiontypes.Batch) ([]byte, error) {
	root, err := poa.HashFromBytes(batch.EvidenceRoot)
	if err != nil {
		return nil, err
	}
	strangers := fetch.LocalLimits(n.local)
	strangers.Files = false
	mirrors, provider := fetch.New(fetch.TrustedLimits()), fetch.New(strangers)
	places := n.mirrors
	if found, err := n.models.Provider(ctx, &modelstypes.QueryProviderRequest{Provider: batch.Provider}); err == nil &&
		found.Provider.Endpoint != "" {
		places = append(slices.Clone(places), found.Provider.Endpoint)
	}
	failures := []error{fmt.Errorf("the bundle %s is at none of %d places: name an attestor", root, len(places))}
	for i, place := range places {
		from := mirrors
		if i >= len(n.mirrors) {
			from = provider
		}
		location, err := url.JoinPath(place, "v1/bundles", root.String())
		if err == nil {
			var bundle []byte
			if bundle, err = from.Get(ctx, location, int64(batch.BundleBytes), poa.MaxBundleBytes); err == nil {
				return bundle, nil
			}
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}
