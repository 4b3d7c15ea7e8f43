package audit_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/content/influence"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const testChain = "audit-1"

var texts = [][]string{
	{
		"The dermal papilla directs the growth of the hair by sending signals to the cells of the matrix, which divide " +
			"faster than almost any other cells of the body while the follicle is in its growing phase.",
		"When the growing phase ends the lower part of the follicle shrinks, the matrix stops dividing, and a club hair " +
			"remains that will be pushed out weeks later by the shaft that follows it.",
	},
	{
		"Sweat glands of the eccrine kind open directly onto the surface of the skin and answer to acetylcholine, " +
			"although the fibres that reach them belong to the sympathetic part of the nervous system.",
		"Apocrine glands open into the follicle above the sebaceous gland; what they secrete has no smell until the " +
			"bacteria of the skin have broken it down.",
	},
}

// world is a chain of one batch, as a node would tell of it. Contributions have
// ranks from 1.
type world struct {
	session       attributiontypes.Session
	key           ed25519.PrivateKey
	model         modelstypes.ModelVersion
	datanet       datanettypes.DataNet
	contributions map[uint64]datanettypes.Contribution
	terms         rewardstypes.Terms

	receipts []poa.Receipt
	evidence poa.Evidence

	// What seal makes of the above.
	msg     attributiontypes.MsgSubmitReceipts
	batch   attributiontypes.Batch
	records []attributiontypes.Receipt
	payouts []rewardstypes.Payout
	txs     [][]byte
	bundle  []byte
	file    []byte // influence file that is found
	pruned  bool
	stops   map[uint64][]datanettypes.SegmentStop
}

var _ audit.Source = (*world)(nil)

func (w *world) Stops(_ context.Context, _, rank uint64) ([]datanettypes.SegmentStop, error) {
	return w.stops[rank], nil
}

func address(name string) sdk.AccAddress { hash := sha256.Sum256([]byte(name)); return hash[:20] }

func hashOf(name string) []byte { hash := sha256.Sum256([]byte(name)); return hash[:] }

// newWorld answers three questions in a session: the first quotes both
// contributors, a gap follows, the last quotes one.
func newWorld(t testing.TB) *world { return newWorldBy(t, nil) }

// newLoraWorld is newWorld of an adapter with an influence file, whose answers owe by method LORA.
func newLoraWorld(t testing.TB) (*world, []byte) {
	rows := influenceRows()
	file, err := poa.MarshalInfluence(rows)
	require.NoError(t, err)
	return newWorldBy(t, rows), file
}

func influenceRows() []poa.InfluenceRow {
	rows := []poa.InfluenceRow{{Rank: 1, Tokens: 50, SharePPM: 200_000}, {Rank: 2, Tokens: 90, SharePPM: 500_000}}
	rows[0].Sketch.Exponent, rows[1].Sketch.Exponent = 6, 6 // scores below their bounds
	for i := range poa.SketchSize {
		rows[0].Sketch.Set(i, i%8)
		rows[1].Sketch.Set(i, 7-i%8)
	}
	return rows
}

func newWorldBy(t testing.TB, trained []poa.InfluenceRow) *world {
	t.Helper()
	w := &world{
		contributions: make(map[uint64]datanettypes.Contribution),
		key:           ed25519.NewKeyFromSeed(hashOf("session key")),
		datanet:       datanettypes.DataNet{Id: 4, Owner: address("owner").String(), OwnerPpm: 50_000},
		terms:         rewardstypes.DefaultTerms(),
		model: modelstypes.ModelVersion{Method: modelstypes.ATTRIBUTION_METHOD_SPAN, ModelId: 2, Version: 3,
			Manifest: []modelstypes.ManifestEntry{{DatanetId: 4, Version: 2}}},
	}
	w.session = attributiontypes.Session{
		Id: hashOf("session"), Provider: address("provider").String(), SessionKey: w.key.Public().(ed25519.PublicKey),
		ModelId: 2, ModelVersion: 3,
		Price: attributiontypes.Price{Input: sdkmath.NewIntWithDecimal(1, 15), Output: sdkmath.NewIntWithDecimal(2, 15),
			Royalty: sdkmath.NewIntWithDecimal(1, 17)},
	}
	if trained != nil {
		w.model.Method = modelstypes.ATTRIBUTION_METHOD_LORA
		w.train(t, trained)
	}
	files := make(map[uint64]poa.SegmentFile)
	index := poa.NewIndex(poa.ProtocolStatistics())
	for i, segments := range texts {
		rank, contributor := uint64(i+1), address(fmt.Sprintf("contributor %d", i))
		var file poa.SegmentFile
		for j, text := range segments {
			file.Segments = append(file.Segments, []byte(text))
			require.NoError(t, index.Add(poa.Segment{Rank: rank, Index: uint32(j), Tokens: poa.TokenIDs([]byte(text))}))
		}
		root := file.Root(contributor)
		files[rank] = file
		w.contributions[rank] = datanettypes.Contribution{
			Rank: rank, DatanetId: 4, Contributor: contributor.String(), Root: root[:], Segments: uint32(len(segments)),
			Status: datanettypes.CONTRIBUTION_STATUS_ACCEPTED, Score: 1_000, AcceptedVersion: 1, HeldHeight: 1,
			NormVersion: poa.NormVersion,
		}
	}
	prove := func(rank uint64, segment uint32) (poa.SegmentProof, error) {
		path, err := poa.MerklePath(files[rank].Leaves(sdk.MustAccAddressFromBech32(w.contributions[rank].Contributor)),
			int(segment))
		return poa.SegmentProof{Rank: rank, Index: segment, Content: files[rank].Segments[segment], Path: path}, err
	}
	var builder poa.EvidenceBuilder
	ask := func(n uint64, text string) {
		tokens, key := poa.TokenIDs([]byte(text)), sha256.Sum256(fmt.Append(nil, n))
		got, err := index.Attribute(poa.Answer{Tokens: tokens})
		if trained != nil {
			query := &poa.LoraQuery{Sketch: trained[n%2].Sketch}
			got, err = index.AttributeLora(poa.InterpretAnswer([]byte(text)), nil, nil, trained, query)
		}
		require.NoError(t, err)
		if trained == nil {
			require.NoError(t, builder.Add(key, tokens, got, prove))
		} else {
			require.NoError(t, builder.AddText(key, []byte(text), got, prove))
		}
		price, err := w.session.Price.Packed()
		require.NoError(t, err)
		fee, err := price.Total(12, uint32(len(tokens)))
		require.NoError(t, err)
		w.receipts = append(w.receipts, poa.Receipt{
			N: n, QueryHash: poa.LeafHash(fmt.Append(nil, n)), MaxFee: poa.NewAmount(1e18),
			AnswerRoot:   poa.TextRoot(key, []byte(text), uint8(w.model.Method)),
			EvidenceRoot: got.Root(), InputTokens: 12, OutputTokens: uint32(len(tokens)), Fee: fee,
			Entries: got.Entries, UnattributedPPM: got.UnattributedPPM,
		})
	}
	ask(1, "In short: "+texts[0][0]+" On the other hand, and this matters more: "+texts[1][1])
	w.receipts = append(w.receipts, poa.Receipt{N: 2, Gap: true, Call: poa.AckCall})
	ask(3, texts[1][0]+" Nothing else is known.")
	w.evidence = builder.Evidence()
	return w
}

// train has the model's version commit to an influence file.
func (w *world) train(t testing.TB, rows []poa.InfluenceRow) (file []byte) {
	t.Helper()
	file, err := poa.MarshalInfluence(rows)
	require.NoError(t, err)
	sketches, table, digest := poa.SketchRoot(rows), poa.TableRoot(rows), sha256.Sum256(file)
	w.model.Training = &modelstypes.TrainingRecord{SketchRoot: sketches[:], TableRoot: table[:], Rows: 2,
		InfluenceDigest: digest[:]}
	return file
}

// seal makes message, batch and records of receipts and evidence, as a chain
// would that checked nothing: what is left to find is what the receipt claims.
func (w *world) seal(t testing.TB) *world {
	t.Helper()
	packed, err := poa.MarshalReceipts(w.receipts)
	require.NoError(t, err)
	evidence, err := w.evidence.MarshalBinary()
	require.NoError(t, err)
	last := w.receipts[len(w.receipts)-1].N
	w.msg = attributiontypes.MsgSubmitReceipts{
		Provider: w.session.Provider, ProviderSeq: 9, Receipts: packed, Evidence: evidence,
		Sessions: []attributiontypes.SessionClaim{{
			SessionId: w.session.Id, Calls: last + 1, PendingCall: poa.AckCall[:], CumulativeMax: sdkmath.NewInt(1e18),
		}},
	}
	w.msg.Sessions[0].Signature = w.sign(t, last+1)
	root := w.evidence.Root()
	w.batch = attributiontypes.Batch{
		Status: attributiontypes.BATCH_STATUS_FINAL,
		Id:     5, Provider: w.session.Provider, ProviderSeq: 9, EvidenceRoot: root[:], Gaps: 1, PoaVersion: poa.Version,
		Height: 77, Terms: w.terms,
		Sessions: []attributiontypes.SessionRange{
			{SessionId: w.session.Id, FirstCall: 1, LastCall: last, Receipts: uint32(len(w.receipts) - 1)}},
	}
	w.rehash(t)
	w.store(t)
	return w
}

// rehash sets the payload hash to that of the message, and puts it into a block.
func (w *world) rehash(t testing.TB) {
	t.Helper()
	bare := w.msg
	bare.Provider, bare.ProviderSeq = "", 0
	encoded, err := bare.Marshal()
	require.NoError(t, err)
	payload := sha256.Sum256(encoded)
	w.batch.PayloadHash = payload[:]
	w.txs = [][]byte{[]byte("no transaction"), encodeTx(t, &w.msg)}
}

func encodeTx(t testing.TB, msgs ...sdk.Msg) []byte {
	t.Helper()
	var body txtypes.TxBody
	for _, msg := range msgs {
		packed, err := codectypes.NewAnyWithValue(msg)
		require.NoError(t, err)
		body.Messages = append(body.Messages, packed)
	}
	encoded, err := body.Marshal()
	require.NoError(t, err)
	raw, err := (&txtypes.TxRaw{BodyBytes: encoded}).Marshal()
	require.NoError(t, err)
	return raw
}

func (w *world) sign(t testing.TB, calls uint64) []byte {
	t.Helper()
	var head, id poa.Hash
	var last poa.Outcome
	for _, receipt := range w.receipts {
		head, last = poa.NextHash(head, receipt.CallHash(), last), receipt.Outcome()
	}
	copy(id[:], w.session.Id)
	price, err := w.session.Price.Packed()
	require.NoError(t, err)
	voucher := poa.Voucher{
		ChainID: testChain, Session: id, Provider: address("provider"), ModelID: 2, ModelVersion: 3, Price: price,
		N: calls, Head: poa.NextHash(head, poa.AckCall, last), CumulativeMax: poa.NewAmount(1e18),
	}
	return ed25519.Sign(w.key, voucher.SignBytes())
}

// store makes records, their root and payouts.
func (w *world) store(t testing.TB) {
	t.Helper()
	var session poa.Hash
	copy(session[:], w.session.Id)
	var leaves []poa.Hash
	w.records, w.payouts = nil, nil
	for _, r := range w.receipts {
		if r.Gap {
			continue
		}
		record := poa.Record{
			Session: session, N: r.N, Commitment: r.Commitment(), InputTokens: r.InputTokens, OutputTokens: r.OutputTokens,
			Fee:     r.Fee,
			Entries: r.Entries, UnattributedPPM: r.UnattributedPPM, Acknowledged: true, ModelID: 2, ModelVersion: 3,
			Method: uint8(w.model.Method),
		}
		leaves = append(leaves, record.Leaf())
		receipt := attributiontypes.NewReceipt(record)
		receipt.BatchId, receipt.Index, receipt.Height = w.batch.Id, uint32(len(w.records)), w.batch.Height
		w.records = append(w.records, receipt)
		w.payouts = append(w.payouts, w.pay(t, receipt))
	}
	root := poa.MerkleRoot(leaves)
	w.batch.Root, w.batch.Receipts = root[:], uint32(len(leaves))
}

func (w *world) pay(t testing.TB, r attributiontypes.Receipt) rewardstypes.Payout {
	t.Helper()
	payable := rewardstypes.Payable{
		Provider: address("provider"), Compute: sdkmath.MaxInt(sdkmath.ZeroInt(), r.Fee.Sub(w.session.Price.Royalty)),
		Royalty:      w.session.Price.Royalty,
		Acknowledged: true, Lineage: []rewardstypes.Share{{Address: address("owner"), PPM: rewardstypes.PPM}},
		UnattributedPPM: r.UnattributedPpm,
	}
	for _, entry := range r.Entries {
		payable.Entries = append(payable.Entries, rewardstypes.PayableEntry{
			Rank: entry.Rank, Contributor: sdk.MustAccAddressFromBech32(w.contributions[entry.Rank].Contributor),
			Royalties: []rewardstypes.Share{{Address: address("owner"), PPM: 50_000}}, WeightPPM: entry.WeightPpm,
			QualityPPM: rewardstypes.PPM,
		})
	}
	payout, err := rewardstypes.Split(w.terms, payable)
	require.NoError(t, err)
	return payout
}

// id of the receipt of a call.
func (w *world) id(call uint64) string { return attributiontypes.ReceiptID(w.session.Id, call) }

func (w *world) ChainID() string { return testChain }

func (w *world) Receipt(_ context.Context, id string) (attributiontypes.QueryReceiptResponse, error) {
	for i, receipt := range w.records {
		if receipt.Id == id {
			return attributiontypes.QueryReceiptResponse{Receipt: receipt, Payout: w.batch.Paid(w.payouts[i]),
				Payment: w.batch.Payment(), BatchStatus: w.batch.Status}, nil
		}
	}
	return attributiontypes.QueryReceiptResponse{}, audit.ErrNotFound
}

func (w *world) Batch(context.Context, uint64) (attributiontypes.Batch, error) { return w.batch, nil }

func (w *world) Records(context.Context, uint64) ([]attributiontypes.Receipt, error) {
	return w.records, nil
}

func (w *world) Session(context.Context, []byte) (attributiontypes.Session, error) {
	return w.session, nil
}

func (w *world) ModelVersion(context.Context, uint64, uint32) (modelstypes.ModelVersion, error) {
	return w.model, nil
}

func (w *world) Contribution(_ context.Context, rank uint64) (datanettypes.Contribution, error) {
	if found, ok := w.contributions[rank]; ok {
		return found, nil
	}
	return datanettypes.Contribution{}, audit.ErrNotFound
}

func (w *world) DataNet(context.Context, uint64) (datanettypes.DataNet, error) { return w.datanet, nil }

func (w *world) Royalties(context.Context, uint64, int64) ([]datanettypes.Royalty, error) {
	return []datanettypes.Royalty{{Address: w.datanet.Owner, Ppm: w.datanet.OwnerPpm}}, nil
}

func (w *world) Txs(context.Context, int64) ([][]byte, error) {
	if w.pruned {
		return nil, fmt.Errorf("%w 77", audit.ErrPruned)
	}
	return w.txs, nil
}

func (w *world) Bundle(_ context.Context, batch attributiontypes.Batch) ([]byte, error) {
	if w.bundle == nil {
		return nil, fmt.Errorf("no bundle of batch %d", batch.Id)
	}
	return w.bundle, nil
}

func (w *world) Influence(_ context.Context, version modelstypes.ModelVersion) ([]poa.InfluenceRow, error) {
	if w.file == nil {
		return nil, influence.ErrNotFound
	}
	training, err := version.Training.Committed()
	if err != nil {
		return nil, err
	}
	return poa.OpenInfluence(w.file, training)
}

// attest moves the evidence out of the message into a bundle that is fetched.
func (w *world) attest(t testing.TB) *world {
	t.Helper()
	bundle, err := poa.MarshalBundle(w.msg.Receipts, w.msg.Evidence)
	require.NoError(t, err)
	root := w.evidence.Root()
	w.bundle, w.msg.Evidence, w.msg.BundleRoot, w.msg.BundleBytes = bundle, nil, root[:], uint64(len(bundle))
	w.rehash(t)
	return w
}
