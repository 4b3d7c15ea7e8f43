package poa

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Disputes about the part by influence of a receipt of method LORA. They need the training record of the model's
// version. A dispute cannot show that the query is not the answer's: the base and the adapter are needed to compute the
// query, and the chain has neither.

// RowsBase is what the evidence root is computed from, together with a LoraSeal: the number of rows of SPAN and
// MEANING, the answer's TotalBits (Q16), and the Merkle root over the rows.
type RowsBase struct {
	Rows      uint32
	TotalBits uint64
	Root      Hash
}

// NewRowsBase returns the RowsBase of an attribution.
func NewRowsBase(a Attribution) RowsBase {
	return RowsBase{Rows: uint32(len(a.Rows)), TotalBits: a.TotalBits, Root: MerkleRoot(rowLeaves(a.Rows))}
}

// LoraRowProof shows that a row by influence is the row at Index under a LoraSeal.
type LoraRowProof struct {
	Row   LoraRow
	Index uint32
	Path  []Hash
}

func (p *LoraRowProof) verify(s *LoraSeal) error {
	got, err := pathRoot(p.Row.leaf(), uint64(p.Index), uint64(s.Contributions), p.Path)
	if err != nil {
		return err
	}
	if got != s.Rows {
		return fmt.Errorf("%w: the row of rank %d leads to root %s, the seal says %s", ErrDispute, p.Row.Rank, got, s.Rows)
	}
	return nil
}

// LoraRowsProof shows that some rows by influence are rows under a LoraSeal.
type LoraRowsProof struct {
	// Rows are in increasing order of Index.
	Rows []PlacedLoraRow
	// Proof is the Merkle multiproof of the rows' leaves.
	Proof []Hash
}

// PlacedLoraRow is the row at Index.
type PlacedLoraRow struct {
	LoraRow
	Index uint32
}

func (p *LoraRowsProof) verify(s *LoraSeal) error {
	leaves, places := make([]Hash, len(p.Rows)), make([]uint32, len(p.Rows))
	for i := range p.Rows {
		leaves[i], places[i] = p.Rows[i].leaf(), p.Rows[i].Index
	}
	return VerifyMultiproof(s.Rows, s.Contributions, places, leaves, p.Proof)
}

// amount returns what a contribution gets by influence, in Q16 bits, and whether its row is shown.
func (p *LoraRowsProof) amount(rank uint64) (amount uint64, shown bool) {
	at := slices.IndexFunc(p.Rows, func(r PlacedLoraRow) bool { return r.Rank == rank })
	if at < 0 {
		return 0, false
	}
	return p.Rows[at].Amount, true
}

// trained checks what all disputes about influence have in common: the claim, the training record, and the way from the
// seal to the evidence root.
func (c Claim) trained(base RowsBase) error {
	if err := c.validate(); err != nil {
		return err
	}
	if c.Record.Method != MethodLora || c.Lora == nil {
		return fmt.Errorf("%w: disputes about influence are those of method %d, the record's is %d", ErrDispute, MethodLora,
			c.Record.Method)
	}
	if c.Training == nil {
		return fmt.Errorf("%w: no training record given", ErrInfluence)
	}
	return c.leadsFrom(rowsRoot(base.Rows, base.TotalBits, base.Root))
}

// WrongScore shows that the score of a row by influence does not follow from the query and the sketch.
type WrongScore struct {
	Base RowsBase
	Row  LoraRowProof
	// Query is the answer's query; nil if there is none, and then each row's score must be 0.
	Query *LoraQuery
	// Rank, Tokens and Sketch are those of the influence file at the row's place. Path leads to the training record's
	// SketchRoot. All four are unused without a query.
	Rank   uint64
	Tokens uint32
	Sketch Sketch
	Path   []Hash
}

// VerifyWrongScore returns nil if the row has another rank than the influence file at that place, or if its score is
// not the score of that sketch for the answer's query. The training record has the number of contributions, which the
// score depends on, too.
func VerifyWrongScore(c Claim, p WrongScore) error {
	if err := c.trained(p.Base); err != nil {
		return err
	}
	if err := p.Row.verify(c.Lora); err != nil {
		return err
	}
	if got := p.Query.Hash(); got != c.Lora.Query {
		return fmt.Errorf("%w: the query's hash is %s, the receipt says %s", ErrDispute, got, c.Lora.Query)
	}
	row, right := &p.Row.Row, uint64(0)
	if p.Query != nil {
		sketch := InfluenceRow{Rank: p.Rank, Tokens: p.Tokens, Sketch: p.Sketch}
		if err := VerifyPath(c.Training.SketchRoot, sketch.sketchLeaf(), uint64(p.Row.Index), uint64(c.Training.Rows),
			p.Path); err != nil {
			return err
		}
		if row.Rank != p.Rank {
			return nil
		}
		right = p.Query.Score(&sketch, int(c.Training.Rows))
	}
	if row.Score != right {
		return nil
	}
	return fmt.Errorf("%w: the row of rank %d has the score of query and sketch, %d", ErrDispute, row.Rank, right)
}

// WrongAmount shows that a contribution's amount by influence does not follow from its score and its share in the
// influence table, or that the record's entry does not follow from the amount.
type WrongAmount struct {
	Base RowsBase
	Row  LoraRowProof
	// Rank and PPM are those of the influence table at the row's place. Path leads to the training record's TableRoot.
	Rank uint64
	PPM  uint32
	Path []Hash
}

// VerifyWrongAmount returns nil in three cases: the row has another rank than the influence table at that place; its
// amount is not what score, sum and share give (an amount above the table's bound, for example); or the record's entry
// for the contribution, or its lack of one, does not fit the amount.
func VerifyWrongAmount(c Claim, p WrongAmount, src ContributionSource) error {
	_, err := wrongAmount(c, p, src)
	return err
}

// wrongAmount also returns the contribution's loss: what the score gives it, less what the record gives it.
func wrongAmount(c Claim, p WrongAmount, src ContributionSource) ([]Loss, error) {
	if err := c.trained(p.Base); err != nil {
		return nil, err
	}
	if src == nil {
		return nil, fmt.Errorf("%w: no source of contributions given", ErrContribution)
	}
	if err := p.Row.verify(c.Lora); err != nil {
		return nil, err
	}
	if err := VerifyPath(c.Training.TableRoot, tableLeaf(p.Rank, p.PPM), uint64(p.Row.Index), uint64(c.Training.Rows),
		p.Path); err != nil {
		return nil, err
	}
	row := &p.Row.Row
	if row.Rank != p.Rank {
		return nil, nil
	}
	right := loraAmount(c.Lora.Bits, row.Score, c.Lora.Sum, p.PPM, c.Lora.Query != (Hash{}))
	standing := &standings{src: src}
	kept := standing.of(row.Rank).kept(right)
	if standing.err != nil {
		return nil, standing.err
	}
	if row.Amount == right && c.Record.pays(row.Rank, kept, p.Base.TotalBits) {
		return nil, fmt.Errorf("%w: the amount of rank %d follows from its score and share, and its entry from that",
			ErrDispute, row.Rank)
	}
	return c.Record.owes(row.Rank, kept, p.Base.TotalBits), nil
}

// pays reports whether a record gives a contribution what it gets by influence, whatever else it gets.
func (r *Record) pays(rank, amount, total uint64) bool {
	least := quota(amount, total)
	for _, e := range r.Entries {
		if e.Rank == rank {
			return e.WeightPPM >= least && e.LoraPPM == min(e.WeightPPM, loraPPM(amount, total))
		}
	}
	return least == 0 || r.outweighs(least)
}

// outweighs reports whether a contribution of this weight may be left out, because the record has MaxEntries entries
// and none is smaller.
func (r *Record) outweighs(ppm uint32) bool {
	return len(r.Entries) == MaxEntries && r.Entries[MaxEntries-1].WeightPPM >= ppm
}

// owes returns the loss of a contribution: what it gets by influence, less what the record gives it.
func (r *Record) owes(rank, amount, total uint64) []Loss {
	least := quota(amount, total)
	for _, e := range r.Entries {
		if e.Rank == rank {
			least -= min(least, e.LoraPPM)
			return lossOf(rank, least, least)
		}
	}
	if r.outweighs(least) {
		return nil
	}
	return lossOf(rank, least, least)
}

func lossOf(rank uint64, ppm, lora uint32) []Loss {
	if ppm == 0 {
		return nil
	}
	return []Loss{{Rank: rank, PPM: ppm, LoraPPM: lora}}
}

// quota returns bits in parts per million of a total, rounded down, at most TotalPPM.
func quota(bits, total uint64) uint32 {
	if total == 0 {
		return 0
	}
	return uint32(min(mulDiv(bits, TotalPPM, total), TotalPPM))
}

// WrongSum shows that the scores do not add up, or that more is given by influence than is allowed.
type WrongSum struct {
	Base RowsBase
	// Rows are two neighbours, or the first row or the last one. They are empty if the number of rows or LoraSeal.Bits is
	// wrong.
	Rows []LoraRowProof
}

// VerifyWrongSum returns nil if the receipt has another number of rows by influence than the training record, if it
// gives more than LoraPartPPM, or if a sum is wrong. A row's sum must be the sum of the row before plus its own score;
// the first row's sum must be its score; the last row's sum must be LoraSeal.Sum.
func VerifyWrongSum(c Claim, p WrongSum) error {
	if err := c.trained(p.Base); err != nil {
		return err
	}
	if c.Lora.Contributions != c.Training.Rows || c.Lora.Bits > mulDiv(p.Base.TotalBits, LoraPartPPM, TotalPPM) {
		return nil
	}
	for i := range p.Rows {
		if err := p.Rows[i].verify(c.Lora); err != nil {
			return err
		}
	}
	switch len(p.Rows) {
	case 1:
		row, index := &p.Rows[0].Row, p.Rows[0].Index
		if index == 0 && row.Sum != row.Score || index == c.Lora.Contributions-1 && row.Sum != c.Lora.Sum {
			return nil
		}
	case 2:
		before, row := &p.Rows[0], &p.Rows[1]
		if row.Index == before.Index+1 && row.Row.Sum != before.Row.Sum+row.Row.Score {
			return nil
		}
	}
	return fmt.Errorf("%w: the %d rows shown add up", ErrDispute, len(p.Rows))
}

// wrongLora returns the entries that should have been recorded, as far as the proof shows them. It returns an error if
// neither the part by influence nor the recorded entries contradict the rows.
func (p *WrongWeights) wrongLora(c Claim, src ContributionSource) ([]Entry, error) {
	if c.Lora.Bits != loraBits(p.Rows, p.TotalBits) {
		return nil, nil
	}
	if err := p.Lora.verify(c.Lora); err != nil {
		return nil, err
	}
	shares, _ := rowShares(p.Rows, p.TotalBits, derivedIn(src, 0))
	shares = mergeByRank(shares)
	wrong, standing := false, &standings{src: src}
	var right []Entry
	for _, e := range c.Record.Entries {
		s := share{rank: e.Rank}
		if at, found := slices.BinarySearchFunc(shares, e.Rank, share.compareRank); found {
			s = shares[at]
		}
		if e.LoraPPM > 0 { // otherwise its amount is 0, or WrongAmount shows the lie
			amount, shown := p.Lora.amount(e.Rank)
			if !shown {
				return nil, fmt.Errorf("%w: the row by influence of rank %d is missing", ErrDispute, e.Rank)
			}
			s.lora = standing.of(e.Rank).kept(amount)
		}
		weight := quota(s.bits, p.TotalBits)
		if all := s.bits + s.lora; all >= s.bits { // a liar's amounts may be any number
			weight = quota(all, p.TotalBits)
		}
		// The largest-remainder method gives each entry its quota, or one more.
		wrong = wrong || e.WeightPPM < weight || e.WeightPPM > weight+1 ||
			e.LoraPPM != min(e.WeightPPM, loraPPM(s.lora, p.TotalBits))
		right = append(right, Entry{Rank: e.Rank, WeightPPM: weight, LoraPPM: min(weight, loraPPM(s.lora, p.TotalBits))})
	}
	for _, s := range shares {
		weight := quota(s.bits, p.TotalBits)
		if weight > 0 && !slices.ContainsFunc(right, func(e Entry) bool { return e.Rank == s.rank }) &&
			!c.Record.outweighs(weight) {
			right, wrong = append(right, Entry{Rank: s.rank, WeightPPM: weight}), true
		}
	}
	if standing.err != nil {
		return nil, standing.err
	}
	if !wrong {
		return nil, fmt.Errorf("%w: the weights follow from the %d rows and %d by influence", ErrDispute, len(p.Rows),
			len(p.Lora.Rows))
	}
	return right, nil
}

func (b *RowsBase) append(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(b.Rows))
	to = binary.BigEndian.AppendUint64(to, b.TotalBits)
	return append(to, b.Root[:]...)
}

func readRowsBase(r *reader) RowsBase {
	return RowsBase{Rows: uint32(r.uvarint(MaxAnswerTokens)), TotalBits: r.be64(), Root: r.hash()}
}

func (p *LoraRowProof) append(b []byte) []byte {
	b = binary.AppendUvarint(p.Row.append(b), uint64(p.Index))
	return appendPath(b, p.Path)
}

func readLoraRowProof(r *reader) LoraRowProof {
	return LoraRowProof{Row: readLoraRow(r), Index: uint32(r.uvarint(MaxInfluenceRows)), Path: readPath(r)}
}

func appendLoraRows(b []byte, rows []LoraRowProof) []byte {
	b = append(b, byte(len(rows)))
	for i := range rows {
		b = rows[i].append(b)
	}
	return b
}

func (p *LoraRowsProof) append(b []byte) []byte {
	b = append(b, byte(len(p.Rows)))
	from := uint32(0)
	for i := range p.Rows {
		b = binary.AppendUvarint(p.Rows[i].append(b), uint64(p.Rows[i].Index-from))
		from = p.Rows[i].Index + 1
	}
	b = binary.AppendUvarint(b, uint64(len(p.Proof)))
	return appendHashes(b, p.Proof)
}

func readLoraRowsProof(r *reader) (p LoraRowsProof) {
	from := uint32(0)
	for range r.count(uint64(r.byte()), MaxEntries, loraRowBytes+1) {
		row := PlacedLoraRow{LoraRow: readLoraRow(r), Index: from + uint32(r.uvarint(MaxInfluenceRows))}
		p.Rows, from = append(p.Rows, row), row.Index+1
	}
	p.Proof = r.hashes(r.count(r.uvarint(MaxDisputeBytes), MaxDisputeBytes, len(Hash{})))
	return p
}

func readLoraRows(r *reader, most uint64) []LoraRowProof {
	var out []LoraRowProof
	for range r.count(uint64(r.byte()), most, loraRowBytes+2) {
		out = append(out, readLoraRowProof(r))
	}
	return out
}

func appendPath(b []byte, path []Hash) []byte { return appendHashes(append(b, byte(len(path))), path) }

func readPath(r *reader) []Hash {
	return r.hashes(r.count(uint64(r.byte()), MaxPathLength, len(Hash{})))
}

func (p *WrongScore) append(b []byte) []byte {
	b = p.Row.append(p.Base.append(b))
	if p.Query == nil {
		return append(b, 0)
	}
	b = p.Query.append(append(b, 1))
	b = binary.BigEndian.AppendUint64(b, p.Rank)
	b = binary.BigEndian.AppendUint32(b, p.Tokens)
	return appendPath(p.Sketch.append(b), p.Path)
}

func readWrongScore(r *reader) *WrongScore {
	p := &WrongScore{Base: readRowsBase(r), Row: readLoraRowProof(r)}
	switch r.byte() {
	case 0:
	case 1:
		p.Query = &LoraQuery{readSketch(r)}
		p.Rank, p.Tokens, p.Sketch, p.Path = r.be64(), r.be32(), readSketch(r), readPath(r)
	default:
		r.failf("a query is there or not")
	}
	return p
}

func (p *WrongAmount) append(b []byte) []byte {
	b = p.Row.append(p.Base.append(b))
	b = binary.BigEndian.AppendUint64(b, p.Rank)
	b = binary.BigEndian.AppendUint32(b, p.PPM)
	return appendPath(b, p.Path)
}

func readWrongAmount(r *reader) *WrongAmount {
	return &WrongAmount{Base: readRowsBase(r), Row: readLoraRowProof(r), Rank: r.be64(), PPM: r.be32(), Path: readPath(r)}
}
