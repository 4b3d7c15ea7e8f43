package poa

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func sampleReceipt() Receipt {
	r := Receipt{
		Session: 3, N: 7, QueryHash: hashN(1), MaxFee: NewAmount(1000), AnswerRoot: hashN(2), EvidenceRoot: hashN(3),
		InputTokens: 10, OutputTokens: 300, Fee: NewAmount(999),
		Entries: []Entry{{4, 500_000, 0}, {2, 100_000, 0}, {9, 100_000, 0}}, UnattributedPPM: 300_000,
	}
	r.Call = r.CallHash()
	return r
}

func TestReceiptValidate(t *testing.T) {
	if err := sampleReceipt().Validate(); err != nil {
		t.Fatal(err)
	}
	gap := Receipt{N: 1, Gap: true, Call: AckCall}
	if err := gap.Validate(); err != nil {
		t.Fatal(err)
	}
	seventeen := make([]Entry, 17)
	for i := range seventeen {
		seventeen[i] = Entry{uint64(i), 50_000, 0}
	}
	for name, f := range map[string]func(*Receipt){
		"number 0":         func(r *Receipt) { r.N = 0 },
		"other call":       func(r *Receipt) { r.Call = hashN(9) },
		"other query":      func(r *Receipt) { r.QueryHash = hashN(9) },
		"other maximum":    func(r *Receipt) { r.MaxFee = NewAmount(1001) },
		"fee above":        func(r *Receipt) { r.Fee = NewAmount(1001) },
		"input tokens":     func(r *Receipt) { r.InputTokens = MaxCallTokens + 1 },
		"output tokens":    func(r *Receipt) { r.OutputTokens = MaxCallTokens + 1 },
		"sum":              func(r *Receipt) { r.UnattributedPPM++ },
		"sum overflow":     func(r *Receipt) { r.UnattributedPPM = 1<<32 - 700_000 },
		"weight":           func(r *Receipt) { r.Entries[0].WeightPPM-- },
		"order of weights": func(r *Receipt) { slices.Reverse(r.Entries) },
		"order of ranks":   func(r *Receipt) { r.Entries[1], r.Entries[2] = r.Entries[2], r.Entries[1] },
		"same rank":        func(r *Receipt) { r.Entries[2].Rank = 4 },
		"no weight":        func(r *Receipt) { r.Entries = append(r.Entries, Entry{Rank: 100}) },
		"too many":         func(r *Receipt) { r.Entries, r.UnattributedPPM = seventeen, 150_000 },
		"turned into gap":  func(r *Receipt) { r.Gap = true },
	} {
		r := sampleReceipt()
		f(&r)
		if err := r.Validate(); !errors.Is(err, ErrReceipt) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := MarshalReceipts([]Receipt{r}); !errors.Is(err, ErrReceipt) {
			t.Errorf("%s is packed: %v", name, err)
		}
	}
	// Every field but Session, N, Gap and Call is refused in a gap.
	full := reflect.ValueOf(sampleReceipt())
	for i := range full.NumField() {
		g := gap
		name := full.Type().Field(i).Name
		reflect.ValueOf(&g).Elem().Field(i).Set(full.Field(i))
		err := g.Validate()
		allowed := name == "Session" || name == "N" || name == "Gap" || name == "Call" || name == "Method"
		if name == "Gap" {
			continue // false makes it another kind of receipt
		}
		if allowed != (err == nil) {
			t.Errorf("gap with %s: %v", name, err)
		}
	}
	gap.Call = Hash{}
	if err := gap.Validate(); !errors.Is(err, ErrReceipt) {
		t.Error(err)
	}
}

func TestReceiptMethods(t *testing.T) {
	r := sampleReceipt()
	if o := r.Outcome(); o.AnswerRoot != r.AnswerRoot || o.InputTokens != 10 || o.OutputTokens != 300 || o.Fee != r.Fee {
		t.Errorf("%+v", o)
	}
	gap := Receipt{N: 1, Gap: true, Call: AckCall}
	if gap.Outcome() != (Outcome{}) || gap.Commitment() != AckCall || gap.CallHash() != AckCall {
		t.Error("gap")
	}
	seen := map[Hash]bool{r.Commitment(): true}
	for _, f := range []func(*Receipt){
		func(r *Receipt) { r.QueryHash = hashN(9) }, func(r *Receipt) { r.AnswerRoot = hashN(9) },
		func(r *Receipt) { r.EvidenceRoot = hashN(9) },
	} {
		other := r
		f(&other)
		seen[other.Commitment()] = true
	}
	if len(seen) != 4 {
		t.Error("commitment does not bind its parts")
	}
}

func drawEntries(t *rapid.T) ([]Entry, uint32) {
	var entries []Entry
	left := uint32(TotalPPM)
	for range rapid.IntRange(0, MaxEntries).Draw(t, "entries") {
		w := rapid.Uint32Range(1, 60_000).Draw(t, "weight")
		e := Entry{rapid.Uint64().Draw(t, "rank"), w, 0}
		if slices.ContainsFunc(entries, func(o Entry) bool { return o.Rank == e.Rank }) {
			continue
		}
		entries = append(entries, e)
		left -= w
	}
	slices.SortFunc(entries, compareEntries)
	return entries, left
}

func drawReceipt(t *rapid.T) Receipt {
	r := Receipt{
		Session: rapid.Uint32().Draw(t, "session"), N: rapid.Uint64Min(1).Draw(t, "n"),
		Gap: rapid.IntRange(0, 3).Draw(t, "gap") == 0,
	}
	if r.Gap {
		r.Call = hashN(rapid.Uint64().Draw(t, "call"))
		return r
	}
	r.QueryHash, r.AnswerRoot, r.EvidenceRoot = hashN(r.N), hashN(r.N+1), hashN(r.N+2)
	r.InputTokens = rapid.Uint32Max(MaxCallTokens).Draw(t, "input")
	r.OutputTokens = rapid.Uint32Max(MaxCallTokens).Draw(t, "output")
	r.Fee, r.MaxFee = drawAmount(t, "fee"), drawAmount(t, "maximum")
	if r.Fee.Cmp(r.MaxFee) > 0 {
		r.Fee, r.MaxFee = r.MaxFee, r.Fee
	}
	r.Entries, r.UnattributedPPM = drawEntries(t)
	r.Call = r.CallHash()
	return r
}

func TestReceiptsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		receipts := rapid.SliceOfN(rapid.Custom(drawReceipt), 0, 5).Draw(t, "receipts")
		data := must(MarshalReceipts(receipts))
		back := must(UnmarshalReceipts(data, len(receipts)))
		if len(receipts) > 0 && !reflect.DeepEqual(receipts, back) {
			t.Fatalf("%+v\n%+v", receipts, back)
		}
		if len(receipts) > 0 {
			if _, err := UnmarshalReceipts(data, len(receipts)-1); !errors.Is(err, ErrOversize) {
				t.Fatal(err)
			}
			cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
			if _, err := UnmarshalReceipts(data[:cut], 10); !errors.Is(err, ErrReceiptEncoding) {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
		if _, err := UnmarshalReceipts(append(data, 0), 10); !errors.Is(err, ErrReceiptEncoding) {
			t.Fatal(err)
		}
	})
	if _, err := UnmarshalReceipts([]byte{0}, -1); !errors.Is(err, ErrOversize) {
		t.Fatal(err)
	}
	if _, err := UnmarshalReceipts(bytes.Repeat([]byte{0xff}, 40), 1<<30); err == nil {
		t.Fatal("endless number accepted")
	}
	r := sampleReceipt()
	r.Call = Hash{}
	if back := must(UnmarshalReceipts(must(MarshalReceipts([]Receipt{r})), 1)); back[0].Call != r.CallHash() {
		t.Error("call hash is not filled in")
	}
}

func sampleRecord(session uint64) Record {
	r := Record{
		Session: hashN(session), N: 70_000, Commitment: hashN(5), InputTokens: 40_000, OutputTokens: 4000,
		Fee: Amount{Hi: 100, Lo: 5}, UnattributedPPM: 200_000, Acknowledged: true, ModelID: 300, ModelVersion: 2,
		Method: MethodSPAN,
	}
	for i := range 8 {
		r.Entries = append(r.Entries, Entry{uint64(1<<28 - 8 + i), 100_000, 0})
	}
	return r
}

func TestRecord(t *testing.T) {
	r := sampleRecord(1)
	data := must(r.MarshalBinary())
	if len(data) > 160 {
		t.Errorf("%d bytes", len(data))
	}
	if back := must(UnmarshalRecord(data)); !reflect.DeepEqual(r, back) {
		t.Errorf("%+v", back)
	}
	for i := range data {
		if _, err := UnmarshalRecord(data[:i]); !errors.Is(err, ErrRecordEncoding) {
			t.Fatal(err)
		}
	}
	if r.Leaf() != LeafHash(data) {
		t.Error("leaf")
	}
	gap := Record{N: 1, Commitment: AckCall}
	if back := must(UnmarshalRecord(must(gap.MarshalBinary()))); !reflect.DeepEqual(gap, back) {
		t.Errorf("%+v", back)
	}
	r.UnattributedPPM--
	if _, err := r.MarshalBinary(); !errors.Is(err, ErrRecord) {
		t.Error(err)
	}
	if _, err := UnmarshalRecord(r.packed()); !errors.Is(err, ErrRecord) {
		t.Error(err)
	}
	r.Entries = make([]Entry, 300)
	if _, err := UnmarshalRecord(r.packed()); !errors.Is(err, ErrRecordEncoding) {
		t.Error(err)
	}
	acknowledged := must(gap.MarshalBinary())
	acknowledged[len(acknowledged)-4] = 2
	if _, err := UnmarshalRecord(acknowledged); !errors.Is(err, ErrRecordEncoding) {
		t.Error(err)
	}
}

func drawRecord(t *rapid.T) Record {
	r := Record{
		Session: hashN(uint64(rapid.IntRange(0, 4).Draw(t, "session"))), N: rapid.Uint64().Draw(t, "n"), Commitment: hashN(1),
		InputTokens: rapid.Uint32().Draw(t, "input"), OutputTokens: rapid.Uint32().Draw(t, "output"),
		Fee:          drawAmount(t, "fee"),
		Acknowledged: rapid.Bool().Draw(t, "acknowledged"), ModelID: rapid.Uint64().Draw(t, "model"),
		ModelVersion: rapid.Uint32().Draw(t, "version"), Method: rapid.Byte().Draw(t, "method"),
	}
	if rapid.Bool().Draw(t, "answered") {
		r.Entries, r.UnattributedPPM = drawEntries(t)
	}
	return r
}

func TestPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(drawRecord), 0, 30).Draw(t, "records")
		limit := rapid.IntRange(0, 4096).Draw(t, "limit")
		var back []Record
		for _, page := range PackRecords(records, limit) {
			part := must(UnpackRecords(page))
			if len(page) > limit && len(part) > 1 {
				t.Fatalf("page of %d records has %d bytes, above %d", len(part), len(page), limit)
			}
			back = append(back, part...)
			again := PackRecords(part, len(page))
			if len(again) != 1 || !bytes.Equal(again[0], page) {
				t.Fatal("page is not canonical")
			}
			cut := rapid.IntRange(0, len(page)-1).Draw(t, "cut")
			if _, err := UnpackRecords(page[:cut]); !errors.Is(err, ErrRecordEncoding) {
				t.Fatal(err)
			}
		}
		if len(records) > 0 && !reflect.DeepEqual(records, back) {
			t.Fatal("round trip")
		}
	})
}

func TestPagesAreStrict(t *testing.T) {
	a, b := sampleRecord(1), sampleRecord(2)
	page := func(sessions []Hash, refs ...byte) []byte {
		p := appendHashes([]byte{byte(len(sessions))}, sessions)
		p = append(p, byte(len(refs)))
		for _, s := range refs {
			p = a.appendBody(append(p, s))
		}
		return p
	}
	if _, err := UnpackRecords(page([]Hash{a.Session, b.Session}, 0, 1, 0)); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string][]byte{
		"empty":            nil,
		"no records":       page([]Hash{a.Session}),
		"nothing":          page(nil),
		"order of use":     page([]Hash{a.Session, b.Session}, 1, 0),
		"unused session":   page([]Hash{a.Session, b.Session}, 0),
		"repeated session": page([]Hash{a.Session, a.Session}, 0, 1),
		"unknown session":  page([]Hash{a.Session}, 0, 1),
		"trailing byte":    append(page([]Hash{a.Session}, 0), 0),
		"huge counts":      {0xff, 0xff, 0xff, 0xff, 0x0f},
	} {
		if _, err := UnpackRecords(p); !errors.Is(err, ErrRecordEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := a
	bad.UnattributedPPM++
	if _, err := UnpackRecords(PackRecords([]Record{bad}, 4096)[0]); !errors.Is(err, ErrRecord) {
		t.Error(err)
	}
}

func TestSessionHashesBindEveryField(t *testing.T) {
	call := Call{QueryHash: hashN(1), MaxFee: NewAmount(2)}
	calls := map[Hash]bool{call.Hash(): true, AckCall: true, {}: true}
	calls[Call{QueryHash: hashN(2), MaxFee: NewAmount(2)}.Hash()] = true
	calls[Call{QueryHash: hashN(1), MaxFee: NewAmount(3)}.Hash()] = true
	if len(calls) != 5 {
		t.Error("call hash")
	}
	base := Outcome{hashN(3), 4, 5, NewAmount(6)}
	heads := map[Hash]bool{
		NextHash(Hash{}, call.Hash(), base): true, NextHash(hashN(1), call.Hash(), base): true,
		NextHash(Hash{}, AckCall, base): true,
	}
	for _, o := range []Outcome{{}, {hashN(4), 4, 5, NewAmount(6)}, {hashN(3), 5, 5, NewAmount(6)},
		{hashN(3), 4, 6, NewAmount(6)}, {hashN(3), 4, 5, NewAmount(7)}} {
		heads[NextHash(Hash{}, call.Hash(), o)] = true
	}
	if len(heads) != 8 {
		t.Error("head")
	}

	v := Voucher{"chain", hashN(1), []byte("provider"), 1, 2, Price{NewAmount(1), NewAmount(2), NewAmount(3)}, 4, hashN(2),
		NewAmount(5)}
	vouchers := map[string]bool{string(v.SignBytes()): true}
	for _, f := range []func(*Voucher){
		func(v *Voucher) { v.ChainID = "chaim" }, func(v *Voucher) { v.Session = hashN(9) },
		func(v *Voucher) { v.Provider = []byte("q") },
		func(v *Voucher) { v.ModelID++ }, func(v *Voucher) { v.ModelVersion++ },
		func(v *Voucher) { v.Price.Royalty = NewAmount(9) },
		func(v *Voucher) { v.Price.InputPer1K = NewAmount(9) }, func(v *Voucher) { v.Price.OutputPer1K = NewAmount(9) },
		func(v *Voucher) { v.N++ }, func(v *Voucher) { v.Head = hashN(9) },
		func(v *Voucher) { v.CumulativeMax = NewAmount(9) },
	} {
		w := v
		f(&w)
		vouchers[string(w.SignBytes())] = true
	}
	if len(vouchers) != 12 || !bytes.HasPrefix(v.SignBytes(), []byte("openledger/voucher/v1")) {
		t.Error("voucher")
	}

	s := SignedAnswer{"chain", hashN(1), 4, base}
	answers := map[string]bool{string(s.SignBytes()): true}
	for _, f := range []func(*SignedAnswer){
		func(s *SignedAnswer) { s.ChainID = "" }, func(s *SignedAnswer) { s.Session = hashN(9) },
		func(s *SignedAnswer) { s.N++ },
		func(s *SignedAnswer) { s.AnswerRoot = hashN(9) }, func(s *SignedAnswer) { s.InputTokens++ },
		func(s *SignedAnswer) { s.OutputTokens++ }, func(s *SignedAnswer) { s.Fee = NewAmount(9) },
	} {
		w := s
		f(&w)
		answers[string(w.SignBytes())] = true
	}
	if len(answers) != 8 || !bytes.HasPrefix(s.SignBytes(), []byte("openledger/answer/v1")) {
		t.Error("answer")
	}
}
