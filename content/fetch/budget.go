package fetch

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/openledger/openledger/internal/lru"
)

// ErrLater reports a refusal that ends with time: the host was asked often enough for now.
var ErrLater = fmt.Errorf("%w for now", ErrRefused)

// Budget bounds the requests to one host. A stranger names the host on chain, and every validator reads the name:
// without a bound, their requests would be a flood. The budget is kept for the owner of a host, by name and by address,
// across all downloads of a Client.
type Budget struct {
	// PerSecond units are earned, up to Burst. A download costs one, and one more for each UnitBytes. The zero value sets
	// no bound; it is for hosts that the operator named.
	PerSecond, Burst float64
	// A host's rate doubles with each success, at most Proven times above the normal rate, and halves with each failure:
	// at most Refusing times if the host answers, and Silent times if it does not.
	Proven, Refusing, Silent int
	// Hosts and Places bound the memory.
	Hosts, Places int
}

// UnitBytes is the number of bytes of an answer that costs as much as another request.
const UnitBytes = 256 << 10

// DefaultBudget asks a host that never answers once in about a minute, one that has nothing once in 16 seconds, and one
// that has what it is asked for up to 16 times a second.
func DefaultBudget() Budget {
	return Budget{PerSecond: 4, Burst: 16, Proven: 2, Refusing: 6, Silent: 8, Hosts: 8192, Places: 65536}
}

// outcome of a download.
type outcome int

const (
	neutral outcome = iota // the caller gave up, which says nothing about the host
	good                   // the wanted content
	silent                 // no answer, a slow one, or the host is overloaded
	refused                // an answer without the content: 404, a redirect
	wrong                  // another content than the one that was registered
)

// backOffs of a single place, by outcome: the first wait, which doubles with each failure, and the longest.
var backOffs = map[outcome][2]time.Duration{
	silent:  {time.Second, 30 * time.Minute},
	refused: {time.Second, 30 * time.Minute},
	wrong:   {5 * time.Minute, 6 * time.Hour},
}

// host is what is remembered of a host.
type host struct {
	units float64 // left; below zero after a large answer
	at    time.Time
	level int // halvings of its rate
}

// place is what is remembered of a URL that did not have the content.
type place struct {
	failures int
	until    time.Time
}

// memory of hosts and places.
type memory struct {
	budget Budget
	now    func() time.Time

	mu     sync.Mutex
	hosts  *lru.Table[string, host]
	places *lru.Table[[16]byte, place]
}

func newMemory(budget Budget) *memory {
	return &memory{
		budget: budget, now: time.Now,
		hosts: lru.New[string, host](budget.Hosts), places: lru.New[[16]byte, place](budget.Places),
	}
}

func (m *memory) bounds() bool { return m.budget.PerSecond > 0 }

func placeKey(location string) [16]byte {
	sum := sha256.Sum256([]byte(location))
	return [16]byte(sum[:16])
}

// take pays for one request to a host. If the budget is used up, it returns ErrLater and the time to wait.
func (m *memory) take(key string) (time.Duration, error) {
	if !m.bounds() {
		return 0, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.host(key)
	if h.units < 1 {
		wait := time.Duration(math.Ceil((1 - h.units) / m.rate(h.level) * float64(time.Second)))
		m.hosts.Set(key, h)
		return wait, fmt.Errorf("%w: %s is asked again at %s", ErrLater, key, m.at(wait))
	}
	h.units--
	m.hosts.Set(key, h)
	return 0, nil
}

// may returns ErrLater and the time to wait if a place must not be asked yet.
func (m *memory) may(location string) (time.Duration, error) {
	if !m.bounds() {
		return 0, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.places.Get(placeKey(location))
	if wait := found.until.Sub(m.now()); ok && wait > 0 {
		return wait, fmt.Errorf("%w: it did not have it %d times and is asked again at %s", ErrLater, found.failures,
			m.at(wait))
	}
	return 0, nil
}

// at returns the time at which a wait ends, as text. It does not change during the wait, so that logs need not repeat
// it.
func (m *memory) at(wait time.Duration) string {
	return m.now().Add(wait).UTC().Round(time.Second).Format(time.TimeOnly)
}

// settle records the outcome of a download for its place and for the owners with the given keys.
func (m *memory) settle(location string, keys []string, result outcome, size int64) {
	if !m.bounds() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.charge(keys, result, size)
	key := placeKey(location)
	switch result {
	case neutral:
	case good:
		m.places.Delete(key)
	default:
		found, _ := m.places.Get(key)
		first, longest := backOffs[result][0], backOffs[result][1]
		wait := longest
		if found.failures < 32 {
			wait = min(longest, first<<found.failures)
		}
		// Random, so that validators that began together do not come back together.
		wait += time.Duration(rand.Int64N(int64(wait)/4 + 1))
		m.places.Set(key, place{failures: found.failures + 1, until: m.now().Add(wait)})
	}
}

// blame records addresses that did not answer.
func (m *memory) blame(keys []string) {
	if !m.bounds() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.charge(keys, silent, 0)
}

// charge takes what a download cost from the hosts with the given keys, and judges them by its outcome. The caller
// holds the lock.
func (m *memory) charge(keys []string, result outcome, size int64) {
	for _, key := range keys {
		h := m.host(key)
		h.units -= float64(size) / UnitBytes
		m.judge(&h, result)
		m.hosts.Set(key, h)
	}
}

// judge halves or doubles the rate of a host.
func (m *memory) judge(h *host, result outcome) {
	switch result {
	case good:
		h.level = max(h.level-1, -m.budget.Proven)
	case silent:
		h.level = max(h.level, min(h.level+1, m.budget.Silent))
	case refused, wrong:
		h.level = max(h.level, min(h.level+1, m.budget.Refusing))
	}
	h.units = min(h.units, m.burst(h.level))
}

func (m *memory) rate(level int) float64 { return m.budget.PerSecond * math.Exp2(-float64(level)) }

func (m *memory) burst(level int) float64 { return max(1, m.budget.Burst*math.Exp2(-float64(level))) }

// host returns a host with the units that it has earned until now.
func (m *memory) host(key string) host {
	now := m.now()
	h, ok := m.hosts.Get(key)
	if !ok {
		return host{units: m.burst(0), at: now}
	}
	if passed := now.Sub(h.at); passed > 0 {
		h.units = min(m.burst(h.level), h.units+passed.Seconds()*m.rate(h.level))
	}
	h.at = now
	return h
}
