package poa

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math"
	"math/big"
	"math/rand"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// influences draws rows of n contributions of ranks 0, 1, … whose shares sum to nearly a million.
func influences(rng *rand.Rand, n int) []InfluenceRow {
	rows := make([]InfluenceRow, n)
	for i := range rows {
		rows[i].Rank, rows[i].Tokens = uint64(i), uint32(200+rng.Intn(2_000))
		rows[i].SharePPM = uint32(rng.Intn(2*TotalPPM/n) * 9 / 20)
		rows[i].Sketch.Exponent = 9
		for j := range SketchSize {
			rows[i].Sketch.Set(j, nibble(rng.NormFloat64()*3))
		}
	}
	return rows
}

// asked is a query that fits the sketch of one row, with noise.
func asked(rng *rand.Rand, row InfluenceRow) *LoraQuery {
	q := &LoraQuery{Sketch{Exponent: 0}}
	for j := range SketchSize {
		q.Set(j, nibble(float64(row.Sketch.At(j))/4+rng.NormFloat64()*2))
	}
	return q
}

// nibble rounds to an element of a sketch.
func nibble(x float64) int { return int(max(-8, min(7, math.Round(x)))) }

func trainingOf(rows []InfluenceRow) Training {
	return Training{SketchRoot: SketchRoot(rows), TableRoot: TableRoot(rows), Rows: uint32(len(rows)),
		Influence: sha256.Sum256(must(MarshalInfluence(rows)))}
}

func TestInfluenceFile(t *testing.T) {
	rows := influences(rand.New(rand.NewSource(1)), 20)
	rows[19].Rank, rows[19].Tokens, rows[0].Rank = Nobody-1, MaxInfluenceTokens, 0
	data := must(MarshalInfluence(rows))
	if got := must(UnmarshalInfluence(data)); !slices.Equal(got, rows) {
		t.Fatal("read other rows")
	}
	if got := must(OpenInfluence(data, trainingOf(rows))); !slices.Equal(got, rows) {
		t.Fatal("opened other rows")
	}
	for name, change := range map[string]func(*Training){
		"file": func(t *Training) { t.Influence[0] ^= 1 }, "rows": func(t *Training) { t.Rows++ },
		"sketches": func(t *Training) { t.SketchRoot[0] ^= 1 }, "table": func(t *Training) { t.TableRoot[0] ^= 1 },
	} {
		other := trainingOf(rows)
		change(&other)
		if _, err := OpenInfluence(data, other); !errors.Is(err, ErrInfluence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(r []InfluenceRow) []InfluenceRow{
		"none":        func([]InfluenceRow) []InfluenceRow { return nil },
		"twice":       func(r []InfluenceRow) []InfluenceRow { r[1].Rank = r[0].Rank; return r },
		"out of rank": func(r []InfluenceRow) []InfluenceRow { r[0], r[1] = r[1], r[0]; return r },
		"nobody":      func(r []InfluenceRow) []InfluenceRow { r[19].Rank = Nobody; return r },
		"tokens":      func(r []InfluenceRow) []InfluenceRow { r[3].Tokens = MaxInfluenceTokens + 1; return r },
		"shares":      func(r []InfluenceRow) []InfluenceRow { r[3].SharePPM = TotalPPM; return r },
		"too many":    func([]InfluenceRow) []InfluenceRow { return make([]InfluenceRow, MaxInfluenceRows+1) },
	} {
		if _, err := MarshalInfluence(change(slices.Clone(rows))); !errors.Is(err, ErrInfluence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "cut off": data[:len(data)-1], "more": append(slices.Clone(data), 0),
		"no rows": []byte(influenceMagic + "\x00"), "many rows and nothing else": []byte(influenceMagic + "\x80\x80\x04"),
		"long number": append([]byte(influenceMagic+"\x81\x00"), data[len(influenceMagic)+1:]...),
	} {
		if _, err := UnmarshalInfluence(bad); !errors.Is(err, ErrInfluence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := UnmarshalInfluence(make([]byte, MaxInfluenceBytes+1)); !errors.Is(err, ErrOversize) {
		t.Error(err)
	}
}

// TestInfluenceRoots: a sketch is in one root with its tokens, a share in the other.
func TestInfluenceRoots(t *testing.T) {
	rows := influences(rand.New(rand.NewSource(2)), 5)
	sketches, table := SketchRoot(rows), TableRoot(rows)
	for name, change := range map[string]func(r *InfluenceRow) (sketch, table bool){
		"rank":   func(r *InfluenceRow) (bool, bool) { r.Rank = 100; return true, true },
		"tokens": func(r *InfluenceRow) (bool, bool) { r.Tokens++; return true, false },
		"sketch": func(r *InfluenceRow) (bool, bool) { r.Sketch.Packed[SketchSize/2-1]++; return true, false },
		"share":  func(r *InfluenceRow) (bool, bool) { r.SharePPM++; return false, true },
	} {
		other := slices.Clone(rows)
		sketch, share := change(&other[4])
		if (SketchRoot(other) != sketches) != sketch || (TableRoot(other) != table) != share {
			t.Errorf("%s: another root changes", name)
		}
	}
	leaves := sketchLeaves(rows)
	if err := VerifyPath(sketches, rows[3].sketchLeaf(), 3, 5, must(MerklePath(leaves, 3))); err != nil {
		t.Error(err)
	}
}

// TestScore compares with big numbers, at every exponent.
func TestScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := LoraQuery{Sketch{Exponent: rapid.Int8().Draw(t, "exponent")}}
		row := InfluenceRow{
			Tokens: uint32(rapid.IntRange(0, MaxInfluenceTokens).Draw(t, "tokens")),
			Sketch: Sketch{Exponent: rapid.Int8().Draw(t, "exponent of the sketch")},
		}
		draw := drawElements(t)
		for i := range rapid.IntRange(0, SketchSize).Draw(t, "length") {
			q.Set(i, draw())
			row.Sketch.Set(i, draw())
		}
		n := rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(1, MaxInfluenceRows)).Draw(t, "contributions")
		if got, want := q.Score(&row, n), bigScore(&q, &row, n); got != want {
			t.Fatalf("%d instead of %d", got, want)
		}
	})
}

// bigScore is LoraQuery.Score, computed with big numbers and by no other code of this package.
func bigScore(q *LoraQuery, row *InfluenceRow, contributions int) uint64 {
	var product, asked, sketched int64
	for i := range SketchSize {
		a, b := int64(q.At(i)), int64(row.Sketch.At(i))
		product, asked, sketched = product+a*b, asked+a*a, sketched+b*b
	}
	digits := int64(0)
	for groups := (contributions + 15) / 16; groups > 0; groups /= 2 {
		digits++
	}
	noise := new(big.Int).Mul(big.NewInt(asked), big.NewInt(sketched))
	noise.Mul(noise, big.NewInt(2*digits)).Quo(noise, big.NewInt(SketchSize)).Sqrt(noise)
	score := new(big.Int).Sub(big.NewInt(product), noise)
	if score.Sign() <= 0 {
		return 0
	}
	if shift := 16 - int(row.Sketch.Exponent) - int(q.Exponent); shift > 0 {
		score.Lsh(score, uint(shift))
	} else {
		score.Rsh(score, uint(-shift))
	}
	if most := uint64(row.Tokens) * KappaBits << 16; !score.IsUint64() || score.Uint64() > most {
		return most
	}
	return score.Uint64()
}

// FuzzScore compares with big numbers: no elements of a query or of a sketch overflow anything.
func FuzzScore(f *testing.F) {
	f.Add([]byte{0x31, 0xf0, 0x52}, []byte{0x21, 0xe0, 0x53}, int8(0), int8(9), uint32(700), uint16(2))
	f.Add([]byte{0}, []byte{0x88}, int8(1), int8(0), uint32(1), uint16(0))
	f.Add([]byte{0x88}, []byte{0x88}, int8(-128), int8(-128), uint32(MaxInfluenceTokens), uint16(math.MaxUint16))
	f.Fuzz(func(t *testing.T, query, sketch []byte, one, other int8, tokens uint32, contributions uint16) {
		if len(query) == 0 || len(sketch) == 0 {
			return
		}
		q := LoraQuery{Sketch{Exponent: one}}
		row := InfluenceRow{Tokens: tokens % (MaxInfluenceTokens + 1), Sketch: Sketch{Exponent: other}}
		for i := range q.Packed {
			q.Packed[i], row.Sketch.Packed[i] = query[i%len(query)], sketch[i%len(sketch)]
		}
		n := int(contributions) + 1
		if got, want := q.Score(&row, n), bigScore(&q, &row, n); got != want {
			t.Fatalf("%d instead of %d", got, want)
		}
	})
}

// TestSquareRoot compares with big numbers, and at the ends of 64 bits.
func TestSquareRoot(t *testing.T) {
	check := func(x uint64) {
		t.Helper()
		if got, want := squareRoot(x), new(big.Int).Sqrt(new(big.Int).SetUint64(x)).Uint64(); got != want {
			t.Fatalf("the root of %d is %d, not %d", x, want, got)
		}
	}
	for root := range uint64(2_000) {
		for _, x := range []uint64{root, root * root, root*root - min(root, 1), root*root + 1} {
			check(x)
		}
	}
	for shift := range 64 {
		check(1<<shift - 1)
		check(1 << shift)
		check(math.MaxUint64 >> shift)
	}
	for root := uint64(math.MaxUint32); root > math.MaxUint32-100; root-- {
		check(root * root)
		check(root*root - 1)
	}
	rapid.Check(t, func(r *rapid.T) { check(rapid.Uint64().Draw(r, "x")) })
}

// TestScoreOfNothingAndOfMuch: a sketch or a query of zeros scores nothing, and the largest ones score the bound.
func TestScoreOfNothingAndOfMuch(t *testing.T) {
	var zero, least, most Sketch
	for i := range SketchSize {
		least.Set(i, -8)
		most.Set(i, 7)
	}
	for _, exponent := range []int8{math.MinInt8, -1, 0, 1, 20, math.MaxInt8} {
		for _, n := range []int{1, 16, 17, MaxInfluenceRows} {
			for _, x := range []Sketch{zero, least, most} {
				x.Exponent = exponent
				row := InfluenceRow{Tokens: MaxInfluenceTokens, Sketch: x}
				if got := (&LoraQuery{zero}).Score(&row, n); got != 0 {
					t.Errorf("%d for no query", got)
				}
				q := &LoraQuery{x}
				if got := q.Score(&InfluenceRow{Tokens: MaxInfluenceTokens}, n); got != 0 {
					t.Errorf("%d for an empty sketch", got)
				}
				if got, want := q.Score(&row, n), bigScore(q, &row, n); got != want {
					t.Errorf("%d instead of %d", got, want)
				}
				if got := q.Score(&row, n); exponent == math.MinInt8 && x.Packed != zero.Packed &&
					got != MaxInfluenceTokens<<16 {
					t.Errorf("%d of the largest sketch", got)
				}
			}
		}
	}
}

// drawElements draws elements: any, or always the same one or two, so that sums come to their ends.
func drawElements(t *rapid.T) func() int {
	rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
	elements := rapid.SampledFrom([][]int{
		{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7}, {-8}, {7}, {-8, 7}, {0, 1}, {-1},
	}).Draw(t, "elements")
	return func() int { return elements[rng.Intn(len(elements))] }
}

// TestElements: what is set is there, and nothing else changes.
func TestElements(t *testing.T) {
	var s Sketch
	want := make([]int, SketchSize)
	for i := range want {
		want[i] = i*7%16 - 8
		s.Set(i, 5)
		s.Set(i, want[i])
	}
	for i, x := range want {
		if got := s.At(i); got != x {
			t.Fatalf("element %d is %d instead of %d", i, got, x)
		}
	}
	text := must(s.MarshalText())
	var again Sketch
	if err := again.UnmarshalText(text); err != nil || again != s {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "!", string(text[4:])} {
		if err := again.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestLoraQuery(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	q := asked(rng, influences(rng, 1)[0])
	q.Exponent = -3
	data := must(q.MarshalBinary())
	if len(data) != SketchBytes || data[0] != 0xfd {
		t.Fatalf("%d bytes, exponent %x", len(data), data[0])
	}
	var again LoraQuery
	if err := again.UnmarshalBinary(data); err != nil || again != *q {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, data[1:], append(data, 0)} {
		if err := again.UnmarshalBinary(bad); !errors.Is(err, ErrInfluence) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	other := *q
	other.Packed[7]++
	if q.Hash() == other.Hash() || q.Hash() == (Hash{}) || (*LoraQuery)(nil).Hash() != (Hash{}) {
		t.Error("the hash does not tell queries apart")
	}
}

func FuzzUnmarshalInfluence(f *testing.F) {
	rows := influences(rand.New(rand.NewSource(4)), 3)
	f.Add(must(MarshalInfluence(rows)))
	rows[2].Rank = Nobody - 1
	f.Add(must(MarshalInfluence(rows)))
	f.Add([]byte(influenceMagic + "\x01"))
	f.Add(make([]byte, SketchBytes))
	f.Fuzz(func(t *testing.T, data []byte) {
		var q LoraQuery
		if q.UnmarshalBinary(data) == nil && !bytes.Equal(must(q.MarshalBinary()), data) {
			t.Fatal("query is not canonical")
		}
		rows, err := UnmarshalInfluence(data)
		if err != nil {
			return
		}
		if !bytes.Equal(must(MarshalInfluence(rows)), data) {
			t.Fatal("not canonical")
		}
	})
}
