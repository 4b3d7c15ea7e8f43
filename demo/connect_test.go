package demo

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/demo/ports"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/connect"
	"github.com/openledger/openledger/openlora/session"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// client is a world with a proxy that can be killed.
type client struct {
	*world
	t     *testing.T
	home  string
	port  string
	proxy *process
	runs  int
}

// newClient plays a demo up to the gateway.
func newClient(t *testing.T) *client {
	t.Helper()
	return newClientWith(t, options{corpus: dermatology, validators: 1})
}

func newClientWith(t *testing.T, opts options) *client {
	t.Helper()
	w := &world{opts: opts, print: printer{w: io.Discard}, began: time.Now(), home: t.TempDir()}
	t.Cleanup(func() { _ = w.cleanUp() })
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	for _, step := range []func(context.Context) error{
		w.readText, w.startChain, w.createDataNet, w.contribute, w.awaitHeld, w.serveModel, w.startGateway,
	} {
		require.NoError(t, step(ctx))
	}
	c := &client{world: w, t: t, home: filepath.Join(w.home, "client")}
	require.NoError(t, chain.ImportKey(w.chain.Codec(), c.home, "payer", hex.EncodeToString(w.payer.Key.Bytes())))
	block, err := ports.Take(1)
	require.NoError(t, err)
	t.Cleanup(func() { block.Close() })
	c.port = fmt.Sprint(block.Base)
	t.Cleanup(func() {
		if c.proxy != nil {
			c.proxy.stop()
		}
	})
	return c
}

// url of the proxy.
func (c *client) url() string { return "http://127.0.0.1:" + c.port }

// run starts the proxy, and does not wait for it.
func (c *client) run(more ...string) {
	c.t.Helper()
	binary, err := findBinary("openlorad")
	require.NoError(c.t, err)
	c.runs++
	args := []string{
		"connect", "--home", c.home, "--node", c.address(3), "--from", "payer", "--keyring-backend", "test",
		"--keyring-dir", c.home, "--allow-private", "--listen", "127.0.0.1:" + c.port, "--budget", "100OPEN/day",
		"--deposit", "2OPEN", "--sessions", "3", "--ack-after", "200ms", "--close-after", "3s",
	}
	c.proxy, err = start(c.world.home, fmt.Sprint("connect-", c.runs), false, binary, append(args, more...)...)
	require.NoError(c.t, err)
}

// kill ends it as a power cut does.
func (c *client) kill() {
	_ = c.proxy.cmd.Process.Signal(syscall.SIGKILL)
	<-c.proxy.done
}

// ask asks once and returns the answer with its proof; nil says that it did not arrive whole.
func (c *client) ask(number int, stream bool) *api.Answer {
	body, err := json.Marshal(map[string]any{"model": "openledger/1", "stream": stream, "messages": []api.Message{
		{Role: "system", Content: fmt.Sprintf("case %d", number)}, {Role: "user", Content: c.source.questions[0]},
	}})
	if !assert.NoError(c.t, err) {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), testLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(
		ctx,
		http.MethodPost,
		c.url()+"/v1/chat/completions",
		bytes.NewReader(body),
	)
	if !assert.NoError(c.t, err) {
		return nil
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil
	}
	if stream {
		var proof *api.Answer
		done := false
		_ = api.ReadEvents(bytes.NewReader(content), func(data string) (bool, error) {
			if done = data == api.Done; done {
				return true, nil
			}
			var chunk api.ChatResponse
			if err := json.Unmarshal([]byte(data), &chunk); err == nil && chunk.OpenLedger != nil {
				proof = chunk.OpenLedger
			}
			return false, nil
		})
		if !done {
			return nil
		}
		return proof
	}
	var whole api.ChatResponse
	if json.Unmarshal(content, &whole) != nil {
		return nil
	}
	return whole.OpenLedger
}

// sessions of the payer on chain.
func (c *client) sessions() ([]attributiontypes.Session, error) {
	page, err := c.chain.Attribution.SessionsByPayer(
		c.t.Context(),
		&attributiontypes.QuerySessionsByPayerRequest{Payer: c.payer.String()},
	)
	return page.GetSessions(), err
}

// TestConnectSurvivesKills kills the proxy at random points while three programs ask, each repeating a question until
// its answer has arrived. In the end each question was paid once, and there is a key for every session that is open.
func TestConnectSurvivesKills(t *testing.T) {
	const kills, askers = 20, 3
	c := newClient(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	c.run()
	questions := 0
	receipts := make(map[string]int)
	var mu sync.Mutex
	var asking sync.WaitGroup
	killed := make(chan struct{})
	for asker := range askers {
		asking.Go(func() {
			for number := asker; ; number += askers {
				select {
				case <-killed:
					return
				default:
				}
				for proof := (*api.Answer)(nil); proof == nil && t.Context().Err() == nil; {
					if proof = c.ask(number, number%2 == 0); proof == nil {
						time.Sleep(20 * time.Millisecond)
						continue
					}
					mu.Lock()
					questions++
					receipts[proof.ReceiptID]++
					mu.Unlock()
				}
				time.Sleep(30 * time.Millisecond)
			}
		})
	}
	for range kills {
		time.Sleep(time.Duration(random.IntN(2500)) * time.Millisecond)
		c.kill()
		c.run()
	}
	close(killed)
	done := make(chan struct{})
	go func() {
		asking.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(testLimit):
		t.Fatalf("questions stay without an answer\n%s", tail(c.proxy.log, 4096))
	}
	require.Len(t, receipts, questions, "each question has a receipt of its own")

	// The chain has seen each answer once, acknowledged.
	require.Eventually(t, func() bool {
		spent := sdkmath.ZeroInt()
		sessions, err := c.sessions()
		if err != nil {
			return false
		}
		for _, s := range sessions {
			spent = spent.Add(s.Spent)
		}
		usage, err := c.usage()
		if err != nil {
			return false
		}
		return usage.Spent.Month.Equal(spent) && usage.Waiting == 0
	}, time.Minute, 200*time.Millisecond, "what the ledger says was spent, the chain says too")
	usage, err := c.usage()
	require.NoError(t, err)
	require.Len(t, usage.Answers, questions)
	for _, answer := range usage.Answers {
		require.True(t, answer.Fee.IsPositive())
		require.Equal(t, "paid", answer.Payment)
		require.Contains(t, receipts, answer.Receipt)
		require.Empty(t, answer.Refused)
	}

	// What is idle is closed, and no session was lost.
	require.Eventually(t, func() bool {
		sessions, err := c.sessions()
		for _, s := range sessions {
			if s.Status == attributiontypes.SESSION_STATUS_OPEN {
				return false
			}
		}
		return err == nil
	}, time.Minute, 200*time.Millisecond, "sessions that are not used are closed")
	require.Eventually(t, func() bool {
		kept, err := session.List(filepath.Join(c.home, "connect", "sessions"))
		return err == nil && len(kept.Openings)+len(kept.Sessions) == 0
	}, time.Minute, 200*time.Millisecond, "what is closed is forgotten, and nothing else is left")
	sessions, err := c.sessions()
	require.NoError(t, err)
	t.Logf("%d questions, %d sessions, %d runs", questions, len(sessions), c.runs)
}

// usage reads what the proxy says was spent.
func (c *client) usage() (usage connect.Usage, err error) {
	response, err := http.Get(c.url() + "/usage?limit=1000")
	if err != nil {
		return usage, err
	}
	defer response.Body.Close()
	return usage, json.NewDecoder(response.Body).Decode(&usage)
}

// TestConnectKeepsKeys: whenever it is killed, there is a key for each session that was paid for.
func TestConnectKeepsKeys(t *testing.T) {
	c := newClient(t)
	for i := range 6 {
		c.run()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			for range 40 { // until it listens
				if c.ask(i, false) != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		time.Sleep(time.Duration(300*(i+1)) * time.Millisecond)
		c.kill()
		<-asked
	}
	keys := make(map[string]bool)
	kept, err := session.List(filepath.Join(c.home, "connect", "sessions"))
	require.NoError(t, err)
	for _, one := range kept.Sessions {
		keys[hexKey(one.State.Seed)] = true
	}
	for _, opening := range kept.Openings {
		keys[hexKey(opening.Seed)] = true
	}
	sessions, err := c.sessions()
	require.NoError(t, err)
	for _, s := range sessions {
		if s.Status == attributiontypes.SESSION_STATUS_OPEN { // the key of another is of no more use
			require.True(t, keys[hex.EncodeToString(s.SessionKey)], "session %x", s.Id)
		}
	}
}

func hexKey(seed []byte) string {
	return strings.ToLower(hex.EncodeToString(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)))
}
