package chain

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"

	sdkmath "cosmossdk.io/math"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Prices of the scenario's model, in aopen.
var (
	InputPrice  = sdkmath.NewIntWithDecimal(1, 15)
	OutputPrice = sdkmath.NewIntWithDecimal(2, 15)
	Royalty     = sdkmath.NewIntWithDecimal(1, 17)
)

// Texts are the segments of the two contributors of a Scenario.
var Texts = [][]string{
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

// Scenario is a chain with a DataNet of two contributors, a retrieval model
// and a bonded provider.
type Scenario struct {
	*Chain
	Owner, Alice, Bob, Provider, Payer, Stranger Account

	DatanetID     uint64
	Version       uint64
	ModelID       uint64
	Contributions []Contribution
	AnswerKey     ed25519.PrivateKey

	index     *poa.Index
	method    modelstypes.AttributionMethod
	influence []poa.InfluenceRow // of the adapter, by method LORA
	seq       uint64
	calls     uint64
}

// Contribution is accepted text with what is needed to prove it.
type Contribution struct {
	Rank        uint64
	Contributor Account
	File        poa.SegmentFile
}

// NewScenario builds the chain and everything up to the provider's offer with
// real transactions.
func NewScenario(c func(accounts []Account) *Chain) *Scenario {
	s := &Scenario{
		Owner: NewAccount("owner"), Alice: NewAccount("alice"), Bob: NewAccount("bob"),
		Provider: NewAccount("provider"), Payer: NewAccount("payer"), Stranger: NewAccount("stranger"),
		AnswerKey: seedKey("answer key"),
	}
	s.Chain = c([]Account{s.Owner, s.Alice, s.Bob, s.Provider, s.Payer, s.Stranger})
	s.createDatanet()
	for i, contributor := range []Account{s.Alice, s.Bob} {
		s.Contribute(contributor, Texts[i]...)
	}
	s.Accept()
	s.AwaitHeld()
	s.serve()
	return s
}

func seedKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (s *Scenario) createDatanet() {
	s.T.Helper()
	result := s.Send(s.Owner, &datanettypes.MsgCreateDataNet{
		Owner: s.Owner.String(), Name: "Skin", Description: "Notes on skin and hair", Domain: "dermatology",
		Licence:      "CC-BY-4.0",
		ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER, RoyaltyFloor: Royalty, OwnerPpm: 50_000,
		AllowFewStopWords: true, // the texts of tests are drawn words
	})
	var response datanettypes.MsgCreateDataNetResponse
	require.NoError(s.T, Decode(result, &response))
	s.DatanetID = response.DatanetId
}

// Contribute seals and reveals segments of a contributor.
func (s *Scenario) Contribute(contributor Account, segments ...string) Contribution {
	s.T.Helper()
	return s.contribute(contributor, func(*datanettypes.RevealItem) {}, segments...)
}

// ContributeMarked seals and reveals segments with a mark of gold.
func (s *Scenario) ContributeMarked(contributor Account, mark []byte, segments ...string) Contribution {
	s.T.Helper()
	return s.contribute(contributor, func(item *datanettypes.RevealItem) { item.Mark = mark }, segments...)
}

// ContributeDerived seals and reveals segments with derivations.
func (s *Scenario) ContributeDerived(contributor Account, derivations []datanettypes.Derivation,
	segments ...string) Contribution {
	s.T.Helper()
	return s.contribute(contributor, func(item *datanettypes.RevealItem) { item.Derivations = derivations }, segments...)
}

func (s *Scenario) contribute(contributor Account, edit func(*datanettypes.RevealItem),
	segments ...string) Contribution {
	s.T.Helper()
	file := poa.SegmentFile{}
	for _, segment := range segments {
		require.NoError(s.T, poa.CheckSegment([]byte(segment), poa.SegmentRules{AllowFewStopWords: true}))
		file.Segments = append(file.Segments, []byte(segment))
	}
	item, hash := RevealItem(s.DatanetID, contributor, file)
	edit(&item)
	result := s.Send(contributor, &datanettypes.MsgCommitContributions{
		Contributor: contributor.String(),
		Items:       []datanettypes.CommitItem{{Hash: hash[:], Deposit: Coin(Open(1))}},
	})
	var response datanettypes.MsgCommitContributionsResponse
	require.NoError(s.T, Decode(result, &response))
	item.Rank = response.Ranks[0]
	s.Blocks(1)
	s.Send(contributor, &datanettypes.MsgRevealContributions{Contributor: contributor.String(),
		Items: []datanettypes.RevealItem{item}})
	contribution := Contribution{Rank: item.Rank, Contributor: contributor, File: file}
	s.Contributions = append(s.Contributions, contribution)
	return contribution
}

// RevealItem describes a segment file, and the hash that seals it.
func RevealItem(datanetID uint64, contributor Account, file poa.SegmentFile) (datanettypes.RevealItem, poa.Hash) {
	encoded, err := file.MarshalBinary()
	if err != nil {
		panic(err)
	}
	root, statistics, content := file.Root(contributor.Address), file.StatisticsRoot(), sha256.Sum256(encoded)
	salt, mark := sha256.Sum256(append([]byte("salt"), root[:]...)), sha256.Sum256(append([]byte("mark"), root[:]...))
	return datanettypes.RevealItem{
		DatanetId: datanetID, Root: root[:], Salt: salt[:], Segments: uint32(len(file.Segments)), Tokens: file.Tokens(),
		Bytes: uint64(len(encoded)), StatisticsRoot: statistics[:], ContentHash: content[:], Title: "notes", Mark: mark[:],
	}, poa.CommitHash(root, contributor.Address, salt[:])
}

// Accept accepts everything that was contributed and not yet accepted.
func (s *Scenario) Accept() {
	s.T.Helper()
	var ranks []uint64
	for _, contribution := range s.Contributions {
		found, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), contribution.Rank)
		require.NoError(s.T, err)
		if found.Status == datanettypes.CONTRIBUTION_STATUS_SUBMITTED {
			ranks = append(ranks, contribution.Rank)
		}
	}
	result := s.Send(
		s.Owner, &datanettypes.MsgAcceptContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID, Ranks: ranks})
	var response datanettypes.MsgAcceptContributionsResponse
	require.NoError(s.T, Decode(result, &response))
	s.Version = response.Version
}

// AwaitHeld makes blocks until validators hold the latest version.
func (s *Scenario) AwaitHeld() {
	s.T.Helper()
	for range 10 {
		datanet, err := s.App.DatanetKeeper.GetDataNet(s.Ctx(), s.DatanetID)
		require.NoError(s.T, err)
		if datanet.HeldVersion == s.Version {
			return
		}
		s.Blocks(1)
	}
	s.T.Fatalf("version %d is not held", s.Version)
}

// serve registers the model, the provider and the offer.
func (s *Scenario) serve() {
	s.T.Helper()
	digest := sha256.Sum256([]byte("model"))
	result := s.Send(s.Owner, &modelstypes.MsgRegisterModel{
		Owner: s.Owner.String(), Name: "skin-retrieval", Kind: modelstypes.MODEL_KIND_RETRIEVAL, Digest: digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}},
		Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: Royalty,
	})
	var response modelstypes.MsgRegisterModelResponse
	require.NoError(s.T, Decode(result, &response))
	s.ModelID = response.ModelId
	s.Send(s.Provider, &modelstypes.MsgRegisterProvider{
		Provider: s.Provider.String(), Name: "provider", Endpoint: "http://127.0.0.1:8080",
		AnswerKey: s.AnswerKey.Public().(ed25519.PublicKey), Bond: Coin(Open(10_000)),
	}, &modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: s.ModelID, InputPrice: InputPrice,
		OutputPrice: OutputPrice})

	s.Reindex()
}

// Reindex makes the provider attribute to all contributions but the hidden ones.
func (s *Scenario) Reindex(hidden ...uint64) {
	s.T.Helper()
	s.index = poa.NewIndex(poa.ProtocolStatistics())
	for _, contribution := range s.Contributions {
		if slices.Contains(hidden, contribution.Rank) {
			continue
		}
		for i, segment := range contribution.File.Segments {
			require.NoError(s.T, s.index.Add(poa.NewSegment(contribution.Rank, uint32(i), segment)))
		}
	}
}

// Publish publishes a version of the model over all that is accepted now.
func (s *Scenario) Publish(method modelstypes.AttributionMethod) {
	s.T.Helper()
	digest := sha256.Sum256([]byte("next model"))
	s.Send(s.Owner, &modelstypes.MsgPublishModelVersion{
		Owner: s.Owner.String(), ModelId: s.ModelID, Digest: digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}}, Method: method, Royalty: Royalty,
	})
	s.method = method
}

// SegmentProof proves a segment of the scenario.
func (s *Scenario) SegmentProof(rank uint64, index uint32) (poa.SegmentProof, error) {
	for _, contribution := range s.Contributions {
		if contribution.Rank != rank {
			continue
		}
		path, err := poa.MerklePath(contribution.File.Leaves(contribution.Contributor.Address), int(index))
		return poa.SegmentProof{Rank: rank, Index: index, Content: contribution.File.Segments[index], Path: path}, err
	}
	return poa.SegmentProof{}, fmt.Errorf("no contribution %d", rank)
}

// Conversation plays client and provider of one session.
type Conversation struct {
	*Scenario
	Session attributiontypes.Session
	Key     ed25519.PrivateKey
	// MaxFee of each call, in aopen.
	MaxFee sdkmath.Int
	// Query is what answers by method LORA ask the influence file; nil asks nothing.
	Query *poa.LoraQuery
	// Lie changes what the provider claims of an answer; Weigh sets entries by it.
	Lie func(*poa.Attribution)

	n        uint64
	head     poa.Hash
	last     poa.Outcome
	spent    poa.Amount
	receipts []poa.Receipt
	builder  poa.EvidenceBuilder
	// Answers of the session, for disputes.
	Answers []Answered
	// Evidence of the batch that was made last.
	Evidence poa.Evidence
}

// Answered is what a provider knows of an answer.
type Answered struct {
	Receipt     poa.Receipt
	Attribution poa.Attribution
	Outcome     poa.Outcome
}

// Open opens a session with a deposit.
func (s *Scenario) Open(deposit sdkmath.Int) *Conversation {
	s.T.Helper()
	s.calls++
	key := seedKey(fmt.Sprintf("session %d", s.calls))
	result := s.Send(s.Payer, &attributiontypes.MsgOpenSession{
		Payer: s.Payer.String(), Provider: s.Provider.String(), ModelId: s.ModelID,
		SessionKey: key.Public().(ed25519.PublicKey), Deposit: Coin(deposit),
	})
	var response attributiontypes.MsgOpenSessionResponse
	require.NoError(s.T, Decode(result, &response))
	c := &Conversation{Scenario: s, Key: key, MaxFee: Open(1)}
	c.Refresh(response.SessionId)
	return c
}

// Refresh reads the session from state.
func (c *Conversation) Refresh(id []byte) {
	c.T.Helper()
	response, err := queryServer(c.Chain).Session(c.Ctx(),
		&attributiontypes.QuerySessionRequest{SessionId: fmt.Sprintf("%x", id)})
	require.NoError(c.T, err)
	c.Session = response.Session
}

// Ask records a call whose answer is text.
func (c *Conversation) Ask(text string) {
	c.T.Helper()
	c.calls++
	key := sha256.Sum256(fmt.Appendf(nil, "call key %d", c.calls))
	query := sha256.Sum256(fmt.Appendf(nil, "query %d", c.calls))
	tokens := poa.TokenIDs([]byte(text))
	attribution, err := c.attribute(text)
	require.NoError(c.T, err)
	c.Weigh(&attribution)
	if c.Lie != nil {
		c.Lie(&attribution)
	}
	require.NoError(c.T, c.builder.AddText(key, []byte(text), attribution, c.SegmentProof))

	price := Price(c.Session.Price)
	input, output := uint32(12), uint32(len(tokens))
	compute, err := price.Compute(input, output)
	require.NoError(c.T, err)
	fee, err := compute.Add(price.Royalty)
	require.NoError(c.T, err)
	maxFee := Amount(c.MaxFee)
	call := poa.Call{QueryHash: query, MaxFee: maxFee}
	c.advance(call.Hash())
	c.last = poa.Outcome{AnswerRoot: poa.TextRoot(key, []byte(text), uint8(c.method)), InputTokens: input,
		OutputTokens: output, Fee: fee}
	c.receipts = append(c.receipts, poa.Receipt{
		N: c.n, Call: call.Hash(), QueryHash: query, MaxFee: maxFee,
		AnswerRoot: c.last.AnswerRoot, EvidenceRoot: attribution.Root(),
		InputTokens: input, OutputTokens: output, Fee: fee,
		Entries: attribution.Entries, UnattributedPPM: attribution.UnattributedPPM,
	})
	c.Answers = append(
		c.Answers, Answered{Receipt: c.receipts[len(c.receipts)-1], Attribution: attribution, Outcome: c.last})
	c.spent, err = c.spent.Add(fee)
	require.NoError(c.T, err)
}

// attribute applies the model's method; all but SPAN have retrieved the first segments.
func (c *Conversation) attribute(text string) (poa.Attribution, error) {
	var retrieved []poa.Segment
	for _, contribution := range c.Contributions {
		for i, segment := range contribution.File.Segments {
			if len(retrieved) < poa.MaxWindowSegments {
				s := poa.NewSegment(contribution.Rank, uint32(i), segment)
				s.Interpret(segment)
				retrieved = append(retrieved, s)
			}
		}
	}
	switch c.method {
	case modelstypes.ATTRIBUTION_METHOD_RAG:
		return c.index.AttributeRAG(poa.NewAnswer([]byte(text)), retrieved)
	case modelstypes.ATTRIBUTION_METHOD_MEANING:
		return c.index.AttributeMeaning(poa.InterpretAnswer([]byte(text)), retrieved, nil)
	case modelstypes.ATTRIBUTION_METHOD_LORA:
		return c.index.AttributeLora(poa.InterpretAnswer([]byte(text)), retrieved, nil, c.influence, c.Query)
	}
	return c.index.Attribute(poa.Answer{Tokens: poa.TokenIDs([]byte(text))})
}

// Weigh leaves out what is stopped for a batch of the next block.
func (c *Conversation) Weigh(attribution *poa.Attribution) {
	k, height := c.App.DatanetKeeper, c.Height()+1
	version, err := c.App.ModelsKeeper.GetModelVersion(c.Ctx(), c.Session.ModelId, c.Session.ModelVersion)
	require.NoError(c.T, err)
	used := func(rank uint64) bool {
		found, err := k.GetContribution(c.Ctx(), rank)
		return err == nil && slices.ContainsFunc(version.Manifest, func(entry modelstypes.ManifestEntry) bool {
			return entry.DatanetId == found.DatanetId && found.Version() != 0 && found.Version() <= entry.Version
		})
	}
	attribution.Weigh(func(rank uint64, segment uint32) []poa.Derivation {
		found, err := k.GetContribution(c.Ctx(), rank)
		require.NoError(c.T, err)
		stop, known, err := k.SegmentStop(c.Ctx(), found.DatanetId, rank, segment)
		require.NoError(c.T, err)
		if known && stop.Holds(height) {
			return []poa.Derivation{{Rank: stop.PaysTo(height, used), PPM: poa.TotalPPM}}
		}
		var derived []poa.Derivation
		for _, d := range found.Derivations {
			if d.Segment == segment {
				derived = append(derived, poa.Derivation{Rank: d.Rank, PPM: d.Ppm})
			}
		}
		return derived
	}, func(rank uint64) poa.Standing {
		found, err := k.GetContribution(c.Ctx(), rank)
		if err != nil || !used(rank) {
			return poa.Standing{}
		}
		standing := poa.Standing{Segments: found.Segments}
		for i := range found.Segments {
			stop, known, err := k.SegmentStop(c.Ctx(), found.DatanetId, rank, i)
			require.NoError(c.T, err)
			if known && stop.Holds(height) {
				standing.Stopped++
			}
		}
		return standing
	})
}

// Gap records a call that failed, or only acknowledged.
func (c *Conversation) Gap(call poa.Hash) {
	c.advance(call)
	c.last = poa.Outcome{}
	c.receipts = append(c.receipts, poa.Receipt{N: c.n, Gap: true, Call: call})
}

func (c *Conversation) advance(call poa.Hash) {
	c.n++
	c.head = poa.NextHash(c.head, call, c.last)
}

// Voucher signs for call n with head h.
func (c *Conversation) Voucher(n uint64, head poa.Hash, cumulative poa.Amount) []byte {
	var session poa.Hash
	copy(session[:], c.Session.Id)
	voucher := poa.Voucher{
		ChainID: ID, Session: session, Provider: c.Provider.Address, ModelID: c.Session.ModelId,
		ModelVersion: c.Session.ModelVersion,
		Price:        Price(c.Session.Price), N: n, Head: head, CumulativeMax: cumulative,
	}
	return ed25519.Sign(c.Key, voucher.SignBytes())
}

// Acknowledged is the batch of all calls since the last one, with a voucher
// that acknowledges the last answer.
func (c *Conversation) Acknowledged() *attributiontypes.MsgSubmitReceipts {
	c.T.Helper()
	head := poa.NextHash(c.head, poa.AckCall, c.last)
	return c.batch(attributiontypes.SessionClaim{
		SessionId: c.Session.Id, Calls: c.n + 1, PendingCall: append([]byte(nil), poa.AckCall[:]...),
		CumulativeMax: sdkmath.NewIntFromBigInt(c.spent.Big()), Signature: c.Voucher(c.n+1, head, c.spent),
	})
}

// Unacknowledged is the batch with the voucher of its last call.
func (c *Conversation) Unacknowledged() *attributiontypes.MsgSubmitReceipts {
	c.T.Helper()
	return c.batch(attributiontypes.SessionClaim{
		SessionId: c.Session.Id, Calls: c.n,
		CumulativeMax: sdkmath.NewIntFromBigInt(c.spent.Big()), Signature: c.Voucher(c.n, c.head, c.spent),
	})
}

// CloseHead is the closing gap leaf that acknowledges the last answer.
func (c *Conversation) CloseHead() (uint64, []byte) {
	head := poa.NextHash(c.head, poa.AckCall, c.last)
	return c.n + 1, head[:]
}

// Claimed is the batch without a voucher: the payer's close authorises it.
func (c *Conversation) Claimed() *attributiontypes.MsgSubmitReceipts {
	c.T.Helper()
	return c.batch(attributiontypes.SessionClaim{SessionId: c.Session.Id, Calls: c.n, CumulativeMax: sdkmath.ZeroInt()})
}

func (c *Conversation) batch(claim attributiontypes.SessionClaim) *attributiontypes.MsgSubmitReceipts {
	c.T.Helper()
	receipts, err := poa.MarshalReceipts(c.receipts)
	require.NoError(c.T, err)
	c.Evidence = c.builder.Evidence()
	evidence, err := c.Evidence.MarshalBinary()
	require.NoError(c.T, err)
	c.seq++
	return &attributiontypes.MsgSubmitReceipts{
		Provider: c.Provider.String(), ProviderSeq: c.seq,
		Sessions: []attributiontypes.SessionClaim{claim}, Receipts: receipts, Evidence: evidence,
	}
}

// Attested turns a batch into one whose evidence validators fetch.
func (c *Conversation) Attested(msg *attributiontypes.MsgSubmitReceipts) *attributiontypes.MsgSubmitReceipts {
	c.T.Helper()
	bundle, err := poa.MarshalBundle(msg.Receipts, msg.Evidence)
	require.NoError(c.T, err)
	root := c.Evidence.Root()
	work := poa.Work{}
	// Lies are announced as far as they go.
	_ = work.VerifyHeld(c.receiptsWithMethod(), c.Evidence, proved{c.Scenario}, poa.ProtocolStatistics(),
		func(int) (*poa.Index, error) { return c.index, nil },
		func(int) ([]poa.InfluenceRow, error) { return c.influence, nil })
	msg.Evidence, msg.BundleRoot, msg.BundleBytes, msg.BundleWork = nil, root[:], uint64(len(bundle)), work.Spent()
	return msg
}

func (c *Conversation) receiptsWithMethod() []poa.Receipt {
	receipts := slices.Clone(c.receipts)
	for i := range receipts {
		receipts[i].Method = uint8(c.method)
	}
	return receipts
}

// proved are the scenario's contributions as segments are verified against them.
type proved struct{ *Scenario }

// Contribution implements poa.ContributionSource.
func (p proved) Contribution(rank uint64) (poa.Contribution, error) {
	for _, c := range p.Contributions {
		if c.Rank == rank {
			who := c.Contributor.Address
			return poa.Contribution{Root: c.File.Root(who), Contributor: who, Segments: uint32(len(c.File.Segments))}, nil
		}
	}
	return poa.Contribution{}, fmt.Errorf("no contribution %d", rank)
}

// Stopped implements poa.ContributionSource.
func (proved) Stopped(int, uint64, uint32) (bool, uint64, error) { return false, 0, nil }

// Standing implements poa.ContributionSource.
func (p proved) Standing(_ int, rank uint64) (poa.Standing, error) {
	c, err := p.Contribution(rank)
	return poa.Standing{Segments: c.Segments}, err
}

// Submit sends a batch and starts the next one.
func (c *Conversation) Submit(msg *attributiontypes.MsgSubmitReceipts) (*abci.ExecTxResult, uint64) {
	c.T.Helper()
	result := c.Send(c.Provider, msg)
	var response attributiontypes.MsgSubmitReceiptsResponse
	require.NoError(c.T, Decode(result, &response))
	c.Recorded()
	return result, response.BatchId
}

// Recorded starts the next batch after one that was sent.
func (c *Conversation) Recorded() {
	c.T.Helper()
	c.receipts, c.builder = nil, poa.EvidenceBuilder{}
	c.Refresh(c.Session.Id)
}

// ReceiptID of call n.
func (c *Conversation) ReceiptID(n uint64) string { return fmt.Sprintf("%x-%d", c.Session.Id, n) }

// Amount converts aopen to the packed form.
func Amount(v sdkmath.Int) poa.Amount {
	amount, err := poa.AmountFromBig(v.BigInt())
	if err != nil {
		panic(err)
	}
	return amount
}

// Price converts a session's price to the signed form.
func Price(p attributiontypes.Price) poa.Price {
	return poa.Price{InputPer1K: Amount(p.Input), OutputPer1K: Amount(p.Output), Royalty: Amount(p.Royalty)}
}

// Earned returns what an account has earned since genesis.
func (c *Chain) Earned(account Account) sdkmath.Int {
	c.T.Helper()
	response, err := rewardsServer(c).Earnings(c.Ctx(), &rewardstypes.QueryEarningsRequest{Address: account.String()})
	require.NoError(c.T, err)
	return response.Earned.Amount
}

// Balance of an account at the bank.
func (c *Chain) Balance(address sdk.AccAddress) sdkmath.Int {
	return c.App.BankKeeper.GetBalance(c.Ctx(), address, rewardstypes.Denom).Amount
}
