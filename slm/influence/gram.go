package influence

import (
	"errors"
	"math"

	"github.com/openledger/openledger/slm/kernel"
)

// gram is the lower triangle of a symmetric matrix, row by row, with its diagonal.
type gram [][]float64

// newGram returns the matrix of the dot products of vectors with each other. If there are more vectors than they have
// elements, it returns Σ v·vᵀ, added up in their order. Both matrices have the same eigenvalues other than 0.
func newGram(pool *kernel.Pool, vectors []vector) gram {
	width := len(vectors[0])
	k := make(gram, min(len(vectors), width))
	pool.Rows(len(k), func(i int) {
		row := make([]float64, i+1)
		if len(vectors) <= width {
			for j := range row {
				row[j] = vectors[i].dot(vectors[j])
			}
		} else {
			for s := range vectors {
				x := vectors[s][i]
				for j, y := range vectors[s][:i+1] {
					row[j] += float64(x * y)
				}
			}
		}
		k[i] = row
	})
	return k
}

var errNoGradient = errors.New("no text has a gradient: the adapter learns nothing from them")

// damp adds to the diagonal a factor times its mean. It returns errNoGradient if the mean is 0 or not finite.
func (k gram) damp(factor float64) error {
	sum := 0.0
	for i := range k {
		sum += k[i][i]
	}
	damping := float64(factor * (sum / float64(len(k))))
	if !(damping > 0) || damping > math.MaxFloat64 {
		return errNoGradient
	}
	for i := range k {
		k[i][i] += damping
	}
	return nil
}

// factor replaces the matrix by its lower Cholesky factor.
func (k gram) factor(pool *kernel.Pool) error {
	for j := range k {
		pivot := k[j][j]
		for _, x := range k[j][:j] {
			pivot -= float64(x * x)
		}
		if !(pivot > 0) {
			return errNoGradient
		}
		pivot = math.Sqrt(pivot)
		k[j][j] = pivot
		own := k[j][:j]
		pool.Rows(len(k)-j-1, func(task int) {
			row := k[j+1+task]
			sum := row[j]
			for c, x := range own {
				sum -= float64(x * row[c])
			}
			row[j] = sum / pivot
		})
	}
	return nil
}

// solve replaces v by the solution x of K·x = v, where the matrix is factored.
func (k gram) solve(v []float64) {
	for i, row := range k {
		sum := v[i]
		for j, x := range row[:i] {
			sum -= float64(x * v[j])
		}
		v[i] = sum / row[i]
	}
	for i := len(k) - 1; i >= 0; i-- {
		sum := v[i] / k[i][i]
		v[i] = sum
		for j, x := range k[i][:i] {
			v[j] -= float64(x * sum)
		}
	}
}
