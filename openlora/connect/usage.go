package connect

import (
	"net/http"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"cosmossdk.io/math"
)

// Usage is what was spent, and who was paid. Amounts are in aopen, times in UTC.
type Usage struct {
	Time    time.Time `json:"time"`
	Account string    `json:"account"` // that pays
	// Spent on answers: this hour, day and month. Fees of transactions are not in it.
	Spent Spent `json:"spent"`
	// Budget of all keys together, as 5OPEN/day, and what is left of it.
	Budget string    `json:"budget,omitempty"`
	Left   *math.Int `json:"left,omitempty"`
	// Deposited in sessions and not spent; it comes back when they are closed.
	Deposited math.Int       `json:"deposited"`
	Sessions  []SessionUsage `json:"sessions"`
	Keys      []KeyUsage     `json:"keys"`
	// Paid is who was paid since the first answer, as far as the chain has said; Waiting answers are not in it yet.
	Paid    []Payee  `json:"paid"`
	Waiting int      `json:"waiting"`
	Answers []Record `json:"answers"` // the last ones
}

// Spent in the hour, day and month of now.
type Spent struct {
	Hour  math.Int `json:"hour"`
	Day   math.Int `json:"day"`
	Month math.Int `json:"month"`
}

// SessionUsage is a session that is open.
type SessionUsage struct {
	Session  string   `json:"session"`
	Model    string   `json:"model"`
	Provider string   `json:"provider"`
	Calls    uint64   `json:"calls"`
	Left     math.Int `json:"left"`
	Busy     bool     `json:"busy"`
}

// KeyUsage is what one key has spent.
type KeyUsage struct {
	Name   string    `json:"name"`
	Budget string    `json:"budget,omitempty"`
	Left   *math.Int `json:"left,omitempty"`
	Spent  Spent     `json:"spent"`
}

const (
	usageAnswers = 20
	mostAnswers  = 1000
)

// usage answers GET /usage: all of it on this machine, and what is their own to keys.
func (p *Proxy) usage(w http.ResponseWriter, r *http.Request) {
	most := usageAnswers
	if limit := r.URL.Query().Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 0 || n > mostAnswers {
			fail(
				w,
				&httpError{
					status:  http.StatusBadRequest,
					code:    "invalid_value",
					param:   "limit",
					message: "limit: must be a number of at most 1000",
				},
			)
			return
		}
		most = n
	}
	p.endings.wait(r.Context()) // a client that has read its answer to the end finds it here
	usage, err := p.Usage(keyIn(r), most)
	if err != nil {
		p.config.Log.Error("the ledger could not be read", "err", err)
		fail(w, unavailable("the ledger could not be read", nil))
		return
	}
	writeJSON(w, http.StatusOK, usage)
}

// Usage returns what was spent, with the last answers. What other keys have asked and spent is not for a key.
func (p *Proxy) Usage(key Key, most int) (Usage, error) {
	now := time.Now()
	usage := Usage{
		Time: now.UTC().Truncate(time.Second), Account: p.config.Payer.String(), Deposited: math.ZeroInt(),
		Sessions: []SessionUsage{}, Keys: []KeyUsage{}, Paid: []Payee{}, Answers: []Record{},
	}
	whole := key.Name == everybody || key.Name == Local
	name := key.Name
	if whole {
		name = everybody
	}
	ledger := p.config.Ledger
	var err error
	if usage.Spent, err = ledger.spent(name, now); err != nil {
		return usage, err
	}
	records, err := ledger.Last(most, name)
	if err != nil {
		return usage, err
	}
	usage.Answers = append(usage.Answers, records...)
	keys := []Key{key}
	if whole {
		if keys, err = p.everyKey(); err != nil {
			return usage, err
		}
		paid, err := ledger.Paid()
		if err != nil {
			return usage, err
		}
		usage.Paid = append(usage.Paid, paid...)
		if usage.Waiting, err = ledger.waiting(); err != nil {
			return usage, err
		}
		usage.Budget, usage.Left, err = p.leftOf(p.config.Budget, everybody, now)
		if err != nil {
			return usage, err
		}
		p.pool.describe(&usage)
	}
	for _, one := range keys {
		of := KeyUsage{Name: one.Name}
		if of.Spent, err = ledger.spent(one.Name, now); err != nil {
			return usage, err
		}
		if of.Budget, of.Left, err = p.leftOf(one.Budget, one.Name, now); err != nil {
			return usage, err
		}
		usage.Keys = append(usage.Keys, of)
	}
	return usage, nil
}

// everyKey returns the keys that there are, and those that have spent something when there were.
func (p *Proxy) everyKey() ([]Key, error) {
	keys, err := p.config.Keys.List()
	if err != nil {
		return nil, err
	}
	names, err := p.config.Ledger.Names()
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool)
	for _, key := range keys {
		known[key.Name] = true
	}
	for _, name := range names {
		if !known[name] {
			keys = append(keys, Key{Name: name})
		}
	}
	return keys, nil
}

func (p *Proxy) leftOf(budget Allowance, name string, now time.Time) (string, *math.Int, error) {
	if budget.Per == "" {
		return "", nil, nil
	}
	spent, err := p.config.Ledger.Spent(name, budget.period(now))
	left := math.MaxInt(math.ZeroInt(), budget.Amount.Sub(spent))
	return budget.String(), &left, err
}

func (l *Ledger) spent(name string, now time.Time) (spent Spent, err error) {
	for per, into := range map[string]*math.Int{"hour": &spent.Hour, "day": &spent.Day, "month": &spent.Month} {
		if *into, err = l.Spent(name, Allowance{Per: per}.period(now)); err != nil {
			return spent, err
		}
	}
	return spent, nil
}

// waiting counts the answers of which it is not known who was paid.
func (l *Ledger) waiting() (n int, err error) {
	err = l.db.View(func(tx *bolt.Tx) error {
		n = tx.Bucket(openBucket).Stats().KeyN
		return nil
	})
	return n, err
}

// ReadUsage returns what the ledger of a proxy says that does not run.
func ReadUsage(ledger *Ledger, keys *Keys, budget Allowance, most int) (Usage, error) {
	p := &Proxy{config: Config{Ledger: ledger, Keys: keys, Budget: budget}, pool: new(pool)}
	return p.Usage(Key{Name: everybody}, most)
}

// describe adds the sessions.
func (p *pool) describe(usage *Usage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, one := range p.all {
		state := &one.client.State
		of := SessionUsage{
			Session: id.String(), Model: modelName(state.ModelID), Provider: state.Provider,
			Busy: one.taken, Left: math.ZeroInt(),
		}
		if !one.taken { // what a call changes is left out while it is under way
			of.Calls, of.Left = state.N, one.left()
			usage.Deposited = usage.Deposited.Add(of.Left)
		}
		usage.Sessions = append(usage.Sessions, of)
	}
}

// health answers GET /healthz.
func (p *Proxy) health(w http.ResponseWriter, r *http.Request) {
	height, err := p.config.Node.Height(r.Context())
	if err != nil {
		fail(w, unavailable("the node does not answer", err))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "height": height})
}
