package poa

import (
	"cmp"
	"errors"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// attributeReference is the rule as it is written down: all pairs, all predecessors.
func attributeReference(a Answer, segments []Segment, stats *Statistics) []Row {
	segments = slices.Clone(segments)
	slices.SortFunc(
		segments, func(x, y Segment) int { return cmp.Or(cmp.Compare(x.Rank, y.Rank), cmp.Compare(x.Index, y.Index)) })
	type match struct{ p, q int }
	cost := func(x, y match) (int64, bool) { // of y after x
		a, b := y.p-x.p-1, y.q-x.q-1
		if a < 0 || b < 0 || a > MaxSkip || b > MaxSkip || a-b > Band || b-a > Band {
			return 0, false
		}
		c := int64(max(a, b)) * SkipBits << 16
		if a != b {
			c += ShiftBits << 16
		}
		return c, true
	}
	scores := func(m []match) (f, b []int64) {
		f, b = make([]int64, len(m)), make([]int64, len(m))
		for i := range m {
			for j := range i {
				if c, ok := cost(m[j], m[i]); ok {
					f[i] = max(f[i], f[j]-c)
				}
			}
			f[i] += int64(stats.Surprisal(a.Tokens[m[i].p]))
		}
		for i := len(m) - 1; i >= 0; i-- {
			for j := i + 1; j < len(m); j++ {
				if c, ok := cost(m[i], m[j]); ok {
					b[i] = max(b[i], b[j]-c)
				}
			}
			b[i] += int64(stats.Surprisal(a.Tokens[m[i].p]))
		}
		return f, b
	}
	owned := make([]bool, len(a.Tokens))
	rows := make([]*Row, len(a.Tokens))
	for _, s := range segments {
		var m []match
		for p, id := range a.Tokens {
			for q := range s.Tokens {
				if !a.hidden(p) && id == s.Tokens[q] {
					m = append(m, match{p, q})
				}
			}
		}
		f, b := scores(m)
		seed, anchored := 0, false
		for p := 0; p < len(a.Tokens) && !anchored; p++ {
			n := seedAt(a, p, stats)
			if n == 0 || !admitted(segments, s, seedPrint(a.Tokens[p:p+n]), stats) {
				continue
			}
			free := false
			for i := range n {
				free = free || !owned[p+i]
			}
			for q := range s.Tokens {
				if !free || q+n > len(s.Tokens) || !slices.Equal(a.Tokens[p:p+n], s.Tokens[q:q+n]) {
					continue
				}
				var box []match
				for _, x := range m {
					if x.p >= p-AnchorReach && x.p < p+n+AnchorReach && x.q >= q-AnchorReach && x.q < q+n+AnchorReach {
						box = append(box, x)
					}
				}
				f, b := scores(box)
				run := int64(0)
				for _, id := range a.Tokens[p+1 : p+n-1] {
					run += int64(stats.Surprisal(id))
				}
				if f[slices.Index(box, match{p, q})]+run+b[slices.Index(box, match{p + n - 1, q + n - 1})] >= ThresholdBits<<16 {
					seed, anchored = p, true
				}
			}
		}
		if !anchored {
			continue
		}
		for i, x := range m {
			score := f[i] + b[i] - int64(stats.Surprisal(a.Tokens[x.p]))
			if score < ThresholdBits<<16 || owned[x.p] {
				continue
			}
			if r := rows[x.p]; r == nil || int32(score) > r.Score {
				rows[x.p] = &Row{Position: uint32(x.p), Length: 1, Rank: s.Rank, Segment: s.Index, Offset: uint32(x.q),
					Score: int32(score), Seed: uint32(seed), Bits: uint32(stats.Surprisal(a.Tokens[x.p]))}
			}
		}
		for p := range rows {
			owned[p] = rows[p] != nil
		}
	}
	var out []Row
	for _, r := range rows {
		if r == nil {
			continue
		}
		if n := len(out); n > 0 {
			l := &out[n-1]
			if l.Rank == r.Rank && l.Segment == r.Segment && l.Position+l.Length == r.Position && l.Offset+l.Length == r.Offset {
				l.Length++
				l.Score = max(l.Score, r.Score)
				l.Bits += r.Bits
				continue
			}
		}
		out = append(out, *r)
	}
	return out
}

// seedAt returns the length of the seed at a position, 0 for none.
func seedAt(a Answer, p int, stats *Statistics) int {
	bits := int32(0)
	for n := 1; n <= MaxSeedTokens && p+n <= len(a.Tokens) && !a.hidden(p+n-1); n++ {
		if bits += stats.Surprisal(a.Tokens[p+n-1]); n >= MinSeedTokens && bits >= SeedBits<<16 {
			return n
		}
	}
	return 0
}

// admitted reports whether s is among the first MaxPostings of the sorted segments that hold a seed with the print.
func admitted(sorted []Segment, s Segment, print uint32, stats *Statistics) bool {
	holds := func(t Segment) bool {
		for q := range t.Tokens {
			if n := seedAt(Answer{Tokens: t.Tokens}, q, stats); n > 0 && seedPrint(t.Tokens[q:q+n]) == print {
				return true
			}
		}
		return false
	}
	lower := 0
	for _, t := range sorted {
		if compareSegments(t, s) < 0 && holds(t) {
			lower++
		}
	}
	return lower < MaxPostings && holds(s)
}

// drawWorld draws a few segments over a small alphabet and an answer made of their pieces and noise.
func drawWorld(t *rapid.T) (Answer, []Segment, *Statistics) {
	alphabet := rapid.IntRange(2, 40).Draw(t, "alphabet")
	token := rapid.Custom(func(t *rapid.T) TokenID {
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			return TokenID(rapid.IntRange(0, alphabet).Draw(t, "common"))
		}
		return TokenID(rare) + TokenID(rapid.IntRange(0, alphabet).Draw(t, "rare"))
	})
	var segments []Segment
	count, longest := rapid.IntRange(1, 5).Draw(t, "segments"), 30
	if rapid.IntRange(0, 5).Draw(t, "crowded") == 0 { // more than a seed admits
		count, longest = rapid.IntRange(MaxPostings, MaxPostings+8).Draw(t, "many"), 14
	}
	for i := range count {
		segments = append(segments, Segment{
			Rank: uint64(i / 2), Index: uint32(i % 2), Tokens: rapid.SliceOfN(token, 6, longest).Draw(t, "segment"),
		})
	}
	var answer []TokenID
	for range rapid.IntRange(1, 6).Draw(t, "pieces") {
		if rapid.IntRange(0, 2).Draw(t, "noise") == 0 {
			answer = append(answer, rapid.SliceOfN(token, 1, 4).Draw(t, "noise tokens")...)
			continue
		}
		s := segments[rapid.IntRange(0, len(segments)-1).Draw(t, "source")].Tokens
		from := rapid.IntRange(0, len(s)-1).Draw(t, "from")
		answer = append(answer, s[from:from+rapid.IntRange(1, len(s)-from).Draw(t, "length")]...)
	}
	return Answer{Tokens: answer}, segments, statsForProperties
}

var statsForProperties = func() *Statistics {
	rows := make([]TokenCount, 64)
	for i := range rows {
		rows[i] = TokenCount{ID: TokenID(i), DF: uint32(1000 * (i + 1))}
	}
	return must(NewStatistics(1, 1<<20, rows))
}()

func TestAttributeAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, segments, stats := drawWorld(t)
		if rapid.Bool().Draw(t, "hide") {
			a.Hidden = make([]bool, len(a.Tokens))
			for i := range a.Hidden {
				a.Hidden[i] = rapid.IntRange(0, 5).Draw(t, "hidden") == 0
			}
		}
		got := must(Attribute(a, segments, stats))
		if want := attributeReference(a, segments, stats); !slices.Equal(got.Rows, want) {
			t.Fatalf("got %+v\nwant %+v", got.Rows, want)
		}
		if err := validateEntries(got.Entries, got.UnattributedPPM); err != nil {
			t.Fatal(err)
		}
	})
}

// credit returns what each segment earns, in bits, and the owned positions.
func credit(a Answer, att Attribution, stats *Statistics) (map[segmentKey]int64, []bool) {
	earned := map[segmentKey]int64{}
	owned := make([]bool, len(a.Tokens))
	for _, r := range att.Rows {
		for p := r.Position; p < r.Position+r.Length; p++ {
			earned[segmentKey{r.Rank, r.Segment}] += int64(stats.Surprisal(a.Tokens[p]))
			owned[p] = true
		}
	}
	return earned, owned
}

func TestTheftProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, segments, stats := drawWorld(t)
		before, _ := credit(a, must(Attribute(a, segments, stats)), stats)
		from := rapid.IntRange(0, len(a.Tokens)-1).Draw(t, "from")
		later := Segment{Rank: 100, Tokens: a.Tokens[from:]}
		if rapid.Bool().Draw(t, "extend") {
			later.Tokens = join(segments[0].Tokens, later.Tokens)
		}
		later.Tokens = later.Tokens[:min(len(later.Tokens), MaxSegmentTokens)]
		after, _ := credit(a, must(Attribute(a, append(slices.Clone(segments), later), stats)), stats)
		for key, bits := range before {
			if after[key] != bits {
				t.Fatalf("segment %v earned %d, now %d", key, bits, after[key])
			}
		}
	})
}

func TestCopyProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, segments, stats := drawWorld(t)
		before := must(Attribute(a, segments, stats))
		i := rapid.IntRange(0, len(segments)-1).Draw(t, "victim")
		copied := Segment{Rank: 100, Tokens: segments[i].Tokens}
		after := must(Attribute(a, append(slices.Clone(segments), copied), stats))
		if !slices.Equal(before.Rows, after.Rows) || !slices.Equal(before.Entries, after.Entries) {
			t.Fatalf("a copy changed %+v to %+v", before, after)
		}
	})
}

func TestSplitProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, segments, stats := drawWorld(t)
		before, _ := credit(a, must(Attribute(a, segments, stats)), stats)
		i := rapid.IntRange(0, len(segments)-1).Draw(t, "splitter")
		s := segments[i]
		cut := rapid.IntRange(1, len(s.Tokens)-1).Draw(t, "cut")
		var world []Segment
		for j, other := range segments { // indices are spread so that the second piece fits behind the first
			other.Index *= 2
			if j != i {
				world = append(world, other)
			}
		}
		world = append(world, Segment{Rank: s.Rank, Index: 2 * s.Index, Tokens: s.Tokens[:cut]},
			Segment{Rank: s.Rank, Index: 2*s.Index + 1, Tokens: s.Tokens[cut:]})
		after, _ := credit(a, must(Attribute(a, world, stats)), stats)
		pieces := after[segmentKey{s.Rank, 2 * s.Index}] + after[segmentKey{s.Rank, 2*s.Index + 1}]
		if whole := before[segmentKey{s.Rank, s.Index}]; pieces > whole {
			t.Fatalf("pieces earn %d, the whole %d", pieces, whole)
		}
	})
}

func TestOrderInvariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, segments, stats := drawWorld(t)
		before := must(Attribute(a, segments, stats))
		x := NewIndex(stats)
		shuffled := rapid.Permutation(segments).Draw(t, "order")
		for len(shuffled) > x.Len() {
			if err := x.Add(
				shuffled[x.Len() : x.Len()+rapid.IntRange(1, len(shuffled)-x.Len()).Draw(t, "together")]...); err != nil {
				t.Fatal(err)
			}
		}
		after := must(Attribute(a, shuffled, stats))
		if !slices.Equal(before.Rows, after.Rows) || !slices.Equal(before.Entries, after.Entries) {
			t.Fatalf("order changed %+v to %+v", before, after)
		}
		// The index is complete: it gives what the rule gives over all segments.
		if found := must(x.Attribute(a)); !slices.Equal(found.Rows, before.Rows) ||
			!slices.Equal(found.Entries, before.Entries) {
			t.Fatalf("index gives %+v instead of %+v", found, before)
		}
	})
}

func TestHideInvariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, segments, stats := drawWorld(t)
		before := must(Attribute(a, segments, stats))
		_, owned := credit(a, before, stats)
		hidden := Answer{Tokens: slices.Clone(a.Tokens), Hidden: make([]bool, len(a.Tokens))}
		for p := range owned {
			if hidden.Hidden[p] = !owned[p]; hidden.Hidden[p] {
				hidden.Tokens[p] = 0
			}
		}
		var owners []Segment
		for _, s := range segments {
			if slices.ContainsFunc(before.Rows, func(r Row) bool { return r.Rank == s.Rank && r.Segment == s.Index }) {
				owners = append(owners, s)
			}
		}
		for _, list := range [][]Segment{segments, owners} {
			after := must(Attribute(hidden, list, stats))
			if !slices.Equal(before.Rows, after.Rows) || !slices.Equal(before.Entries, after.Entries) ||
				before.UnattributedPPM != after.UnattributedPPM {
				t.Fatalf("hiding changed %+v to %+v", before, after)
			}
		}
	})
}

func TestAttributeByHand(t *testing.T) {
	stats := flat(t)
	noise := seq(900, 10)
	for _, c := range []struct {
		name    string
		answer  []TokenID
		segment []TokenID
		rows    []Row
	}{
		{"eight rare tokens are 96 bits", seq(0, 8), seq(0, 20), nil},
		{"nine are 108", seq(0, 9), seq(0, 20), []Row{{Length: 9, Score: 108 << 16}}},
		{"offset", join(noise, seq(3, 9)), seq(0, 20),
			[]Row{{Position: 10, Length: 9, Offset: 3, Score: 108 << 16, Seed: 10}}},
		{"substituted", join(seq(0, 5), noise[:1], seq(6, 5)), seq(0, 20),
			[]Row{{Length: 5, Score: 114 << 16}, {Position: 6, Length: 5, Offset: 6, Score: 114 << 16}}},
		{"inserted", join(seq(0, 6), noise[:1], seq(6, 5)), seq(0, 20),
			[]Row{{Length: 6, Score: 110 << 16}, {Position: 7, Length: 5, Offset: 6, Score: 110 << 16}}},
		{"deleted two", join(seq(0, 6), seq(8, 5)), seq(0, 20),
			[]Row{{Length: 6, Score: 104 << 16}, {Position: 6, Length: 5, Offset: 8, Score: 104 << 16}}},
		{"deleted three", join(seq(0, 8), seq(11, 8)), seq(0, 20), nil},
		{"six skipped", join(seq(0, 6), noise[:6], seq(12, 6)), seq(0, 20),
			[]Row{{Length: 6, Score: 108 << 16}, {Position: 12, Length: 6, Offset: 12, Score: 108 << 16}}},
		{"seven skipped", join(seq(0, 8), noise[:7], seq(15, 8)), seq(0, 23), nil},
		{"no seed of three tokens", join(seq(0, 2), noise[:1], seq(3, 2), noise[1:2], seq(6, 2), noise[2:3], seq(9, 2),
			noise[3:4], seq(12, 2), noise[4:5], seq(15, 2)), seq(0, 20), nil},
	} {
		att := must(Attribute(Answer{Tokens: c.answer}, []Segment{{Tokens: c.segment}}, stats))
		for i := range att.Rows {
			att.Rows[i].Bits = 0 // twelve for each position
		}
		if !slices.Equal(att.Rows, c.rows) {
			t.Errorf("%s: %+v", c.name, att.Rows)
		}
	}
}

func TestAttributeErrors(t *testing.T) {
	stats := flat(t)
	for name, c := range map[string]struct {
		a        Answer
		segments []Segment
		stats    *Statistics
		want     error
	}{
		"long answer":  {Answer{Tokens: make([]TokenID, MaxAnswerTokens+1)}, nil, stats, ErrOversize},
		"mask":         {Answer{Tokens: make([]TokenID, 2), Hidden: make([]bool, 1)}, nil, stats, ErrAnswer},
		"long segment": {Answer{}, []Segment{{Tokens: make([]TokenID, MaxSegmentTokens+1)}}, stats, ErrOversize},
		"twice":        {Answer{}, []Segment{{Rank: 1}, {Rank: 1}}, stats, ErrDuplicateSegment},
		"no table":     {Answer{}, nil, nil, ErrStatistics},
	} {
		if _, err := Attribute(c.a, c.segments, c.stats); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	att := must(Attribute(Answer{}, []Segment{{Tokens: seq(0, 9)}}, stats))
	if att.UnattributedPPM != TotalPPM || len(att.Rows)+len(att.Entries) != 0 {
		t.Errorf("empty answer: %+v", att)
	}
}

// Work and memory stay bounded on the densest input, and the score fits.
func TestAttributeWorstCase(t *testing.T) {
	a := Answer{Tokens: make([]TokenID, MaxAnswerTokens)}
	s := Segment{Tokens: make([]TokenID, MaxSegmentTokens)}
	for i := range a.Tokens {
		a.Tokens[i] = rare
	}
	for i := range s.Tokens {
		s.Tokens[i] = rare
	}
	att := must(Attribute(a, []Segment{s}, ProtocolStatistics()))
	if len(att.Entries) != 1 || att.UnattributedPPM != 0 || att.Rows[0].Score <= 0 {
		t.Errorf("%+v", att)
	}
}

func TestApportion(t *testing.T) {
	ppm := func(n ...uint64) []share {
		var out []share
		for i, bits := range n {
			out = append(out, share{rank: uint64(i), bits: bits})
		}
		return out
	}
	for _, c := range []struct {
		shares []share
		rest   uint64
		want   []Entry
		left   uint32
	}{
		{nil, 0, nil, TotalPPM},
		{nil, 5, nil, TotalPPM},
		{ppm(0), 0, nil, TotalPPM},
		{ppm(7), 0, []Entry{{Rank: 0, WeightPPM: TotalPPM}}, 0},
		{ppm(1, 1, 1), 0,
			[]Entry{{Rank: 0, WeightPPM: 333_334}, {Rank: 1, WeightPPM: 333_333}, {Rank: 2, WeightPPM: 333_333}}, 0},
		{ppm(1, 1), 1, []Entry{{Rank: 0, WeightPPM: 333_334}, {Rank: 1, WeightPPM: 333_333}}, 333_333},
		{ppm(1), 2, []Entry{{Rank: 0, WeightPPM: 333_333}}, 666_667},
		{append(ppm(1, 2), share{rank: 0, bits: 1}), 0,
			[]Entry{{Rank: 0, WeightPPM: 500_000}, {Rank: 1, WeightPPM: 500_000}}, 0},
		{ppm(1, 10_000_000), 0, []Entry{{Rank: 1, WeightPPM: TotalPPM}}, 0},
	} {
		got, left := apportion(slices.Clone(c.shares), c.rest)
		if !slices.Equal(got, c.want) || left != c.left {
			t.Errorf("%v and %d: %v and %d", c.shares, c.rest, got, left)
		}
	}
	var many []share
	for i := range 20 {
		many = append(many, share{rank: uint64(i), bits: 50})
	}
	got, left := apportion(many, 0)
	if len(got) != MaxEntries || got[15].Rank != 15 || left != 200_000 {
		t.Errorf("%v, %d", got, left)
	}
}

func TestApportionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var shares []share
		total, rest := uint64(0), rapid.Uint64Max(1<<32).Draw(t, "rest")
		for i := range rapid.IntRange(0, MaxEntries).Draw(t, "n") {
			s := share{rank: uint64(i), bits: rapid.OneOf(rapid.Uint64Max(9), rapid.Uint64Max(1<<32)).Draw(t, "bits")}
			shares, total = append(shares, s), total+s.bits
		}
		total += rest
		entries, left := apportion(slices.Clone(shares), rest)
		if err := validateEntries(entries, left); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if quota := shares[e.Rank].bits * TotalPPM / total; uint64(e.WeightPPM) < quota || uint64(e.WeightPPM) > quota+1 {
				t.Fatalf("%+v with quota %d", e, quota)
			}
		}
	})
}

func TestEvidenceRootBindsEveryField(t *testing.T) {
	row := Row{1, 2, 3, 4, 5, 6, 7, 8, false}
	roots := map[Hash]bool{evidenceRoot(nil, 1): true, evidenceRoot(nil, 2): true, evidenceRoot([]Row{row}, 1): true,
		evidenceRoot([]Row{row, row}, 1): true}
	for _, f := range []func(*Row){
		func(r *Row) { r.Position++ }, func(r *Row) { r.Length++ }, func(r *Row) { r.Rank++ }, func(r *Row) { r.Segment++ },
		func(r *Row) { r.Offset++ },
		func(r *Row) { r.Score++ }, func(r *Row) { r.Seed++ }, func(r *Row) { r.Bits++ }, func(r *Row) { r.Window = true },
	} {
		other := row
		f(&other)
		roots[evidenceRoot([]Row{other}, 1)] = true
	}
	if len(roots) != 13 {
		t.Errorf("%d distinct roots", len(roots))
	}
}

func TestIndex(t *testing.T) {
	x := NewIndex(flat(t))
	add := func(rank uint64, index uint32, tokens []TokenID) {
		t.Helper()
		if err := x.Add(Segment{Rank: rank, Index: index, Tokens: tokens}); err != nil {
			t.Fatal(err)
		}
	}
	add(5, 0, seq(0, 40))
	add(2, 0, seq(30, 40))
	add(9, 0, seq(500, 40))
	if got := x.Candidates(seq(30, 10)); !slices.Equal(got, []int{1, 0}) {
		t.Errorf("candidates %v", got)
	}
	if got := x.Candidates([]TokenID{0, 1, 2, 3}); len(got) != 0 {
		t.Errorf("16 bits find %v", got)
	}
	att := must(x.Attribute(Answer{Tokens: seq(30, 10)}))
	if len(att.Entries) != 1 || att.Entries[0].Rank != 2 {
		t.Errorf("%+v", att)
	}
	hidden := make([]bool, 10)
	hidden[2], hidden[5], hidden[8] = true, true, true
	if att := must(x.Attribute(Answer{Tokens: seq(30, 10), Hidden: hidden})); len(att.Rows) != 0 {
		t.Errorf("seeds through hidden positions: %+v", att)
	}
	if err := x.Add(Segment{Rank: 5}); !errors.Is(err, ErrDuplicateSegment) {
		t.Error(err)
	}
	if err := x.Add(Segment{Rank: 6, Tokens: make([]TokenID, 513)}); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
	if _, err := x.Attribute(Answer{Tokens: make([]TokenID, 4097)}); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
	if x.Len() != 3 || x.Segment(1).Rank != 2 || x.Segment(3).Tokens != nil || x.Segment(-1).Tokens != nil {
		t.Error("accessors")
	}
	none := NewIndex(nil)
	if _, err := none.Attribute(Answer{}); !errors.Is(err, ErrStatistics) ||
		!errors.Is(none.Add(Segment{}), ErrStatistics) || none.Candidates(nil) != nil {
		t.Error("index without a table")
	}
}

func TestIndexConcurrentReads(t *testing.T) {
	rng := rand.New(rand.NewSource(6))
	w := newWorld(t, rng, 10, 5, 60)
	answers := make([]Answer, 8)
	want := make([]Attribution, 8)
	for i := range answers {
		answers[i].Tokens = w.answer(rng, 80)
		want[i] = must(w.index.Attribute(answers[i]))
	}
	done := make(chan bool)
	for g := range 4 {
		go func() {
			for n := range 200 {
				i := (g + n) % len(answers)
				if got, err := w.index.Attribute(answers[i]); err != nil || !slices.Equal(got.Rows, want[i].Rows) {
					t.Errorf("answer %d: %+v, %v", i, got, err)
				}
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
}

// Ten tokens of exactly ten bits reach the threshold of 100.
func TestThresholdIsInclusive(t *testing.T) {
	rows := make([]TokenCount, 10)
	var tokens []TokenID
	for i := range rows {
		rows[i] = TokenCount{ID: TokenID(i), DF: 1<<10 - 1}
		tokens = append(tokens, TokenID(i))
	}
	stats := must(NewStatistics(1, 1<<20-1, rows))
	att := must(Attribute(Answer{Tokens: tokens}, []Segment{{Tokens: tokens}}, stats))
	if len(att.Rows) != 1 || att.Rows[0].Score != 100<<16 {
		t.Errorf("%+v", att)
	}
	if att := must(Attribute(Answer{Tokens: tokens[1:]}, []Segment{{Tokens: tokens}}, stats)); len(att.Rows) != 0 {
		t.Errorf("90 bits: %+v", att)
	}
}
