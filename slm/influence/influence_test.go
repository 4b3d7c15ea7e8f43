package influence

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/train"
)

// trained returns an adapter of a small model of random weights.
func trained(t testing.TB) (Adapter, int) {
	t.Helper()
	config := checkpointtest.Config(checkpoint.Llama)
	opened, err := checkpoint.New(config, checkpointtest.Tensors(t, config, checkpoint.F32, 3))
	require.NoError(t, err)
	base, err := model.New(opened, nil)
	require.NoError(t, err)
	a, err := Open(base, adaptertest.Random(t, config, 3, 1.5, 7))
	require.NoError(t, err)
	return a, config.VocabSize
}

// texts returns n texts of three groups in turn.
func texts(n, vocabulary int) []Text {
	state := uint64(5)
	draw := func(below int) int {
		state++
		return int(mix(state*0x9e3779b97f4a7c15) % uint64(below))
	}
	out := make([]Text, n)
	for i := range out {
		out[i].Group = i % 3
		for range 4 + draw(20) {
			out[i].Example.Tokens = append(out[i].Example.Tokens, draw(vocabulary))
		}
	}
	return out
}

func compute(t testing.TB, a Adapter, all []Text, groups, threads int) []Row {
	t.Helper()
	rows, err := Compute(context.Background(), a, all, slices.Repeat([]uint32{1000}, groups), Options{Threads: threads})
	require.NoError(t, err)
	return rows
}

func hashOf(rows []Row, queries ...Query) string {
	h := sha256.New()
	for i := range rows {
		h.Write(binary.BigEndian.AppendUint32(nil, rows[i].SharePPM))
		_ = binary.Write(h, binary.BigEndian, rows[i].Sketch)
	}
	for _, q := range queries {
		_ = binary.Write(h, binary.BigEndian, q)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// TestGolden: sketches, table and queries have the same bits on every machine.
func TestGolden(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(9, vocabulary)
	all[4].Passed = []Part{{Group: 2, PPM: 300_000}, {Group: 0, PPM: 1}}
	rows := compute(t, a, all, 3, 2)
	query, err := OfExample(context.Background(), a, train.Example{Tokens: all[1].Example.Tokens, From: 2})
	require.NoError(t, err)
	const want = "80fa34ae6a2aa4b2"
	require.Equal(t, want, hashOf(rows, query))
}

func TestThreadsDoNotMatter(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(12, vocabulary)
	want := hashOf(compute(t, a, all, 3, 1))
	for _, threads := range []int{2, 3, 8} {
		require.Equal(t, want, hashOf(compute(t, a, all, 3, threads)))
	}
}

// A text has the highest score for itself, shares are of one million, and texts of a group are a sum.
func TestScores(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(9, vocabulary)
	for i := range all {
		all[i].Group = i
	}
	rows := compute(t, a, all, 9, 2)
	sum := uint32(0)
	for i := range rows {
		sum += rows[i].SharePPM
		query, err := OfExample(context.Background(), a, all[i].Example)
		require.NoError(t, err)
		best, bits := 0, 0.0
		for j := range rows {
			if query.Score(&rows[j].Sketch, 1000, 9) > query.Score(&rows[best].Sketch, 1000, 9) {
				best = j
			}
			bits += float64(query.Score(&rows[j].Sketch, 1000, 9)) / 65536
		}
		require.Equal(t, i, best)
		learned := float64(all[i].Example.Learned())
		require.Greater(t, bits, learned/5)
		require.Less(t, bits, learned*5)
	}
	require.LessOrEqual(t, sum, uint32(totalPPM))
	require.Greater(t, sum, uint32(totalPPM-len(rows)))

	together := slices.Clone(all)
	for i := range together {
		together[i].Group = i / 3
	}
	groups := compute(t, a, together, 3, 2)
	// Factors differ, so directions are compared.
	for g := range groups {
		parts := make(vector, Size)
		whole := opened(&groups[g].Sketch)
		for i := 3 * g; i < 3*g+3; i++ {
			parts.addScaled(opened(&rows[i].Sketch), 1)
		}
		require.Greater(t, parts.dot(whole)/math.Sqrt(parts.dot(parts)*whole.dot(whole)), 0.97)
	}
}

// opened returns the vector that a sketch stands for.
func opened(s *Sketch) vector {
	v := make(vector, Size)
	for i := range v {
		element := float64(int8(s.Packed[i/2]>>(4*(i%2))<<4) >> 4)
		v[i] = math.Ldexp(element, -int(s.Exponent))
	}
	return v
}

// What a copy derives from another text goes to the group of that text. The copy's group keeps the rest.
func TestCopiesPassOn(t *testing.T) {
	a, vocabulary := trained(t)
	all := texts(6, vocabulary)
	for i := range all {
		all[i].Group = i
	}
	all = append(all, Text{Example: all[0].Example, Group: 6, Passed: []Part{{Group: 0, PPM: totalPPM}}})
	rows := compute(t, a, all, 7, 2)
	require.Zero(t, rows[6].SharePPM)
	require.Equal(t, Sketch{}, rows[6].Sketch)
	require.NotZero(t, rows[0].SharePPM)
}

func TestComputeRefuses(t *testing.T) {
	a, vocabulary := trained(t)
	ctx := context.Background()
	one := Text{Example: train.Example{Tokens: []int{1, 2, 3}}}
	for _, c := range []struct {
		texts  []Text
		groups int
		want   string
	}{
		{nil, 1, "no text"}, {[]Text{one}, 0, "0 contributions"}, {[]Text{one}, MaxGroups + 1, "contributions"},
		{[]Text{{Example: one.Example, Group: 1}}, 1, "group 1"}, {[]Text{{Example: one.Example, Group: -1}}, 1, "group -1"},
		{[]Text{{Example: one.Example, Passed: []Part{{1, 1}}}}, 1, "derives from group 1"},
		{[]Text{{Example: one.Example, Passed: []Part{{0, 600_000}, {0, 600_000}}}}, 1, "1200000"},
		{[]Text{{Example: train.Example{Tokens: []int{vocabulary}}}}, 1, "vocabulary"},
		{[]Text{{Example: train.Example{Tokens: []int{1}}}}, 1, "no text has a gradient"},
	} {
		_, err := Compute(ctx, a, c.texts, make([]uint32, c.groups), Options{})
		require.ErrorContains(t, err, c.want)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := Compute(ended, a, []Text{one}, []uint32{1}, Options{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = OfExample(ended, a, one.Example)
	require.ErrorIs(t, err, context.Canceled)
}

// TestSolve compares the solution with the system.
func TestSolve(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	vectors := randomVectors(random, 40, Size)
	k := newGram(nil, vectors)
	require.Len(t, k, 40)
	require.NoError(t, k.damp(0.1))
	system := func(i, j int) float64 { // before the matrix is factored
		product := vectors[i].dot(vectors[j])
		if i == j {
			sum := 0.0
			for s := range vectors {
				sum += vectors[s].dot(vectors[s])
			}
			product += 0.1 * sum / 40
		}
		return product
	}
	require.NoError(t, k.factor(nil))
	want := make([]float64, 40)
	for i := range want {
		want[i] = random.NormFloat64()
	}
	solution := slices.Clone(want)
	k.solve(solution)
	for i := range want {
		sum := 0.0
		for j, x := range solution {
			sum += system(i, j) * x
		}
		require.InDelta(t, want[i], sum, 1e-6)
	}
	pool := kernel.NewPool(3)
	defer pool.Close()
	other := newGram(pool, vectors)
	require.NoError(t, other.damp(0.1))
	require.NoError(t, other.factor(pool))
	require.Equal(t, k, other)
}

func randomVectors(random *rand.Rand, n, width int) []vector {
	vectors := make([]vector, n)
	for i := range vectors {
		vectors[i] = make(vector, width)
		for j := range vectors[i] {
			vectors[i][j] = random.NormFloat64()
		}
	}
	return vectors
}

// TestManyTexts: whichever of both matrices is solved, the sums are the same.
func TestManyTexts(t *testing.T) {
	const width = 16
	pool := kernel.NewPool(2)
	defer pool.Close()
	for _, n := range []int{5, width, width + 1, 50} {
		vectors, all := randomVectors(rand.New(rand.NewSource(4)), n, width), make([]Text, n)
		for i := range all {
			all[i].Group = i % 2
		}
		all[1].Passed = []Part{{Group: 0, PPM: 250_000}}
		groups, err := sums(vectors, all, 2, pool)
		require.NoError(t, err)
		trace := 0.0
		for _, v := range vectors {
			trace += v.dot(v)
		}
		for g := range groups {
			// (Σ v·vᵀ + λI)·h is the sum of the group's vectors.
			got := make(vector, width)
			got.addScaled(groups[g], Lambda*trace/float64(min(n, width)))
			for _, v := range vectors {
				got.addScaled(v, v.dot(groups[g]))
			}
			for i, v := range vectors {
				part := float64((i + g + 1) % 2)
				if i == 1 {
					part = []float64{0.25, 0.75}[g]
				}
				got.addScaled(v, -part)
			}
			require.InDelta(t, 0, math.Sqrt(got.dot(got)), 1e-9)
		}
	}
}

// TestProjectionKeepsProducts: products of projected gradients are products of gradients, times the number of blocks,
// with an error of about 1/sqrt(Size).
func TestProjectionKeepsProducts(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	const n = 40_000
	one, other := make([]float32, n), make([]float32, n)
	for i := range one {
		one[i] = float32(random.NormFloat64())
		other[i] = one[i]/2 + float32(random.NormFloat64())
	}
	sketch := func(values []float32) vector {
		v := make(vector, Size)
		v.project(train.Gradient{Name: "x.lora_A.weight", Shape: []int{8, n / 8}, Values: values})
		return v
	}
	a, b, want := sketch(one), sketch(other), 0.0
	for i := range one {
		want += float64(one[i]) * float64(other[i])
	}
	size := blocks * math.Sqrt(n) * math.Sqrt(n*1.25)
	require.InDelta(t, blocks*want, a.dot(b), 4*size/math.Sqrt(Size))
	require.InDelta(t, blocks*n, a.dot(a), 4*blocks*n/math.Sqrt(Size))
}

// TestProjectionOfParts: a number goes to the same sums whatever the rank of its adapter.
func TestProjectionOfParts(t *testing.T) {
	for _, name := range []string{"x.lora_A.weight", "x.lora_B.weight"} {
		small, large := []int{1, 3}, []int{2, 3}
		values, wide := []float32{1, 2, 3}, []float32{1, 2, 3, 0, 0, 0}
		if name == "x.lora_B.weight" {
			small, large, wide = []int{3, 1}, []int{3, 2}, []float32{1, 0, 2, 0, 3, 0}
		}
		v, w := make(vector, Size), make(vector, Size)
		v.project(train.Gradient{Name: name, Shape: small, Values: values})
		w.project(train.Gradient{Name: name, Shape: large, Values: wide})
		require.Equal(t, v, w)
	}
}

// TestScoreIsBounded: scores are never above the bound, whatever the query, and scores of whole numbers are exact.
func TestScoreIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Query{Sketch{Exponent: rapid.Int8().Draw(t, "exponent")}}
		sketch := Sketch{Exponent: rapid.Int8().Draw(t, "exponent of the sketch")}
		for i := range rapid.SampledFrom([]int{4, Size / 2}).Draw(t, "bytes") {
			at := i * 100 % (Size / 2)
			q.Packed[at], sketch.Packed[at] = rapid.Byte().Draw(t, "q"), rapid.Byte().Draw(t, "h")
		}
		// Whole numbers below 2^42, so that floating point is exact.
		one, other := opened(&Sketch{Packed: q.Packed}), opened(&Sketch{Packed: sketch.Packed})
		groups := rapid.IntRange(1, MaxGroups).Draw(t, "groups")
		digits := float64(len(strconv.FormatInt(int64((groups+15)/16), 2)))
		noise := math.Floor(math.Sqrt(math.Floor(2 * digits * one.dot(one) * other.dot(other) / Size)))
		score := math.Max(0, one.dot(other)-noise)
		tokens := rapid.Uint32().Draw(t, "tokens")
		want := math.Floor(math.Ldexp(score, 16-int(q.Exponent)-int(sketch.Exponent)))
		want = math.Min(want, float64(tokens)*Kappa*65536)
		require.Equal(t, want, float64(q.Score(&sketch, tokens, groups)))
	})
}

// TestRounding: a sketch is near to its vector, whatever its size, and also where few numbers are much larger than the
// others.
func TestRounding(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	for _, size := range []float64{1e-30, 1e-9, 1, 1e12} {
		for _, largest := range []float64{1, 20, 1000} {
			v := randomVectors(random, 1, Size)[0]
			for i := range v {
				v[i] *= size
			}
			v[7] = size * largest
			s := newSketch(v)
			rest := opened(&s)
			rest.addScaled(v, -1)
			bound := 0.04
			if largest > 1 {
				bound = 0.1
			}
			require.Less(t, rest.dot(rest)/v.dot(v), bound)
		}
	}
	one := make(vector, Size)
	require.Equal(t, Sketch{}, newSketch(one))
	require.Equal(t, Query{}, newQuery(one, 5))
	one[5] = 1e-60
	require.Equal(t, Sketch{Exponent: finest}, newSketch(one))
	one[3], one[4], one[5] = -3, 1.5, 0
	s := newSketch(one)
	require.Equal(t, one, opened(&s))
	for _, tokens := range []int{1, 100, 4000} {
		q := newQuery(one, tokens)
		length := math.Sqrt(opened(&q.Sketch).dot(opened(&q.Sketch)))
		require.InEpsilon(t, float64(tokens), length, 0.1)
	}
}
