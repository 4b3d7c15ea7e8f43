package measure

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestTV(t *testing.T) {
	for _, c := range []struct {
		name        string
		truth, paid Weights
		want        float64
	}{
		{"equal up to scale", Weights{1: 5, 2: 3, 3: 2}, Weights{1: 50, 2: 30, 3: 20}, 0},
		{"disjoint", Weights{1: 1}, Weights{2: 7}, 1},
		{"a tenth moved", Weights{1: 5, 2: 5}, Weights{1: 4, 2: 6}, 0.1},
		{"a stranger takes a fifth", Weights{1: 1}, Weights{1: 4, 2: 1}, 0.2},
		{"nothing paid", Weights{1: 1}, Weights{}, 1},
		{"nothing owed or paid", nil, nil, 0},
	} {
		if got := TV(c.truth, c.paid); !near(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRecall(t *testing.T) {
	truth := Weights{1: 5, 2: 3, 3: 2}
	for _, c := range []struct {
		name string
		paid Weights
		want float64
	}{
		{"all", Weights{3: 1, 2: 1, 1: 1}, 1},
		{"one pushed out", Weights{1: 9, 2: 8, 7: 5, 3: 1}, 2. / 3},
		{"none", Weights{4: 1}, 0},
		{"zero pay does not count", Weights{1: 0, 2: 0, 3: 1}, 1. / 3},
		{"ties go to the lower number", Weights{1: 1, 2: 1, 0: 1, 3: 1}, 2. / 3},
	} {
		if got := Recall(truth, c.paid, 3); !near(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := Recall(Weights{1: 9, 2: 1}, Weights{1: 1, 5: 5, 2: 1}, 3); !near(got, 1) {
		t.Errorf("two true sources: %v", got)
	}
	if got := Recall(nil, Weights{1: 1}, 3); !math.IsNaN(got) {
		t.Errorf("nothing owed: %v", got)
	}
}

func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		name string
		x, y []float64
		want float64
	}{
		{"any increasing function", []float64{1, 2, 3, 4}, []float64{1, 10, 100, 1000}, 1},
		{"decreasing", []float64{1, 2, 3}, []float64{9, 4, 1}, -1},
		{"one swap of four", []float64{1, 2, 3, 4}, []float64{1, 2, 4, 3}, 0.8},
		{"ties share their rank", []float64{1, 1, 2}, []float64{5, 5, 6}, 1},
	} {
		if got := Spearman(c.x, c.y); !near(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := Spearman([]float64{1, 1}, []float64{1, 2}); !math.IsNaN(got) {
		t.Errorf("constant: %v", got)
	}
}

func TestMeanAndMedian(t *testing.T) {
	if got := Mean([]float64{1, math.NaN(), 3}); got != 2 {
		t.Errorf("mean %v", got)
	}
	if got := Median([]float64{9, 1, 5}); got != 5 {
		t.Errorf("median %v", got)
	}
	if got := Median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("even median %v", got)
	}
	if !math.IsNaN(Mean(nil)) || !math.IsNaN(Median(nil)) {
		t.Error("nothing has a mean")
	}
}

func TestReached(t *testing.T) {
	owed := Weights{1: 60, 2: 40}
	for _, c := range []struct {
		paid Weights
		want float64
	}{
		{Weights{1: 60, 2: 40}, 1}, {Weights{}, 0}, {Weights{3: 100}, 0}, {Weights{1: 30}, .3},
		{Weights{1: 500}, .6}, {Weights{1: 30, 2: 20, 3: 50}, .5}, // what is above what is owed makes up for nothing
	} {
		if got := Reached(owed, c.paid); got != c.want {
			t.Errorf("%v: %v, want %v", c.paid, got, c.want)
		}
	}
	if !math.IsNaN(Reached(Weights{}, owed)) {
		t.Error("where nothing is owed there is no part of it")
	}
}
