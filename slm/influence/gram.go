package influence

import (
	"errors"
	"math"

	"github.com/openledger/openledger/slm/kernel"
)

// gram is the lower triangle of a symmetric matrix, row by row, with its diagonal.
type gram [Size][]float64

// newGram returns K = Σ v·vᵀ over the vectors, added up in their order.
func newGram(pool *kernel.Pool, vectors []vector) *gram {
	var k gram
	pool.Run(Size, func(i int) {
		row := make([]float64, i+1)
		for s := range vectors {
			x := vectors[s][i]
			for j, y := range vectors[s][:i+1] {
				row[j] += float64(x * y)
			}
		}
		k[i] = row
	})
	return &k
}

var errNoGradient = errors.New("no text has a gradient: the adapter learns nothing from them")

// damp adds to the diagonal a factor times the mean of those eigenvalues that can be other than 0. products is the
// number of products that the matrix is a sum of. It returns errNoGradient if the mean is 0 or not finite.
func (k *gram) damp(factor float64, products int) error {
	sum := 0.0
	for i := range k {
		sum += k[i][i]
	}
	damping := float64(factor * (sum / float64(min(products, Size))))
	if !(damping > 0) || damping > math.MaxFloat64 {
		return errNoGradient
	}
	for i := range k {
		k[i][i] += damping
	}
	return nil
}

// factor replaces the matrix by its lower Cholesky factor.
func (k *gram) factor(pool *kernel.Pool) error {
	for j := range Size {
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
		pool.Rows(Size-j-1, func(task int) {
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
func (k *gram) solve(v *vector) {
	for i := range Size {
		sum := v[i]
		for j, x := range k[i][:i] {
			sum -= float64(x * v[j])
		}
		v[i] = sum / k[i][i]
	}
	for i := Size - 1; i >= 0; i-- {
		sum := v[i] / k[i][i]
		v[i] = sum
		for j, x := range k[i][:i] {
			v[j] -= float64(x * sum)
		}
	}
}
