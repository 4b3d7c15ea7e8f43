// Command products prints how many GFLOPS gonum's float32 product x · wᵀ has on one core, for x [rows, in] and
// w [out, in]: products ROWS OUT IN.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

func main() {
	runtime.GOMAXPROCS(1)
	var shape [3]int
	for i := range shape {
		n, err := strconv.Atoi(os.Args[1+i])
		if err != nil {
			panic(err)
		}
		shape[i] = n
	}
	rows, out, in := shape[0], shape[1], shape[2]
	x, w, y := numbers(rows*in), numbers(out*in), make([]float32, rows*out)
	best := 0.0
	for range 3 {
		start := time.Now()
		gonum.Implementation{}.Sgemm(blas.NoTrans, blas.Trans, rows, out, in, 1, x, in, w, in, 0, y, out)
		best = max(best, 2*float64(rows)*float64(out)*float64(in)/time.Since(start).Seconds()/1e9)
	}
	fmt.Println(best)
}

// numbers returns n numbers from 0 to 1.
func numbers(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(i*7919%1009) / 1009
	}
	return out
}
