package connect

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/amount"
)

// purse keeps the budgets. While a call is asked, its maximum cost is set aside.
type purse struct {
	ledger *Ledger
	all    Allowance // of all keys together
	now    func() time.Time

	mu    sync.Mutex
	aside map[string]math.Int // by the name of the key, and for all keys
}

func newPurse(ledger *Ledger, all Allowance) *purse {
	return &purse{ledger: ledger, all: all, now: time.Now, aside: make(map[string]math.Int)}
}

// quotaError reports that a budget does not have enough left.
type quotaError struct {
	of     string
	budget Allowance
	left   math.Int
	needed math.Int
	renews time.Time
}

// Error implements error.
func (e *quotaError) Error() string {
	return fmt.Sprintf("the budget of %s, %s, has %s left, and this answer may cost %s: it is renewed at %s",
		e.of, e.budget, amount.Format(e.left), amount.Format(e.needed), e.renews.Format(time.RFC3339))
}

// take sets aside what is wanted, or as much of it as the budgets have left, at least what is needed. put puts back
// what was taken; it may be called once what was spent is in the ledger.
func (p *purse) take(key Key, needed, wanted math.Int) (taken math.Int, put func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	taken = wanted
	for _, each := range []struct {
		name   string
		of     string
		budget Allowance
	}{{key.Name, "key " + key.Name, key.Budget}, {everybody, "this proxy", p.all}} {
		if each.budget.Per == "" {
			continue
		}
		spent, err := p.ledger.Spent(each.name, each.budget.period(now))
		if err != nil {
			return taken, nil, err
		}
		left := math.MaxInt(math.ZeroInt(), each.budget.Amount.Sub(spent).Sub(p.asideOf(each.name)))
		if left.LT(needed) {
			return taken, nil, &quotaError{each.of, each.budget, left, needed, each.budget.renews(now)}
		}
		taken = math.MinInt(taken, left)
	}
	return taken, p.hold(key.Name, taken), nil
}

// hold sets an amount aside, whether it is there or not.
func (p *purse) hold(name string, sum math.Int) (put func()) {
	p.aside[name], p.aside[everybody] = p.asideOf(name).Add(sum), p.asideOf(everybody).Add(sum)
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.aside[name], p.aside[everybody] = p.asideOf(name).Sub(sum), p.asideOf(everybody).Sub(sum)
	})
}

// keep is hold for calls of an earlier run that are not settled.
func (p *purse) keep(name string, sum math.Int) (put func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hold(name, sum)
}

func (p *purse) asideOf(name string) math.Int {
	if sum, ok := p.aside[name]; ok {
		return sum
	}
	return math.ZeroInt()
}

func overBudget(err error) bool {
	var quota *quotaError
	return errors.As(err, &quota)
}
