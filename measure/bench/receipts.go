package main

import (
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// submissions makes signed transactions with receipts, which a chain executes.
type submissions interface {
	// chain returns the chain that executes them.
	chain() *chain.Chain
	// describe describes a receipt and its proof.
	describe() string
	// batch returns a transaction with n receipts. ahead counts the transactions of the same signer before it in the
	// block.
	batch(n int, ahead uint64) []byte
	// send returns a transaction with a bank send.
	send(ahead uint64) []byte
	// decide makes blocks until nothing that was submitted waits.
	decide()
}

// submitted is the cost of blocks of transactions, for each receipt or send.
type submitted struct {
	name               string
	cpu                float64 // µs
	perSecond          float64 // of CPU
	bytes, keys, event float64
}

// receipts are the figures of submission.
type receipts struct {
	describe string
	rows     []submitted
	batched  float64 // receipts per CPU second
	keys     float64 // written by a batch, besides pages of receipts, chunks of credits and the records of its sessions
	events   float64 // of a batch's transaction, with those of its fee
	stored   float64 // bytes of a receipt of 8 entries
}

// measureReceipts executes, in turn, blocks with one batch of answers, blocks with single receipts, and blocks with as
// many bank sends.
func measureReceipts(t chain.TB, build func(chain.TB) submissions, answers, singles, rounds int) (receipts, error) {
	s := build(t)
	progress("%s: %d rounds of a batch of %d, and of %d transactions", nameReceipts, rounds, answers, singles)
	m := meter{chain: s.chain()}
	empty, err := m.block("", answers)
	if err != nil {
		return receipts{}, err
	}
	var batch, single, sends submitted
	out := receipts{describe: s.describe(), stored: storedBytes()}
	for round := range rounds + 1 {
		measured, err := m.block(fmt.Sprintf("%d receipts a transaction", answers), answers, s.batch(answers, 0))
		if err != nil {
			return out, err
		}
		if round > 0 {
			batch.add(measured, empty, rounds)
			out.keys, out.events = float64(m.records-m.emptyRecords), float64(m.events)
		}
		s.decide()
		txs := txsOf(singles, func(ahead uint64) []byte { return s.batch(1, ahead) })
		if measured, err = m.block("one transaction per receipt", singles, txs...); err != nil {
			return out, err
		}
		s.decide()
		if round > 0 {
			single.add(measured, empty, rounds)
		}
		if measured, err = m.block("MsgSend", singles, txsOf(singles, s.send)...); err != nil {
			return out, err
		}
		if round > 0 {
			sends.add(measured, empty, rounds)
		}
	}
	out.rows = []submitted{batch, single, sends}
	out.batched = batch.perSecond
	return out, nil
}

func txsOf(n int, tx func(ahead uint64) []byte) [][]byte {
	txs := make([][]byte, n)
	for i := range txs {
		txs[i] = tx(uint64(i))
	}
	return txs
}

// add averages the figures of blocks, less what an empty block writes.
func (s *submitted) add(block, empty submitted, rounds int) {
	n := float64(rounds)
	s.name = block.name
	s.cpu += block.cpu / n
	s.perSecond = 1e6 / s.cpu
	s.bytes += block.bytes / n
	s.keys += (block.keys - empty.keys) / n
	s.event += (block.event - empty.event) / n
}

// meter executes blocks and measures them.
type meter struct {
	chain *chain.Chain
	// records counts the keys that the last block wrote in the modules that keep receipts, without keys that grow with the
	// number of receipts. emptyRecords is that of an empty block.
	records, emptyRecords int
	events                int // of the last transaction
}

func (m *meter) block(name string, answers int, txs ...[]byte) (submitted, error) {
	var response *abci.ResponseFinalizeBlock
	var spent cost
	var err error
	writes := volume.Writes(m.chain, func() {
		spent, err = measure("transactions", func() error { response = m.chain.RawBlock(txs...); return nil })
	})
	if err != nil {
		return submitted{}, err
	}
	n := float64(answers)
	out := submitted{name: name, cpu: float64(spent.cpu.Microseconds()) / n, event: float64(len(response.Events)) / n}
	for i, result := range response.TxResults {
		if result.Code != 0 {
			return out, fmt.Errorf("%s: %s", name, result.Log)
		}
		out.bytes += float64(len(txs[i])) / n
		out.event += float64(len(result.Events)) / n
		m.events = len(result.Events)
	}
	out.keys = float64(len(writes)) / n
	m.records = 0
	for _, write := range volume.OfBatches(writes) {
		if !write.Is(attributiontypes.StoreKey, attributiontypes.SessionsKey) {
			m.records++
		}
	}
	if len(txs) == 0 {
		m.emptyRecords = m.records
	}
	return out, nil
}

// storedBytes returns the bytes in which the chain stores a receipt of 8 entries during the dispute window.
func storedBytes() float64 {
	var records []poa.Record
	for i := range 1_000 {
		record := poa.Record{
			Session: poa.LeafHash([]byte{byte(i / 100)}), N: uint64(i%100 + 1),
			Commitment:  poa.LeafHash([]byte{byte(i), byte(i >> 8)}),
			InputTokens: 30, OutputTokens: 300, Fee: chain.Amount(chain.Royalty), Acknowledged: true, ModelID: 1,
			ModelVersion: 1,
			Method:       poa.MethodSPAN, UnattributedPPM: unattributed,
		}
		for e := range fullLoad.entries {
			record.Entries = append(
				record.Entries, poa.Entry{Rank: uint64(1_000_000 + i*fullLoad.entries + e),
					WeightPPM: uint32(attributed / fullLoad.entries)})
		}
		records = append(records, record)
	}
	size := 0
	for _, page := range poa.PackRecords(records, attributiontypes.PageBytes) {
		size += len(page)
	}
	return float64(size) / float64(len(records))
}
