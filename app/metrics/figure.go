package metrics

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// figure is a number that is read from state, or one number for each set of labels.
type figure struct {
	name, description string
	// unit is in OpenTelemetry's notation. The part in braces is not in the name that Prometheus shows.
	unit string
	// total says that the number only grows: it is a counter.
	total bool
	// observe passes the values to to; labels are keys and values in turn.
	observe func(s *reading, to func(value float64, labels ...string))

	instrument metric.Float64Observable
}

func (f *figure) register(meter metric.Meter) (metric.Observable, error) {
	var err error
	if f.total {
		f.instrument, err = meter.Float64ObservableCounter(f.name, metric.WithDescription(f.description),
			metric.WithUnit(f.unit))
	} else {
		f.instrument, err = meter.Float64ObservableGauge(f.name, metric.WithDescription(f.description),
			metric.WithUnit(f.unit))
	}
	return f.instrument, err
}

func attributes(labels []string) attribute.Set {
	pairs := make([]attribute.KeyValue, 0, len(labels)/2)
	for i := 0; i+1 < len(labels); i += 2 {
		pairs = append(pairs, attribute.String(labels[i], labels[i+1]))
	}
	return attribute.NewSet(pairs...)
}

// gauge is a figure without labels.
func gauge(name, unit, description string, value func(*reading) float64) figure {
	return figure{name: name, unit: unit, description: description,
		observe: func(s *reading, to func(float64, ...string)) { to(value(s)) }}
}

// counter is a gauge that only grows.
func counter(name, unit, description string, value func(*reading) float64) figure {
	f := gauge(name, unit, description, value)
	f.total = true
	return f
}

// table is a figure for each value of a label.
func table(name, unit, description string, of func(*reading) []labelled) figure {
	return figure{name: name, unit: unit, description: description,
		observe: func(s *reading, to func(float64, ...string)) {
			for _, l := range of(s) {
				to(l.value, l.labels...)
			}
		}}
}

type labelled struct {
	value  float64
	labels []string
}

func label(value float64, labels ...string) labelled { return labelled{value, labels} }

// figures lists all of them. Names are openledger.<area>.<what>.<unit>.
func figures() []figure {
	const open, blocks = "{OPEN}", "{block}"
	return []figure{
		gauge("openledger.chain.height.blocks", blocks, "Height of the last committed block.",
			func(s *reading) float64 { return float64(s.height) }),
		gauge("openledger.chain.block.age", "s", "Time since the time of the last committed block, by this machine's clock.",
			func(s *reading) float64 { return s.blockAge }),
		table("openledger.module.paused", "{flag}", "1 while governance has paused the module.",
			func(s *reading) []labelled { return s.paused }),
		table("openledger.module.due.entries", "{entry}",
			"Entries of a queue whose time has come and that no block has taken up, counted up to 10,000.",
			func(s *reading) []labelled { return s.due }),

		table("openledger.rewards.credit.lists", "{list}",
			"Credit lists of batches by stage: held (in escrow), arrived, settling, dead_letter; counted up to 10,000.",
			func(s *reading) []labelled { return s.lists }),
		gauge("openledger.rewards.settlement.lag.blocks", blocks,
			"Age of the oldest credit list that is not paid in full, 0 if there is none.",
			func(s *reading) float64 { return s.settlementLag }),
		counter("openledger.rewards.sweep.cycles", "{cycle}", "Complete walks of settlement over the ledger.",
			func(s *reading) float64 { return s.sweepCycles }),
		gauge("openledger.rewards.due.pages", "{page}",
			"Pages of the ledger with a balance to pay out, counted up to 10,000.",
			func(s *reading) float64 { return s.duePages }),
		gauge("openledger.rewards.owed.open", open, "What modules hold for x/rewards and have not handed over.",
			func(s *reading) float64 { return s.owed }),
		counter("openledger.rewards.bonus.open", open, "Bonus minted.",
			func(s *reading) float64 { return s.bonus }),
		counter("openledger.rewards.emitted.open", open, "Emission minted for validators.",
			func(s *reading) float64 { return s.emitted }),
		counter("openledger.rewards.burned.open", open, "Burned of fees.",
			func(s *reading) float64 { return s.burned }),
		counter("openledger.rewards.retired.open", open, "Retired of fees.",
			func(s *reading) float64 { return s.retired }),
		counter("openledger.rewards.fees.open", open, "Fees of all receipts that were settled.",
			func(s *reading) float64 { return s.fees }),
		counter("openledger.rewards.receipts", "{receipt}", "Receipts that were settled.",
			func(s *reading) float64 { return s.receipts }),
		gauge("openledger.rewards.supply.open", open, "Supply of OPEN.",
			func(s *reading) float64 { return s.supply }),
		gauge("openledger.rewards.reserve.open", open, "What may still be minted.",
			func(s *reading) float64 { return s.reserve }),
		gauge("openledger.rewards.bounty.pool.open", open, "What the bounty pool holds.",
			func(s *reading) float64 { return s.bountyPool }),

		gauge("openledger.attestation.enabled", "{flag}", "1 while validators are asked.",
			func(s *reading) float64 { return s.attestation }),
		table("openledger.attestation.open.items", "{item}",
			"What validators are asked about: batches that wait, and versions of DataNets.",
			func(s *reading) []labelled { return s.items }),
		table("openledger.attestation.oldest.item.blocks", blocks,
			"Age of the oldest open item, since validators were asked or asked again; 0 if there is none.",
			func(s *reading) []labelled { return s.oldest }),
		counter("openledger.attestation.ticks", "{tick}", "Blocks in which more than two thirds of the power attested.",
			func(s *reading) float64 { return s.ticks }),
		gauge("openledger.attribution.open.disputes", "{dispute}",
			"Disputes that were committed and not revealed, counted up to 10,000.",
			func(s *reading) float64 { return s.disputes }),
		gauge("openledger.attribution.undivided.slashes", "{slash}",
			"Slashes that wait until no earlier commit can change them, counted up to 10,000.",
			func(s *reading) float64 { return s.slashes }),
		gauge("openledger.attribution.open.sessions", "{session}", "Sessions that are not closed, counted up to 10,000.",
			func(s *reading) float64 { return s.sessions }),
	}
}
