package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/demo/ports"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	chainID   = "openledger-demo-1"
	blockTime = "900ms"
	// reviewBlockTime is shorter: a panel is drawn over as many blocks as it has seats, twice.
	reviewBlockTime = "200ms"
	startLimit      = 30 * time.Second
	// gatewayRate is the rate and the burst of requests that the gateway accepts. The demo is its only client.
	gatewayRate = "1000"
	// givenOpen is the balance of each account at genesis, in OPEN.
	givenOpen = 10_000
)

// open returns n OPEN in aopen.
func open(n int64) sdkmath.Int { return sdkmath.NewIntWithDecimal(n, rewardstypes.Decimals) }

func coin(amount sdkmath.Int) sdk.Coin { return sdk.NewCoin(rewardstypes.Denom, amount) }

// world is a running demo.
type world struct {
	opts   options
	print  printer
	home   string
	ports  *ports.Block // of the validators, then of the gateway
	source *source

	node, gateway *process
	others        []*process // validators beside the first
	liar          int        // number of the validator that lies; 0 for none
	layout        []layoutNode
	chain         *chain.Client
	store         *content.Store

	owner, provider, payer chain.Signer
	adapterOwner           chain.Signer // of --lora
	authors                []author
	review                 *review         // nil without --review
	lora                   *lora           // nil without --lora
	provenance             *poa.Provenance // of the text in the DataNet

	datanetID, version, modelID uint64
	began                       time.Time
}

// layoutNode is what `openledgerd testnet init-files` prints of a node.
type layoutNode struct {
	Name     string `json:"name"`
	Operator string `json:"operator"`
}

// author is a contributor with an account.
type author struct {
	contributor
	account chain.Signer
	rank    uint64
	before  sdkmath.Int
}

// run plays the demo and cleans up after it.
func run(ctx context.Context, opts options, print printer) (err error) {
	ctx, stop := signal.NotifyContext(ctx, gone()...)
	defer stop()
	w := &world{opts: opts, print: print, began: time.Now()}
	if w.home, err = os.MkdirTemp("", "openledger-demo-"); err != nil {
		return err
	}
	defer func() {
		if keep := opts.keep && err == nil; !keep {
			err = errors.Join(err, w.cleanUp())
		}
	}()
	contribute := w.contribute
	if opts.review {
		contribute = w.holdReviews
	}
	steps := []func(context.Context) error{
		w.readText, w.startChain, w.createDataNet, contribute, w.awaitHeld, w.serveModel, w.startGateway, w.converse,
	}
	if opts.lora {
		steps = []func(context.Context) error{
			w.readFields, w.startChain, w.contributeFields, w.publishBase, w.train, w.publishAdapters, w.startGateway,
			w.converseLora,
		}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted: %w", context.Cause(ctx))
			}
			return err
		}
	}
	return nil
}

// gone returns the signals that say that the reader or the terminal is gone. The demo cleans up before it ends.
func gone() []os.Signal {
	signals := []os.Signal{syscall.SIGPIPE}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// cleanUp stops the processes and removes the directory.
func (w *world) cleanUp() error {
	if w.chain != nil {
		_ = w.chain.Close()
	}
	if w.store != nil {
		_ = w.store.Close()
	}
	for _, p := range append([]*process{w.gateway, w.node}, w.others...) {
		if p != nil {
			p.stop()
		}
	}
	if w.ports != nil {
		w.ports.Close()
	}
	return os.RemoveAll(w.home)
}

// progress prints one line for a step that is done.
func (w *world) progress(format string, args ...any) {
	w.print.printf("%5.1fs  %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

func (w *world) readText(ctx context.Context) error {
	var err error
	if w.source, err = readSource(ctx, w.opts.corpus); err != nil {
		return err
	}
	w.progress("read      %s: %d authors, %d texts, %d segments, %d tokens",
		w.source.title, len(w.source.contributors), w.source.documents, w.source.segments, w.source.tokens)
	const shown = 20
	for i, reason := range w.source.notTaken {
		if i == shown {
			w.progress("          … and %d more files not taken", len(w.source.notTaken)-shown)
			break
		}
		w.progress("          not taken: %s", reason)
	}
	if w.opts.review {
		w.review, err = planReview(w.source)
	}
	return err
}

// newAccount returns an account with a key. The demo's accounts are the same in every run.
func newAccount(name string) chain.Signer {
	return chain.NewSigner(secp256k1.GenPrivKeyFromSecret([]byte("openledger demo: " + name)))
}

func authorAccount(name string) chain.Signer { return newAccount("author " + name) }

// startChain lays out a node with funded accounts and waits for its blocks.
func (w *world) startChain(ctx context.Context) error {
	binary, err := findBinary("openledgerd")
	if err != nil {
		return err
	}
	if w.ports, err = ports.Take(w.opts.validators + 1); err != nil {
		return err
	}
	w.owner, w.provider, w.payer = newAccount("DataNet owner"), newAccount("provider"), newAccount("payer")
	w.adapterOwner = newAccount("adapter owner")
	for _, c := range w.source.contributors {
		w.authors = append(w.authors, author{contributor: c, account: authorAccount(c.name)})
	}
	pause := blockTime
	if w.opts.review {
		pause = reviewBlockTime
	}
	args := []string{
		"testnet", "init-files", "--validators", strconv.Itoa(w.opts.validators), "--output-dir", w.home, "--chain-id",
		chainID,
		"--base-port", strconv.Itoa(w.ports.Base), "--block-time", pause,
	}
	args = append(args, w.genesisParams()...)
	given := coin(open(givenOpen)).String()
	for _, account := range append([]chain.Signer{w.owner, w.provider, w.payer, w.adapterOwner},
		w.accounts()...) {
		args = append(args, "--account", account.String()+"="+given)
	}
	out, err := exec.CommandContext(ctx, binary, args...).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			out = failed.Stderr
		}
		return fmt.Errorf("lay out the chain: %w\n%s", err, out)
	}
	if err := json.Unmarshal(out, &w.layout); err != nil {
		return fmt.Errorf("lay out the chain: %w", err)
	}
	if err := w.runOthers(); err != nil {
		return err
	}
	if err := w.runNode(ctx); err != nil {
		return err
	}
	w.progress("chain     %s makes blocks with %d validators", chainID, w.opts.validators)
	return nil
}

// runNode starts the node on its home directory and waits for a block.
func (w *world) runNode(ctx context.Context) error {
	binary, err := findBinary("openledgerd")
	if err != nil {
		return err
	}
	if w.node, err = start(w.home, "openledgerd", w.opts.keep, binary, "start", "--home", filepath.Join(w.home, "node0"),
		"--attestor.content", w.contentDir()); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return w.node.waitFor(limit, "a block", w.dial)
}

func (w *world) accounts() []chain.Signer {
	accounts := make([]chain.Signer, len(w.authors))
	for i, author := range w.authors {
		accounts[i] = author.account
	}
	if w.review != nil {
		accounts = append(accounts, w.review.accounts()...)
	}
	return accounts
}

// address of a port of this demo.
func (w *world) address(offset int) string { return "127.0.0.1:" + strconv.Itoa(w.ports.Base+offset) }

// dial connects to the node when it has made a block.
func (w *world) dial(ctx context.Context) error {
	client, err := chain.Dial(ctx, w.address(3))
	if err != nil {
		return err
	}
	if height, err := client.Height(ctx); err != nil || height < 1 {
		return errors.Join(fmt.Errorf("height %d", height), err, client.Close())
	}
	w.chain = client
	return nil
}

// findBinary finds a program of the project next to this one, or in the path.
func findBinary(name string) (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is neither next to this program nor in the path: run `make build`", name)
	}
	return found, nil
}

// startGateway gives the gateway the provider's key and runs it.
func (w *world) startGateway(ctx context.Context) error {
	key := hex.EncodeToString(w.provider.Key.Bytes())
	if err := chain.ImportKey(w.chain.Codec(), w.gatewayHome(), "provider", key); err != nil {
		return err
	}
	if err := w.runGateway(ctx); err != nil {
		return err
	}
	if w.lora == nil {
		w.progress("gateway   serves model %d at %s/v1", w.modelID, w.gatewayURL())
	} else {
		w.progress("gateway   serves what the provider offers at %s/v1", w.gatewayURL())
	}
	return nil
}

// runGateway starts the gateway on its home directory and waits until it answers.
func (w *world) runGateway(ctx context.Context) error {
	binary, err := findBinary("openlorad")
	if err != nil {
		return err
	}
	home := w.gatewayHome()
	w.gateway, err = start(w.home, "openlorad", w.opts.keep, binary,
		slices.Concat([]string{"serve", "--home", home, "--node", w.address(3), "--listen", w.address(w.gatewayPort()),
			"--from", "provider", "--keyring-backend", "test", "--keyring-dir", home,
			"--content", filepath.Join(w.home, "content"), "--submit-interval", "250ms", "--allow-private",
			"--rate", gatewayRate, "--burst", gatewayRate}, w.gatewayEvidence(), w.gatewayEngine())...)
	if err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return w.gateway.waitFor(limit, "the gateway", func(ctx context.Context) error {
		_, err := session.Models(ctx, w.gatewayURL())
		return err
	})
}

// gatewayEngine returns the flags of the gateway's engine.
func (w *world) gatewayEngine() []string {
	model := []string{"--model", strconv.FormatUint(w.modelID, 10)}
	switch {
	case w.lora != nil:
		return w.loraModels()
	case w.opts.modelURL != "":
		return append(model, "--engine", engineOpenAI, "--openai-url", w.opts.modelURL, "--openai-model", w.opts.model)
	case w.opts.engine == engineEmbedded:
		return append(model, "--engine", engineEmbedded, "--base", w.opts.base)
	}
	return model
}

func (w *world) gatewayPort() int { return ports.PerNode * w.opts.validators }

func (w *world) gatewayHome() string { return filepath.Join(w.home, "gateway") }

func (w *world) gatewayURL() string { return "http://" + w.address(w.gatewayPort()) }

// answerSeed returns the seed of the gateway's answer key. It is fixed, so that the provider can be registered before
// the gateway starts.
func (w *world) answerSeed() []byte {
	seed := sha256.Sum256([]byte("openledger demo: answer key"))
	return seed[:]
}

func sinceSeconds(w *world) float64 { return time.Since(w.began).Seconds() }
