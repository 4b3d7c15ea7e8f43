// Package measure holds the figures of merit: distances between what was true and what was paid.
package measure

import (
	"math"
	"slices"
)

// Weights maps a contribution to what it is owed or paid, in any unit.
type Weights map[int]float64

// Sum returns the total. It adds in the order of the keys, so that equal weights give equal sums.
func (w Weights) Sum() float64 {
	sum := 0.0
	for _, k := range w.Keys() {
		sum += w[k]
	}
	return sum
}

// Keys returns the contributions in increasing order.
func (w Weights) Keys() []int {
	keys := make([]int, 0, len(w))
	for k := range w {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TV returns the total variation between two weights after each is normalised to 1: half the sum of absolute
// differences, from 0 for equal to 1 for disjoint. If one of them is empty it is 1, if both are 0.
func TV(truth, paid Weights) float64 {
	t, p := truth.Sum(), paid.Sum()
	if t <= 0 || p <= 0 {
		if t <= 0 && p <= 0 {
			return 0
		}
		return 1
	}
	all := Weights{}
	for k := range truth {
		all[k] = 0
	}
	for k := range paid {
		all[k] = 0
	}
	sum := 0.0
	for _, k := range all.Keys() {
		sum += math.Abs(truth[k]/t - paid[k]/p)
	}
	return sum / 2
}

// Reached returns the part of what is owed that is paid to whom it is owed, both in the same unit. What is not paid to
// anybody is lost to its owner like what is paid to others; what is paid above what is owed makes up for nothing.
func Reached(truth, paid Weights) float64 {
	all := truth.Sum()
	if all <= 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, k := range truth.Keys() {
		sum += min(truth[k], paid[k])
	}
	return sum / all
}

// Top returns the n heaviest contributions with a positive weight, ties to the lower number.
func (w Weights) Top(n int) []int {
	keys := w.Keys()
	keys = slices.DeleteFunc(keys, func(k int) bool { return w[k] <= 0 })
	slices.SortStableFunc(keys, func(a, b int) int {
		switch {
		case w[a] > w[b]:
			return -1
		case w[a] < w[b]:
			return 1
		default:
			return 0
		}
	})
	return keys[:min(n, len(keys))]
}

// Recall returns the share of the n heaviest true contributions that are among the n best paid.
func Recall(truth, paid Weights, n int) float64 {
	want, got := truth.Top(n), paid.Top(n)
	if len(want) == 0 {
		return math.NaN()
	}
	found := 0
	for _, k := range want {
		if slices.Contains(got, k) {
			found++
		}
	}
	return float64(found) / float64(len(want))
}

// Mean returns the average of the values that are numbers, NaN if there is none.
func Mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// Median returns the middle value, NaN if there is none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Clone(values)
	slices.Sort(s)
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Spearman returns the rank correlation of two lists of the same length, ties with their mean rank; NaN if one list is
// constant.
func Spearman(x, y []float64) float64 { return pearson(ranks(x), ranks(y)) }

func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		default:
			return 0
		}
	})
	out := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			out[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return out
}

func pearson(x, y []float64) float64 {
	if len(x) != len(y) || len(x) < 2 {
		return math.NaN()
	}
	mx, my := Mean(x), Mean(y)
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return xy / math.Sqrt(xx*yy)
}
