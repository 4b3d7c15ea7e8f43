//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/testutil/peers"
)

// The shape of the products that are compared: one that llama.cpp's own measure has.
const (
	productOut  = 4096
	productIn   = 14336
	productMany = 512
)

// TestProducts compares the speed of matrix products on one core with gonum and llama.cpp, in seconds of the wall, one
// after another: a table in the log, and nothing fails by it. A busy machine tells nothing.
func TestProducts(t *testing.T) {
	load, _ := os.ReadFile("/proc/loadavg")
	var table strings.Builder
	fmt.Fprintf(&table, "x [rows, %d] · w [%d, %d]ᵀ on one core, GFLOPS by the wall; load %s\n", productIn, productOut,
		productIn, strings.Fields(string(load))[0])
	table.WriteString("| weights | rows | slm | slm, portable Go | llama.cpp | gonum |\n|---|---:|---:|---:|---:|---:|\n")
	for _, rows := range []int{productMany, 1} {
		theirs := productsOfLlama(t, rows)
		for _, dtype := range []kernel.DType{kernel.F32, kernel.F16, kernel.BF16, kernel.Q8_0} {
			gonum := "–"
			if dtype == kernel.F32 {
				gonum = productsOfGonum(t, rows)
			}
			w := productWeights(t, dtype)
			mine := productsOfOurs(w, rows)
			portable := productsInGo(w, min(rows, 64)) // as fast a row as many
			fmt.Fprintf(&table, "| %s | %d | %.1f | %.1f | %.1f | %s |\n", dtype, rows, mine, portable,
				theirs[strings.ToLower(dtype.String())], gonum)
		}
	}
	t.Logf("%s", table.String())
}

// productWeights are weights of a type, all of some few values.
func productWeights(t *testing.T, dtype kernel.DType) *kernel.Weights {
	t.Helper()
	values := make([]float32, productOut*productIn)
	for i := range values {
		values[i] = float32(i*7919%1009)/1009 - 0.5
	}
	data, err := checkpoint.Encode(checkpoint.DType(dtype), values)
	if err != nil {
		t.Fatal(err)
	}
	w, err := kernel.NewWeights(dtype, productOut, productIn, data)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// gflops is the speed of the fastest of three products.
func gflops(rows int, product func()) float64 {
	best := 0.0
	for range 3 {
		times := max(1, 64/rows)
		start := time.Now()
		for range times {
			product()
		}
		best = max(best, 2*float64(times*rows)*productOut*productIn/time.Since(start).Seconds()/1e9)
	}
	return best
}

func productsInGo(w *kernel.Weights, rows int) float64 {
	defer kernel.ForcePortable()()
	return productsOfOurs(w, rows)
}

func productsOfOurs(w *kernel.Weights, rows int) float64 {
	x, y := kernel.NewMatrix(rows, productIn), kernel.NewMatrix(rows, productOut)
	for i := range x.Data {
		x.Data[i] = float32(i*31%1009)/1009 - 0.5
	}
	return gflops(rows, func() { kernel.Linear(nil, y, x, w) })
}

// llamaLine is what llama.cpp says of a product.
var llamaLine = regexp.MustCompile(`type_a=(\w+),type_b=f32,m=\d+,n=(\d+),k=\d+,.*?([0-9.]+) (GFLOPS|TFLOPS)`)

// productsOfLlama returns the speed by the type of the weights.
func productsOfLlama(t *testing.T, rows int) map[string]float64 {
	t.Helper()
	cmd := peers.Command(t, "usr/libexec/x86_64-linux-gnu/ggml/test-backend-ops", "perf", "-o", "MUL_MAT", "-b", "CPU", "-p",
		fmt.Sprintf("type_a=(f32|f16|bf16|q8_0),type_b=f32,m=%d,n=%d,k=%d,", productOut, rows, productIn))
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1", "GGML_BACKEND_PATH="+peers.Backend(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("test-backend-ops: %v\n%.2000s", err, out)
	}
	speeds := map[string]float64{}
	for _, found := range llamaLine.FindAllStringSubmatch(string(out), -1) {
		speed, _ := strconv.ParseFloat(found[3], 64)
		if found[4] == "TFLOPS" {
			speed *= 1000
		}
		if found[2] == strconv.Itoa(rows) {
			speeds[found[1]] = speed
		}
	}
	if len(speeds) == 0 {
		t.Fatalf("test-backend-ops says nothing of this shape:\n%.2000s", out)
	}
	return speeds
}

// productsOfGonum returns a cell of the table.
func productsOfGonum(t *testing.T, rows int) string {
	t.Helper()
	cmd := exec.Command("go", "run", ".", strconv.Itoa(rows), strconv.Itoa(productOut), strconv.Itoa(productIn))
	cmd.Dir = "testdata/gonum"
	out, err := cmd.Output()
	if err != nil {
		t.Logf("gonum cannot be had and is not compared: %v", err)
		return "–"
	}
	speed, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%.1f", speed)
}
