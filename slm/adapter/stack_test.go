package adapter_test

import (
	"math"
	"testing"

	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/adapter/adaptertest"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/checkpoint/checkpointtest"
)

// changes returns what an adapter adds to each weight.
func changes(t *testing.T, config checkpoint.Config, a *adapter.Adapter) map[string][]float64 {
	t.Helper()
	targets, err := a.For(config)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]float64{}
	for _, target := range targets {
		first, _ := target.A.Values()
		second, _ := target.B.Values()
		out, in := target.B.Shape[0], target.A.Shape[1]
		sums := make([]float64, out*in)
		for i := range sums {
			for r := range a.Rank {
				sums[i] += float64(a.Scale) * float64(second[i/in*a.Rank+r]) * float64(first[r*in+i%in])
			}
		}
		all[checkpoint.ProjectionName(target.Layer, target.Projection)] = sums
	}
	return all
}

// A stack makes the same changes as its parts together, for every order of rows in their files and the base.
func TestStack(t *testing.T) {
	for _, interleaved := range []bool{false, true} {
		config := checkpointtest.Config(checkpoint.Llama)
		parts := []*adapter.Adapter{
			adaptertest.Random(t, config, 3, 2, 1), adaptertest.Random(t, config, 2, 0.5, 2, "q_proj", "down_proj"),
			adaptertest.Random(t, config, 1, 1.25, 3, "k_proj"),
		}
		config.RopeInterleaved = interleaved
		stacked, err := adapter.Stack(config, parts...)
		if err != nil {
			t.Fatal(err)
		}
		if stacked.Rank != 6 || stacked.Scale != 1 || stacked.Interleaved != interleaved {
			t.Fatalf("rank %d, scale %v, interleaved %v", stacked.Rank, stacked.Scale, stacked.Interleaved)
		}
		size, err := adapter.StackBytes(config, parts...)
		if err != nil {
			t.Fatal(err)
		}
		made := 0
		for _, target := range stacked.Targets {
			made += len(target.A.Data) + len(target.B.Data)
		}
		if size != int64(made) {
			t.Fatalf("%d bytes were foreseen, and %d made", size, made)
		}
		got, want := changes(t, config, stacked), map[string][]float64{}
		for _, part := range parts {
			for name, sums := range changes(t, config, part) {
				if want[name] == nil {
					want[name] = make([]float64, len(sums))
				}
				for i, v := range sums {
					want[name][i] += v
				}
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d projections, want %d", len(got), len(want))
		}
		for name := range want {
			for i := range want[name] {
				if math.Abs(got[name][i]-want[name][i]) > 1e-6 {
					t.Fatalf("%s[%d] is %v, want %v", name, i, got[name][i], want[name][i])
				}
			}
		}
	}
}

func TestStackRefuses(t *testing.T) {
	config := checkpointtest.Config(checkpoint.Llama)
	if _, err := adapter.Stack(config); err == nil {
		t.Error("nothing was stacked")
	}
	one := adaptertest.Random(t, config, 3, 2, 1)
	if got, err := adapter.Stack(config, one); err != nil || got != one {
		t.Errorf("%v, %v", got, err)
	}
	var many []*adapter.Adapter
	for range 1<<12/3 + 1 {
		many = append(many, one)
	}
	if _, err := adapter.Stack(config, many...); err == nil {
		t.Error("a rank above the highest was taken")
	}
	wide := config
	wide.HiddenSize *= 2
	if _, err := adapter.Stack(wide, one, one); err == nil {
		t.Error("adapters of another base were stacked")
	}
}
