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
		product := new(big.Int)
		draw := drawElements(t)
		for i := range rapid.IntRange(0, SketchSize).Draw(t, "length") {
			a, b := draw(), draw()
			q.Set(i, a)
			row.Sketch.Set(i, b)
			product.Add(product, big.NewInt(int64(a*b)))
		}
		if shift := 16 - int(row.Sketch.Exponent) - int(q.Exponent); shift > 0 {
			product.Lsh(product, uint(shift))
		} else {
			product.Rsh(product, uint(-shift))
		}
		most := new(big.Int).SetUint64(uint64(row.Tokens) * KappaBits << 16)
		if product.Cmp(most) > 0 {
			product = most
		}
		if product.Sign() < 0 {
			product.SetInt64(0)
		}
		if got := q.Score(&row); got != product.Uint64() {
			t.Fatalf("%d instead of %s", got, product)
		}
	})
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
