package kernel

import (
	"fmt"
	"testing"
)

// Benchmarks report GFLOPS: a multiplication and an addition are two operations.

func report(b *testing.B, operations int) {
	b.ReportMetric(float64(operations)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOPS")
}

func benchmarkWays(b *testing.B, run func(b *testing.B, p *Pool)) {
	b.Run("one-thread", func(b *testing.B) { run(b, nil) })
	b.Run("threads", func(b *testing.B) {
		pool := NewPool(0)
		defer pool.Close()
		run(b, pool)
	})
	b.Run("portable", func(b *testing.B) {
		defer ForcePortable()()
		run(b, nil)
	})
}

// BenchmarkLinear is a prompt of 256 tokens, and one token, through weights of the middle of SmolLM2-135M.
func BenchmarkLinear(b *testing.B) {
	const out, in = 1536, 576
	for _, rows := range []int{256, 4, 1} {
		for _, dtype := range dtypes {
			w := randomWeights(b, dtype, 1, out, in)
			x, y := MatrixOf(numbers(2, rows*in), rows, in), NewMatrix(rows, out)
			b.Run(fmt.Sprintf("rows=%d/%s", rows, dtype), func(b *testing.B) {
				benchmarkWays(b, func(b *testing.B, p *Pool) {
					for b.Loop() {
						Linear(p, y, x, w)
					}
					report(b, 2*rows*out*in)
				})
			})
		}
	}
}

// BenchmarkGradients is what a training step of 128 tokens does to the same weights.
func BenchmarkGradients(b *testing.B) {
	const rows, out, in = 128, 1536, 576
	w := randomWeights(b, BF16, 1, out, in)
	x, dy := MatrixOf(numbers(2, rows*in), rows, in), MatrixOf(numbers(3, rows*out), rows, out)
	dx, dw := NewMatrix(rows, in), NewMatrix(out, in)
	b.Run("input", func(b *testing.B) {
		benchmarkWays(b, func(b *testing.B, p *Pool) {
			for b.Loop() {
				LinearInput(p, dx, dy, w)
			}
			report(b, 2*rows*out*in)
		})
	})
	b.Run("weight", func(b *testing.B) {
		benchmarkWays(b, func(b *testing.B, p *Pool) {
			for b.Loop() {
				LinearWeight(p, dw, dy, x)
			}
			report(b, 2*rows*out*in)
		})
	})
}

// BenchmarkPlainLoop is what the others are compared with: three loops.
func BenchmarkPlainLoop(b *testing.B) {
	const rows, out, in = 16, 1536, 576
	x, w, y := numbers(1, rows*in), numbers(2, out*in), make([]float32, rows*out)
	for b.Loop() {
		for r := range rows {
			for o := range out {
				var sum float32
				for i := range in {
					sum += x[r*in+i] * w[o*in+i]
				}
				y[r*out+o] = sum
			}
		}
	}
	report(b, 2*rows*out*in)
}

func BenchmarkVectors(b *testing.B) {
	x, y, z := numbers(1, 1536), numbers(2, 1536), make([]float32, 1536)
	weight := numbers(3, 1536)
	for name, run := range map[string]func(){
		"softmax": func() { copy(z, x); Softmax(z) },
		"silu":    func() { SiLUMul(z, x, y) },
		"norm":    func() { RMSNorm(z, x, weight, 1e-5) },
	} {
		b.Run(name, func(b *testing.B) {
			benchmarkWays(b, func(b *testing.B, _ *Pool) {
				for b.Loop() {
					run()
				}
				b.ReportMetric(1536*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gnumbers/s")
			})
		})
	}
}
