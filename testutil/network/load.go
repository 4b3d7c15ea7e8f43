package network

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/attestor/push"
	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Conduct is how a provider treats a batch.
type Conduct int

// Conducts.
const (
	Honest   Conduct = iota
	Lying            // pays the wrong contributor
	Late             // serves the evidence after some seconds
	Withheld         // serves it to nobody
)

// lateBy is how long late evidence is kept back.
const lateBy = 4 * time.Second

// Load makes answers without a language model, and submits their receipts as attested batches.
type Load struct {
	network *Network
	clients []*chain.Client

	owner     chain.Signer
	authors   []chain.Signer
	providers []*provider
	files     []poa.SegmentFile
	ranks     []uint64
	index     *poa.Index
	datanet   uint64
	version   uint64
	model     uint64

	listener net.Listener
	mu       sync.Mutex
	bundles  map[string]served
	batches  []*Batch
}

// served is a bundle and from when on it is.
type served struct {
	data []byte
	from time.Time
}

// Batch is one that was submitted.
type Batch struct {
	ID       uint64
	Receipts int
	Conduct  Conduct
	// Answered is the height when the answers were made, Settled that of the verdict.
	Answered, Settled int64
	Status            attributiontypes.BatchStatus
}

type provider struct {
	signer, payer chain.Signer
	key           ed25519.PrivateKey
	session       attributiontypes.Session
	sessionKey    ed25519.PrivateKey
	n, seq        uint64
	head          poa.Hash
	last          poa.Outcome
	spent         poa.Amount
	random        *rand.Rand
	busy          sync.Mutex // a session has one writer
}

func signer(name string) chain.Signer {
	return chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte("openledger network test: " + name)))
}

// NewLoad makes the accounts of a load with so many providers; the network's genesis must fund them.
func NewLoad(providers int) *Load {
	l := &Load{owner: signer("owner"), bundles: make(map[string]served)}
	for i := range 3 {
		l.authors = append(l.authors, signer(fmt.Sprintf("author %d", i)))
	}
	for i := range providers {
		seed := sha256.Sum256(fmt.Appendf(nil, "answer key %d", i))
		sessionSeed := sha256.Sum256(fmt.Appendf(nil, "session key %d", i))
		l.providers = append(l.providers, &provider{
			signer: signer(fmt.Sprintf("provider %d", i)), payer: signer(fmt.Sprintf("payer %d", i)),
			key:        ed25519.NewKeyFromSeed(seed[:]),
			sessionKey: ed25519.NewKeyFromSeed(sessionSeed[:]), random: rand.New(rand.NewSource(int64(i))),
		})
	}
	return l
}

// Accounts to fund.
func (l *Load) Accounts() []chain.Signer {
	accounts := append([]chain.Signer{l.owner}, l.authors...)
	for _, p := range l.providers {
		accounts = append(accounts, p.signer, p.payer)
	}
	return accounts
}

// Setup registers everything that the load needs, by transactions.
func (l *Load) Setup(ctx context.Context, n *Network) error {
	l.network = n
	for _, node := range n.Nodes {
		client, err := chain.Dial(ctx, node.GRPC)
		if err != nil {
			return err
		}
		l.clients = append(l.clients, client)
	}
	var err error
	if l.listener, err = net.Listen("tcp", net.JoinHostPort(n.Host, "0")); err != nil {
		return err
	}
	go func() { _ = http.Serve(l.listener, http.HandlerFunc(l.serve)) }()
	for _, step := range []func(context.Context) error{l.contribute, l.hold, l.register} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close releases connections.
func (l *Load) Close() {
	for _, client := range l.clients {
		_ = client.Close()
	}
	if l.listener != nil {
		_ = l.listener.Close()
	}
}

// serve gives bundles to attestors, when it is time.
func (l *Load) serve(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	found, ok := l.bundles[r.URL.Path]
	l.mu.Unlock()
	if !ok || time.Now().Before(found.from) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(found.data)
}

// send sends messages through the first node that takes them.
func (l *Load) send(ctx context.Context, from chain.Signer, msgs ...sdk.Msg) (*sdk.TxResponse, error) {
	var failures []error
	for range 20 {
		for i, client := range l.clients {
			if !l.network.Nodes[i].Alive() {
				continue
			}
			tried, cancel := context.WithTimeout(ctx, 25*time.Second)
			result, err := client.Send(tried, from, msgs...)
			cancel()
			var refused *chain.RefusedError
			if err == nil || ctx.Err() != nil || errors.As(err, &refused) && refused.Codespace != "sdk" {
				return result, err
			}
			failures = append(failures, fmt.Errorf("%s: %w", l.network.Nodes[i].Name, err))
		}
		if err := follow.Sleep(ctx, 500*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return nil, errors.Join(failures[max(0, len(failures)-4):]...)
}

func prose(random *rand.Rand, n int) []byte {
	common := strings.Fields("the of and to in is that for it with as on be by this are from or an which")
	words := make([]string, n)
	for i := range words {
		if words[i] = common[random.Intn(len(common))]; random.Intn(5) > 1 {
			words[i] = fmt.Sprintf("word%d", random.Intn(20_000))
		}
	}
	return []byte(strings.Join(words, " "))
}

// contribute publishes the text of three authors in one DataNet.
func (l *Load) contribute(ctx context.Context) error {
	result, err := l.send(ctx, l.owner, &datanettypes.MsgCreateDataNet{
		Owner: l.owner.String(), Name: "Network test", Description: "Generated text", Domain: "test", Licence: "Apache-2.0",
		ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER, RoyaltyFloor: sdkmath.ZeroInt(),
		AllowFewStopWords: true, // its words are drawn
	})
	if err != nil {
		return err
	}
	var created datanettypes.MsgCreateDataNetResponse
	if err := chain.Response(result, &created); err != nil {
		return err
	}
	l.datanet = created.DatanetId
	random := rand.New(rand.NewSource(1))
	var reveals []datanettypes.RevealItem
	last := int64(0)
	for _, author := range l.authors {
		var file poa.SegmentFile
		for range 8 {
			file.Segments = append(file.Segments, prose(random, 80))
		}
		encoded, err := file.MarshalBinary()
		if err != nil {
			return err
		}
		root, statistics, content, salt := file.Root(author.Address), file.StatisticsRoot(), sha256.Sum256(encoded),
			sha256.Sum256(author.Address)
		commit := poa.CommitHash(root, author.Address, salt[:])
		result, err := l.send(ctx, author, &datanettypes.MsgCommitContributions{
			Contributor: author.String(), Items: []datanettypes.CommitItem{{Hash: commit[:], Deposit: coin(10)}},
		})
		if err != nil {
			return err
		}
		var committed datanettypes.MsgCommitContributionsResponse
		if err := chain.Response(result, &committed); err != nil {
			return err
		}
		last = result.Height
		l.files, l.ranks = append(l.files, file), append(l.ranks, committed.Ranks[0])
		reveals = append(reveals, datanettypes.RevealItem{
			Rank: committed.Ranks[0], DatanetId: l.datanet, Root: root[:], Salt: salt[:], Segments: uint32(len(file.Segments)),
			Tokens: file.Tokens(),
			Bytes:  uint64(len(encoded)), StatisticsRoot: statistics[:], ContentHash: content[:], Title: "generated",
		})
	}
	if err := l.derive(reveals); err != nil {
		return err
	}
	if err := l.clients[0].WaitHeight(ctx, last+3); err != nil {
		return err
	}
	for i, author := range l.authors {
		if _, err := l.send(
			ctx, author, &datanettypes.MsgRevealContributions{Contributor: author.String(),
				Items: reveals[i : i+1]}); err != nil {
			return err
		}
	}
	if result, err = l.send(
		ctx, l.owner, &datanettypes.MsgAcceptContributions{Owner: l.owner.String(), DatanetId: l.datanet,
			Ranks: l.ranks}); err != nil {
		return err
	}
	var accepted datanettypes.MsgAcceptContributionsResponse
	if err := chain.Response(result, &accepted); err != nil {
		return err
	}
	l.version = accepted.Version
	return nil
}

// derive declares what the text of each author derives from that of those before.
func (l *Load) derive(reveals []datanettypes.RevealItem) error {
	p := poa.NewProvenance()
	for i := range reveals {
		var err error
		if reveals[i].Derivations, err = manifest.Derivations(p, reveals[i].Rank, l.files[i], p.Len(),
			func() error { return nil }); err != nil {
			return err
		}
		if err := p.AddFile(reveals[i].Rank, l.files[i], manifest.Passed(reveals[i].Derivations)); err != nil {
			return err
		}
	}
	return nil
}

// hold gives the text to one attestor, and waits until enough have it.
func (l *Load) hold(ctx context.Context) error {
	for {
		for _, file := range l.files {
			encoded, err := file.MarshalBinary()
			if err != nil {
				return err
			}
			hash := poa.Hash(sha256.Sum256(encoded))
			_ = push.Text(ctx, "http://"+l.network.Nodes[0].Attestor, hash, encoded) // not asked for yet, or held
		}
		found, err := l.clients[0].Datanet.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: l.datanet})
		if err != nil {
			return err
		}
		if found.Datanet.HeldVersion >= l.version {
			break
		}
		if err := follow.Sleep(ctx, 300*time.Millisecond); err != nil {
			return fmt.Errorf("version %d is not held: %w", l.version, err)
		}
	}
	l.index = poa.NewIndex(poa.ProtocolStatistics())
	for i, file := range l.files {
		for j, text := range file.Segments {
			if err := l.index.Add(poa.NewSegment(l.ranks[i], uint32(j), text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// register makes the model, the providers with their offers, and a session with each.
func (l *Load) register(ctx context.Context) error {
	digest := sha256.Sum256([]byte("network test"))
	result, err := l.send(ctx, l.owner, &modelstypes.MsgRegisterModel{
		Owner: l.owner.String(), Name: "network-test", Kind: modelstypes.MODEL_KIND_RETRIEVAL, Digest: digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: l.datanet, Version: l.version}},
		Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: sdkmath.NewInt(1e15),
	})
	if err != nil {
		return err
	}
	var registered modelstypes.MsgRegisterModelResponse
	if err := chain.Response(result, &registered); err != nil {
		return err
	}
	l.model = registered.ModelId
	for _, p := range l.providers {
		if _, err := l.send(ctx, p.signer,
			&modelstypes.MsgRegisterProvider{
				Provider: p.signer.String(), Name: "provider", Endpoint: "http://" + l.listener.Addr().String(),
				AnswerKey: p.key.Public().(ed25519.PublicKey), Bond: coin(100_000),
			},
			&modelstypes.MsgSetOffer{Provider: p.signer.String(), ModelId: l.model, InputPrice: sdkmath.NewInt(1e12),
				OutputPrice: sdkmath.NewInt(1e12)}); err != nil {
			return err
		}
		result, err := l.send(ctx, p.payer, &attributiontypes.MsgOpenSession{
			Payer: p.payer.String(), Provider: p.signer.String(), ModelId: l.model,
			SessionKey: p.sessionKey.Public().(ed25519.PublicKey), Deposit: coin(100_000),
		})
		if err != nil {
			return err
		}
		var opened attributiontypes.MsgOpenSessionResponse
		if err := chain.Response(result, &opened); err != nil {
			return err
		}
		found, err := l.clients[0].Attribution.Session(ctx,
			&attributiontypes.QuerySessionRequest{SessionId: fmt.Sprintf("%x", opened.SessionId)})
		if err != nil {
			return err
		}
		p.session = found.Session
	}
	return nil
}

func coin(open int64) sdk.Coin {
	return sdk.NewCoin(rewardstypes.Denom, sdkmath.NewIntWithDecimal(open, rewardstypes.Decimals))
}

// Batches that were submitted so far.
func (l *Load) Batches() []*Batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.batches)
}
