package indexer

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/grpc"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/internal/database"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/chain/chaintest"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// node is a node of two receipts a page.
type node struct {
	attributiontypes.QueryClient
	batches [][]poa.Record
	roots   []poa.Hash
	mmr     poa.MMR
	pruned  uint64 // a batch whose receipts are pruned
}

func (n *node) add(receipts int) {
	id := len(n.batches)
	var records []poa.Record
	var leaves []poa.Hash
	for i := range receipts {
		record := poa.Record{
			Session: poa.LeafHash([]byte{byte(id)}), N: uint64(i + 1), Commitment: poa.LeafHash([]byte{byte(id), byte(i)}),
			InputTokens: 3, OutputTokens: 5, Fee: poa.NewAmount(uint64(7 + i)), ModelID: 1, ModelVersion: 1,
			Entries:         []poa.Entry{{Rank: uint64(i + 1), WeightPPM: 400_000}},
			UnattributedPPM: 600_000, Acknowledged: true,
		}
		records, leaves = append(records, record), append(leaves, record.Leaf())
	}
	n.batches, n.roots = append(n.batches, records), append(n.roots, poa.MerkleRoot(leaves))
	n.mmr.Append(n.roots[id])
}

func (n *node) Accumulator(context.Context, *attributiontypes.QueryAccumulatorRequest,
	...grpc.CallOption) (*attributiontypes.QueryAccumulatorResponse, error) {
	return &attributiontypes.QueryAccumulatorResponse{Accumulator: attributiontypes.NewAccumulator(n.mmr)}, nil
}

func (n *node) Batch(_ context.Context, request *attributiontypes.QueryBatchRequest,
	_ ...grpc.CallOption) (*attributiontypes.QueryBatchResponse, error) {
	root := n.roots[request.BatchId-1]
	return &attributiontypes.QueryBatchResponse{
		Batch: attributiontypes.Batch{Id: request.BatchId, Root: root[:], Leaf: request.BatchId - 1}}, nil
}

func (n *node) Receipts(_ context.Context, request *attributiontypes.QueryReceiptsRequest,
	_ ...grpc.CallOption) (*attributiontypes.QueryReceiptsResponse, error) {
	response := &attributiontypes.QueryReceiptsResponse{}
	if request.BatchId == n.pruned {
		return response, nil
	}
	from := 0
	if request.Pagination != nil {
		var err error
		if from, err = strconv.Atoi(string(request.Pagination.Key)); err != nil {
			return nil, err
		}
	}
	records := n.batches[request.BatchId-1]
	until := min(from+2, len(records))
	for _, record := range records[from:until] {
		response.Receipts = append(response.Receipts, attributiontypes.NewReceipt(record))
	}
	if until < len(records) {
		response.Pagination = &query.PageResponse{NextKey: []byte(strconv.Itoa(until))}
	}
	return response, nil
}

func open(t testing.TB, path string, n *node) *Indexer {
	t.Helper()
	x, err := Open(path, &chain.Client{Attribution: n}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return x
}

// proves checks the proof of every receipt against the accumulator of the chain.
func proves(t *testing.T, x *Indexer, n *node) {
	t.Helper()
	for _, records := range n.batches {
		for _, record := range records {
			proof, err := x.Proof(attributiontypes.ReceiptID(record.Session[:], record.N))
			require.NoError(t, err)
			opened, err := attributiontypes.VerifyReceiptProof(proof, attributiontypes.NewAccumulator(n.mmr))
			require.NoError(t, err)
			require.Equal(t, record, opened)
		}
	}
}

// TestProofs: the receipts of all batches are proved against the batches of the chain. An older index, in which roots
// had no bucket of their own, proves them too.
func TestProofs(t *testing.T) {
	n, path := &node{}, filepath.Join(t.TempDir(), "index.db")
	for i := range 5 {
		n.add(1 + i)
	}
	x := open(t, path, n)
	require.NoError(t, x.Follow(t.Context()))
	proves(t, x, n)
	n.add(3)
	require.NoError(t, x.Follow(t.Context()))
	proves(t, x, n)
	_, err := x.Proof("none-1")
	require.ErrorIs(t, err, ErrNotFound)

	require.NoError(t, x.db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket(rootsBucket) }))
	require.NoError(t, x.Close())
	x = open(t, path, n)
	defer x.Close()
	proves(t, x, n)
}

// TestFollowStopsAtWhatIsWrong: Follow stops at a wrong batch, and continues when the node returns the right one.
func TestFollowStopsAtWhatIsWrong(t *testing.T) {
	n := &node{pruned: 2}
	n.add(2)
	n.add(2)
	n.add(2)
	x := open(t, filepath.Join(t.TempDir(), "index.db"), n)
	defer x.Close()
	require.ErrorContains(t, x.Follow(t.Context()), "batch 2: its receipts do not give its root")
	require.EqualValues(t, 1, x.last())
	n.pruned = 0
	require.NoError(t, x.Follow(t.Context()))
	require.EqualValues(t, 3, x.last())
	proves(t, x, n)
}

// TestServeHTTP: a proof, a receipt that does not exist, and an index that is damaged.
func TestServeHTTP(t *testing.T) {
	n := &node{}
	n.add(2)
	client := chaintest.Start(t).Dial(t)
	client.Attribution = n
	x, err := Open(filepath.Join(t.TempDir(), "index.db"), client, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer x.Close()
	mux := http.NewServeMux()
	mux.Handle("GET /receipts/{id}/proof", x)
	get := func(id string) (int, map[string]any) {
		recorder := httptest.NewRecorder()
		mux.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/receipts/"+id+"/proof", nil))
		require.Equal(t, "application/json", recorder.Header().Get("Content-Type"))
		var body map[string]any
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &body))
		return recorder.Code, body
	}
	record := n.batches[0][1]
	id := attributiontypes.ReceiptID(record.Session[:], record.N)
	code, body := get(id)
	require.Equal(t, http.StatusOK, code)
	require.EqualValues(t, 1, body["index"])
	require.EqualValues(t, 2, body["receipts"])

	code, body = get("none-1")
	require.Equal(t, http.StatusNotFound, code)
	require.Equal(t, map[string]any{"message": "receipt is not in the index: none-1", "type": "invalid_request_error",
		"code": "receipt_not_found"}, body["error"])

	require.NoError(t, x.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(batchesBucket).Put(database.Key(1), []byte("{"))
	}))
	code, body = get(id)
	require.Equal(t, http.StatusInternalServerError, code)
	require.Equal(t, map[string]any{"message": "the gateway could not prove the receipt; its log says why",
		"type": "server_error", "code": "proof_failed"}, body["error"])
}

// BenchmarkProof proves a receipt among the receipts of many batches.
func BenchmarkProof(b *testing.B) {
	for _, batches := range []int{100, 1000} {
		b.Run(fmt.Sprint(batches), func(b *testing.B) {
			n := &node{}
			for range batches {
				n.add(20)
			}
			x := open(b, filepath.Join(b.TempDir(), "index.db"), n)
			defer x.Close()
			require.NoError(b, x.Follow(b.Context()))
			record := n.batches[batches/2][10]
			for b.Loop() {
				_, err := x.Proof(attributiontypes.ReceiptID(record.Session[:], record.N))
				require.NoError(b, err)
			}
		})
	}
}
