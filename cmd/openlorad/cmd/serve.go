package cmd

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/earnings"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/engine/upstream"
	"github.com/openledger/openledger/openlora/gateway"
	"github.com/openledger/openledger/openlora/indexer"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/slm/chat"
	slm "github.com/openledger/openledger/slm/engine"
)

const (
	flagModel     = "model"
	flagListen    = "listen"
	flagContent   = "content"
	flagAnswerKey = "answer-key"
	flagEngine    = "engine"
	flagBase      = "base"
	flagThreads   = "threads"
	flagInterval  = "submit-interval"
	flagKeepDays  = "keep-days"
	flagIndexer   = "indexer"
	flagEvidence  = "evidence"
	flagAttestor  = "attestor"
	flagPrivate   = "allow-private"
	flagCheck     = "check-upstream"
	flagOrigin    = "origin"

	flagEmbeddings = "embeddings-key-env"

	flagMaxBody       = "max-body"
	flagConcurrent    = "max-answers"
	flagRate          = "rate"
	flagBurst         = "burst"
	flagAnswerTimeout = "answer-timeout"
	flagMaxTokens     = "max-tokens"
	flagPassages      = "passages"
	flagKeepAlive     = "keep-alive"

	evidenceInline   = "inline"
	evidenceAttested = "attested"

	engineExtractive = "extractive"
	engineEmbedded   = "embedded"

	gatewayEarnings = "earnings.db" // in HOME

	shutdownTimeout = 20 * time.Second
	checkTimeout    = 15 * time.Second
)

func serveCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve models over OpenAI-compatible HTTP",
		Long: `Serve models over OpenAI-compatible HTTP and submit receipts to the chain.

The provider's account must be registered with the public part of the answer
key, bonded, and offer the models (docs/provider.md). Text of the models' DataNets
is read from the content store of openledgerd, or fetched from where contributors
put it. Without --allow-private it is fetched from public addresses only, without
redirects, and not from files.

Receipts wait in an outbox on disk until the chain has them; a restart loses none.
With an engine that loads adapters (docs/models.md), the gateway also serves the
adapters that the provider offers on chain: see "openlorad models".

At each start the gateway claims its provider's fence on chain. Only the gateway
that was started last answers, and a copied or restored outbox does not continue
sessions in which another gateway may have answered (docs/provider.md).`,
		Example: `openlorad serve --model 1 --from provider --keyring-backend test
openlorad serve --model 1 --from provider --engine embedded
openlorad serve --from provider --engine embedded --adapter-memory 4096
openlorad serve --model 1 --from provider --engine embedded --base ~/models/SmolLM2-360M-Instruct
openlorad serve --model 1 --from provider --engine openai --openai-url http://127.0.0.1:8000/v1 --openai-model my-model
openlorad serve --model 1 --from provider --engine vllm --openai-model meta-llama/Llama-3.1-8B-Instruct \
  --openai-url http://10.0.0.2:8000 --openai-url http://10.0.0.3:8000 --adapter-path-map ~/.openlora/adapters=/adapters
openlorad serve --model 1 --from provider --engine llamacpp --openai-url http://127.0.0.1:8081 --openai-model base \
  --llama-presets ~/models.ini`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd) },
	}
	addAccountFlags(cmd)
	f := cmd.Flags()
	f.UintSlice(flagModel, nil, "model to serve; repeatable")
	f.String(flagListen, "127.0.0.1:8080", "address to listen on")
	f.String(flagContent, "", "content store: a directory or a bucket URL (default that of openledgerd, "+
		"~/.openledger/content)")
	f.String(flagAnswerKey, "", "file of the key that signs answers; made when missing (default HOME/answer_key)")
	f.String(flagEngine, engineExtractive, "engine: "+engines())
	f.String(flagBase, "", "base model of the embedded engine: a Hugging Face folder or a GGUF file (default the small "+
		"one that ships); with a model server, the base that it serves, to check, stack and convert adapters")
	f.Int(flagThreads, 0, "threads of the embedded engine (default as many as there are cores)")
	addUpstreamFlags(cmd)
	f.Duration(flagInterval, time.Second, "how often receipts are submitted")
	f.Uint(flagKeepDays, 30, "days for which answers, batches and evidence stay in the outbox after they are settled; "+
		"0 means for ever")
	f.String(flagEvidence, evidenceInline, "how receipts are proved: inline (evidence in the transaction) or attested "+
		"(validators fetch the evidence)")
	f.StringSlice(flagAttestor, nil, "base URL of a validator's attestor to push evidence to; repeatable")
	f.Bool(flagPrivate, false, "take text from addresses that are not public and from files too, for networks on one "+
		"machine")
	f.Bool(flagIndexer, true, "keep proofs of receipts after the chain has pruned them, and the earnings of accounts")
	f.Bool(flagCheck, true, "ask the model servers for their models before serving")
	f.StringSlice(flagOrigin, []string{"*"},
		"origin of web pages whose scripts may call the gateway, such as https://app.example.org; repeatable, * is all")
	addAdapterFlags(cmd)
	f.String(flagEmbeddings, "", "environment variable that holds the key for POST /v1/embeddings, which the embedded "+
		"engine answers for the operator's own programs (default none: no embeddings)")
	addLimitFlags(cmd)
	cmd.AddCommand(answerKeyCmd())
	return cmd
}

// addLimitFlags adds a flag for each limit of the gateway.
func addLimitFlags(cmd *cobra.Command) {
	f, l := cmd.Flags(), gateway.DefaultLimits()
	f.Int64(flagMaxBody, l.BodyBytes, "largest request, in bytes")
	f.Int(flagConcurrent, l.Concurrent, "answers that are made at the same time")
	f.Int(flagModelAnswers, l.PerModel, "answers of one model that are made at the same time; 0 sets no limit for a model")
	f.Int(flagWaiting, l.Waiting, "more requests that may wait for their turn; the models' queues take turns")
	f.Float64(flagRate, float64(l.PerSecond), "requests a second of one remote address")
	f.Int(flagBurst, l.Burst, "requests of one remote address at once")
	f.Duration(flagAnswerTimeout, l.AnswerTimeout, "longest time for one answer")
	f.Int(flagMaxTokens, l.MaxTokens, "largest number of canonical tokens of an answer")
	f.Int(flagPassages, l.Passages, "segments that are retrieved for a question")
	f.Duration(flagKeepAlive, l.KeepAlive, "silence in a stream after which a comment is sent, so that proxies do not "+
		"close it; 0 sends none")
}

func limitsOf(cmd *cobra.Command) (gateway.Limits, error) {
	f, l := cmd.Flags(), gateway.Limits{}
	l.BodyBytes, _ = f.GetInt64(flagMaxBody)
	l.Concurrent, _ = f.GetInt(flagConcurrent)
	l.PerModel, _ = f.GetInt(flagModelAnswers)
	l.Waiting, _ = f.GetInt(flagWaiting)
	perSecond, _ := f.GetFloat64(flagRate)
	l.PerSecond = rate.Limit(perSecond)
	l.Burst, _ = f.GetInt(flagBurst)
	l.AnswerTimeout, _ = f.GetDuration(flagAnswerTimeout)
	l.MaxTokens, _ = f.GetInt(flagMaxTokens)
	l.Passages, _ = f.GetInt(flagPassages)
	l.KeepAlive, _ = f.GetDuration(flagKeepAlive)
	for name, value := range map[string]float64{
		flagMaxBody: float64(l.BodyBytes), flagConcurrent: float64(l.Concurrent), flagRate: perSecond,
		flagBurst:         float64(l.Burst),
		flagAnswerTimeout: l.AnswerTimeout.Seconds(), flagMaxTokens: float64(l.MaxTokens), flagPassages: float64(l.Passages),
	} {
		if value <= 0 {
			return l, fmt.Errorf("--%s must be above 0", name)
		}
	}
	return l, nil
}

// answerKeyCmd prints the public key to register.
func answerKeyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "answer-key",
		Short: "Print the public answer key, making it when it is missing",
		Example: "openledgerd tx models register-provider my-gateway 1000OPEN --answer-key $(openlorad serve answer-key) " +
			"--from provider",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, _ := cmd.Flags().GetString(flagHome)
			path, _ := cmd.Flags().GetString(flagAnswerKey)
			key, err := answerKey(home, path)
			if err != nil {
				return err
			}
			cmd.Println(hex.EncodeToString(key.Public().(ed25519.PublicKey)))
			return nil
		},
	}
	cmd.Flags().String(flagAnswerKey, "", "file of the key (default HOME/answer_key)")
	return cmd
}

// answerKey reads the seed of the key in hex, or makes one.
func answerKey(home, path string) (ed25519.PrivateKey, error) {
	if path == "" {
		path = filepath.Join(home, "answer_key")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		seed := make([]byte, ed25519.SeedSize)
		if _, err := rand.Read(seed); err != nil {
			return nil, err
		}
		if err := file.MakeFolder(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		// The chain knows the public key, so the key must not be lost.
		return ed25519.NewKeyFromSeed(seed), file.Create(path, []byte(hex.EncodeToString(seed)+"\n"), 0o600)
	}
	if err != nil {
		return nil, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s is not an answer key: want %d bytes in hex", path, ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// newEngine returns the engine that the flags name. It checks model servers, unless the flags say otherwise.
func newEngine(cmd *cobra.Command, timeout time.Duration, log *slog.Logger) (engine.Engine, error) {
	f := cmd.Flags()
	switch name, _ := f.GetString(flagEngine); name {
	case engineExtractive:
		return engine.Extractive{}, nil
	case engineEmbedded:
		path, _ := f.GetString(flagBase)
		threads, _ := f.GetInt(flagThreads)
		answers, _ := f.GetInt(flagConcurrent)
		embedded, err := engine.NewEmbedded(path, chat.Options{Threads: threads, Engine: slm.Options{Conversations: answers}})
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flagBase, err)
		}
		log.Info("language model loaded", "name", embedded.Name(), "parameters", embedded.Parameters())
		return embedded, nil
	default:
		kind := upstream.Kind(name)
		if !slices.Contains(upstream.Kinds(), kind) {
			return nil, fmt.Errorf("unknown engine %q: choose %s", name, engines())
		}
		return newFleet(cmd, kind, timeout, log)
	}
}

// embeddingsKey returns the key for embeddings. It comes from the environment, because other users of the machine can
// see command lines.
func embeddingsKey(cmd *cobra.Command) (string, error) {
	variable, _ := cmd.Flags().GetString(flagEmbeddings)
	if variable == "" {
		return "", nil
	}
	key := os.Getenv(variable)
	if key == "" {
		return "", fmt.Errorf("--%s names %s, which is empty: set it to a key, such as the output of `openssl rand -hex 32`",
			flagEmbeddings, variable)
	}
	return key, nil
}

// engines lists the values of --engine.
func engines() string {
	out := engineExtractive + ", " + engineEmbedded
	for _, kind := range upstream.Kinds() {
		out += ", " + string(kind)
	}
	return out
}

// serve runs gateway, sender and indexer until the command's context ends.
func serve(cmd *cobra.Command) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	f := cmd.Flags()
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
	home, _ := f.GetString(flagHome)
	chosenModels, _ := f.GetUintSlice(flagModel)
	models := make([]uint64, len(chosenModels))
	for i, id := range chosenModels {
		models[i] = uint64(id)
	}
	limits, err := limitsOf(cmd)
	if err != nil {
		return err
	}
	chosen, err := newEngine(cmd, limits.AnswerTimeout, log)
	if err != nil {
		return err
	}
	if closer, ok := chosen.(io.Closer); ok {
		defer closer.Close()
	}
	if _, loads := chosen.(engine.Host); len(models) == 0 && !loads {
		return fmt.Errorf("name what to serve with --%s: the engine loads no adapters of the chain", flagModel)
	}
	keyPath, _ := f.GetString(flagAnswerKey)
	key, err := answerKey(home, keyPath)
	if err != nil {
		return err
	}
	node, signer, err := openAccount(cmd)
	if err != nil {
		return err
	}
	defer node.Close()
	location, _ := f.GetString(flagContent)
	if location == "" {
		ledger, err := readLedger()
		if err != nil {
			return err
		}
		location = ledger.content()
	}
	log.Info("text is read from the content store", "content", location)
	store, err := content.Open(ctx, location)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	box, err := outbox.Open(filepath.Join(home, "outbox.db"))
	if err != nil {
		return err
	}
	defer box.Close()
	evidence, _ := f.GetString(flagEvidence)
	if evidence != evidenceInline && evidence != evidenceAttested {
		return fmt.Errorf("--%s %q: choose %s or %s", flagEvidence, evidence, evidenceInline, evidenceAttested)
	}
	keepDays, _ := f.GetUint(flagKeepDays)
	if keepDays == 1 {
		return fmt.Errorf("--%s 1 is shorter than disputes may last: keep at least 2, or 0 for ever", flagKeepDays)
	}
	shelf, artifacts, err := openShelf(cmd, home, node, signer.String(), chosen, store, log)
	if err != nil {
		return err
	}
	embeddings, err := embeddingsKey(cmd)
	if err != nil {
		return err
	}
	attestors, _ := f.GetStringSlice(flagAttestor)
	private, _ := f.GetBool(flagPrivate)
	g, err := gateway.New(ctx, gateway.Config{
		Node: node, Provider: signer, AnswerKey: key, Content: store, Index: filepath.Join(home, "index"), Outbox: box,
		Engine: chosen, Models: models, Adapters: shelf, Artifacts: artifacts, EmbeddingsKey: embeddings,
		Limits: limits, Log: log,
		Attested: evidence == evidenceAttested, Attestors: attestors, Keep: time.Duration(keepDays) * 24 * time.Hour,
		AllowPrivate: private,
	})
	if errors.Is(err, content.ErrNotFound) {
		return fmt.Errorf("%w, which is %s", err, location)
	}
	if err != nil {
		return err
	}
	if err := g.Claim(ctx, outbox.ChainNode{Client: node, Signer: signer}); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", g.Handler())
	var work sync.WaitGroup
	if on, _ := f.GetBool(flagIndexer); on {
		index, err := indexer.Open(filepath.Join(home, "index.db"), node, log)
		if err != nil {
			return err
		}
		defer index.Close()
		history, err := earnings.Open(filepath.Join(home, gatewayEarnings), earnings.Node{Client: node}, log)
		if err != nil {
			return err
		}
		defer history.Close()
		mux.Handle("GET /v1/openledger/receipts/{id}/proof", index)
		work.Go(func() { index.Run(ctx) })
		mux.Handle("GET /v1/openledger/accounts/{address}/earnings", history)
		mux.HandleFunc("GET /v1/openledger/earnings/days", history.ServeDays)
		work.Go(func() { history.Run(ctx) })
	}
	work.Go(func() {
		if err := g.FinishAll(ctx); err != nil && ctx.Err() == nil {
			log.Error("answers that were sent before the last end cannot be signed for", "err", err)
		}
	})
	if shelf != nil {
		work.Go(func() { shelf.Run(ctx) })
		work.Go(func() {
			if err := serveOperator(ctx, home, shelf, log); err != nil {
				log.Warn("`openlorad models` cannot talk to this gateway", "err", err)
			}
		})
	}
	interval, _ := f.GetDuration(flagInterval)
	work.Go(func() { g.Sender().Run(ctx, interval) })
	defer func() {
		cancel()
		work.Wait()
	}()
	address, _ := f.GetString(flagListen)
	origins, _ := f.GetStringSlice(flagOrigin)
	return listen(ctx, address, gateway.CORS(origins, mux), log)
}

// listen serves until ctx ends, then lets answers in flight finish.
func listen(ctx context.Context, address string, handler http.Handler, log *slog.Logger) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(address); !net.ParseIP(host).IsLoopback() && host != "localhost" {
		log.Warn("listening beyond this machine: put a proxy with TLS in front", "address", address)
	}
	return serveOn(ctx, listener, handler, log)
}

// serveOn serves on a listener until ctx ends, then lets answers in flight finish.
func serveOn(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	log.Info("serving", "url", "http://"+listener.Addr().String()+"/v1")
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping")
	stop, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	return server.Shutdown(stop)
}
