package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// market is a DataNet with contributors, and a provider. Each case registers a model.
type market struct {
	name                                                              string
	payer, provider, modelOwner, baseOwner, owner, funder, challenger party
	curators                                                          []party // each only once
	contributors                                                      [3]party
	copier                                                            party // copies the first contributor

	funds     math.Int // of the payer
	bond      math.Int // of the provider
	answerKey ed25519.PrivateKey
	datanet   uint64
	version   uint64
	base      uint64 // model
	data      []contribution
	answers   []answer
}

// contribution is an accepted contribution, with its text.
type contribution struct {
	rank uint64
	by   party
	file poa.SegmentFile
}

// answer is a text with its attribution, and with that of a provider who leaves out the first contributor.
type answer struct {
	text         string
	tokens       []poa.TokenID
	honest, lies poa.Attribution
}

// newMarket returns a market with an account for each role.
func newMarket(w *world, name string) *market {
	p := func(role string) party { return w.party(name + " " + role) }
	m := &market{
		name: name, payer: p("payer"), provider: p("provider"), modelOwner: p("model owner"), baseOwner: p("base owner"),
		owner:  p("owner"),
		funder: p("funder"), challenger: p("challenger"), curators: []party{p("curator 0"), p("curator 1")},
		contributors: [3]party{p("contributor 0"), p("contributor 1"), p("contributor 2")}, copier: p("copier"),
		funds: chain.Open(45_000_000), bond: chain.Open(100_000_000),
	}
	if name == "others" {
		m.funds, m.bond = chain.Open(5_000_000), chain.Open(20_000_000)
	}
	return m
}

// oneMarket returns a market with one account for all roles.
func oneMarket(w *world) *market {
	p := w.party("one")
	return &market{
		name: "one", payer: p, provider: p, modelOwner: p, baseOwner: p, owner: p, funder: p, challenger: p,
		contributors: [3]party{p, p, p}, copier: p, funds: chain.Open(45_000_000), bond: chain.Open(100_000_000),
	}
}

// third is the text of the third contributor.
var third = "Sebaceous glands empty into the follicle and coat the shaft with sebum, an oily mixture whose rate of " +
	"secretion follows the level of androgens in the blood."

// build makes the DataNet, the base model and the provider, by messages.
func (m *market) build(b *branch) error {
	if err := m.fund(b); err != nil {
		return err
	}
	params := datanettypes.DefaultParams()
	params.Standing.DecayInterval = never
	if _, err := b.send(&datanettypes.MsgUpdateParams{Authority: authority, Params: params}); err != nil {
		return err
	}
	created, err := ask[*datanettypes.MsgCreateDataNetResponse](b, &datanettypes.MsgCreateDataNet{
		Owner: m.owner.String(), Name: "Skin", Domain: "dermatology", Licence: "CC-BY-4.0",
		ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER, RoyaltyFloor: math.ZeroInt(),
	})
	if err != nil {
		return err
	}
	m.datanet = created.DatanetId
	for i, texts := range [][]string{chain.Texts[0], chain.Texts[1], {third}, chain.Texts[0]} {
		by := m.copier
		if i < len(m.contributors) {
			by = m.contributors[i]
		}
		if err := m.contribute(b, by, texts); err != nil {
			return err
		}
	}
	if err := m.accept(b); err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(m.name))
	registered, err := ask[*modelstypes.MsgRegisterModelResponse](b, &modelstypes.MsgRegisterModel{
		Owner: m.baseOwner.String(), Name: "base", Kind: modelstypes.MODEL_KIND_BASE, Digest: digest[:],
		Method: modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: math.ZeroInt(),
	})
	if err != nil {
		return err
	}
	m.base = registered.ModelId
	m.answerKey = ed25519.NewKeyFromSeed(digest[:])
	if _, err := b.send(&modelstypes.MsgRegisterProvider{
		Provider: m.provider.String(), Name: "provider", Endpoint: "http://127.0.0.1:8080",
		AnswerKey: m.answerKey.Public().(ed25519.PublicKey), Bond: coin(m.bond),
	}); err != nil {
		return err
	}
	return m.writeAnswers()
}

// fund gives payer and provider the OPEN that they need more than other accounts.
func (m *market) fund(b *branch) error {
	if err := b.give(m.payer, m.funds); err != nil {
		return err
	}
	return b.give(m.provider, m.bond)
}

func (m *market) contribute(b *branch, by party, texts []string) error {
	file := poa.SegmentFile{}
	for _, text := range texts {
		file.Segments = append(file.Segments, []byte(text))
	}
	item, hash := chain.RevealItem(m.datanet, by, file)
	committed, err := ask[*datanettypes.MsgCommitContributionsResponse](b, &datanettypes.MsgCommitContributions{
		Contributor: by.String(), Items: []datanettypes.CommitItem{{Hash: hash[:], Deposit: coin(chain.Open(1))}},
	})
	if err != nil {
		return err
	}
	item.Rank = committed.Ranks[0]
	if err := b.blocks(2); err != nil {
		return err
	}
	m.data = append(m.data, contribution{item.Rank, by, file})
	_, err = b.send(&datanettypes.MsgRevealContributions{Contributor: by.String(), Items: []datanettypes.RevealItem{item}})
	return err
}

func (m *market) accept(b *branch) error {
	msg := &datanettypes.MsgAcceptContributions{Owner: m.owner.String(), DatanetId: m.datanet}
	for _, c := range m.data {
		msg.Ranks = append(msg.Ranks, c.rank)
	}
	accepted, err := ask[*datanettypes.MsgAcceptContributionsResponse](b, msg)
	if err != nil {
		return err
	}
	m.version = accepted.Version
	// The version is held at once: attestation is off until a case turns it on.
	if err := b.blocks(2); err != nil {
		return err
	}
	found, err := b.app().DatanetKeeper.GetDataNet(b.ctx, m.datanet)
	if err == nil && found.HeldVersion != m.version {
		err = fmt.Errorf("version %d of DataNet %d is not held", m.version, m.datanet)
	}
	return err
}

// writeAnswers writes and attributes answers that quote some, all or none of the contributors.
func (m *market) writeAnswers() error {
	honest, lies := poa.NewIndex(poa.ProtocolStatistics()), poa.NewIndex(poa.ProtocolStatistics())
	for _, c := range m.data {
		for i, segment := range c.file.Segments {
			if err := honest.Add(poa.NewSegment(c.rank, uint32(i), segment)); err != nil {
				return err
			}
			if c.rank == m.data[0].rank {
				continue
			}
			if err := lies.Add(poa.NewSegment(c.rank, uint32(i), segment)); err != nil {
				return err
			}
		}
	}
	first, second := chain.Texts[0], chain.Texts[1]
	for _, text := range []string{
		first[0], first[0] + " On the other hand, and this matters more: " + second[1], second[0] + " " + third,
		"In short: " + first[1] + " " + second[0] + " " + third, "Nobody has written about this, as far as can be told.",
	} {
		a := answer{text: text, tokens: poa.TokenIDs([]byte(text))}
		var err error
		if a.honest, err = honest.Attribute(poa.Answer{Tokens: a.tokens}); err != nil {
			return err
		}
		if a.lies, err = lies.Attribute(poa.Answer{Tokens: a.tokens}); err != nil {
			return err
		}
		m.answers = append(m.answers, a)
	}
	return nil
}

// proof returns the proof of a segment.
func (m *market) proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	i := slices.IndexFunc(m.data, func(c contribution) bool { return c.rank == rank })
	if i < 0 {
		return poa.SegmentProof{}, fmt.Errorf("no contribution %d", rank)
	}
	path, err := poa.MerklePath(m.data[i].file.Leaves(m.data[i].by.Address), int(index))
	return poa.SegmentProof{Rank: rank, Index: index, Content: m.data[i].file.Segments[index], Path: path}, err
}
