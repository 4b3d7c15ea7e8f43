package train

import (
	"fmt"
	"slices"

	"github.com/openledger/openledger/slm/checkpoint"
)

// Schedule is the course of the learning rate after the warm-up.
type Schedule string

const (
	Constant Schedule = "constant"
	Linear   Schedule = "linear" // down to the least rate at the last step, on a line
	Cosine   Schedule = "cosine" // down to the least rate at the last step, on half a cosine
)

// Settings are the settings of a training. LoRASettings and FullSettings return settings that can be used unchanged.
type Settings struct {
	// Rank of the adapter; 0 trains the whole model.
	Rank    int      `json:"rank"`
	Alpha   float64  `json:"alpha"`   // the adapter is scaled by Alpha/Rank
	Targets []string `json:"targets"` // projections that the adapter changes: any of checkpoint.Projections

	Epochs       int      `json:"epochs"`       // number of passes over all examples
	LearningRate float64  `json:"learningRate"` // the highest rate
	Schedule     Schedule `json:"schedule"`
	Warmup       float64  `json:"warmup"`    // part of all steps during which the rate rises linearly from 0
	LeastRate    float64  `json:"leastRate"` // the last rate of the schedule, as a part of LearningRate
	Beta1        float64  `json:"beta1"`
	Beta2        float64  `json:"beta2"`
	Epsilon      float64  `json:"epsilon"`
	WeightDecay  float64  `json:"weightDecay"`
	ClipNorm     float64  `json:"clipNorm"` // gradients with a larger norm are scaled down to it; 0 means no clipping

	ContextTokens int  `json:"contextTokens"` // longer texts are cut into pieces
	Packing       bool `json:"packing"`       // micro-batches are as many texts as fit into BatchTokens
	BatchTokens   int  `json:"batchTokens"`   // of a packed micro-batch, at least ContextTokens
	BatchTexts    int  `json:"batchTexts"`    // of a micro-batch that is not packed
	Accumulation  int  `json:"accumulation"`  // micro-batches of a step

	Seed      uint64  `json:"seed"`      // of the first weights, the order and the evaluation split
	EvalPart  float64 `json:"evalPart"`  // of the examples, which are evaluated and not learned from
	EvalEvery int     `json:"evalEvery"` // steps between evaluations; 0: only at the end

	// ActivationBytes is the largest memory of a micro-batch's activations. If they would take more, they are computed
	// again in the backward pass, which takes a third more time and changes nothing else.
	ActivationBytes int `json:"-"`
}

// LoRASettings returns settings for an adapter of rank 8 on all projections.
func LoRASettings() Settings {
	return Settings{
		Rank: 8, Alpha: 16, Targets: slices.Clone(checkpoint.Projections[:]), Epochs: 3, LearningRate: 2e-4, Schedule: Cosine,
		Warmup: 0.03, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, ClipNorm: 1, ContextTokens: 512, Packing: true,
		BatchTokens: 512, BatchTexts: 1, Accumulation: 4, ActivationBytes: 1 << 30,
	}
}

// FullSettings returns settings for training all weights of a small model.
func FullSettings() Settings {
	s := LoRASettings()
	s.Rank, s.Alpha, s.Targets = 0, 0, nil
	s.LearningRate, s.LeastRate, s.Beta2, s.WeightDecay = 1e-3, 0.1, 0.95, 0.1
	return s
}

// Validate returns an error that says what to change.
func (s *Settings) Validate() error {
	for _, n := range []struct {
		name               string
		value, least, most int
	}{
		{"rank", s.Rank, 0, 1 << 12}, {"epochs", s.Epochs, 1, 1 << 20}, {"contextTokens", s.ContextTokens, 1, 1 << 24},
		{"accumulation", s.Accumulation, 1, 1 << 16}, {"evalEvery", s.EvalEvery, 0, 1 << 30},
		{"activationBytes", s.ActivationBytes, 0, int(^uint(0) >> 1)},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("%s is %d; give %d to %d", n.name, n.value, n.least, n.most)
		}
	}
	for _, n := range []struct {
		name               string
		value, least, most float64
	}{
		{"learningRate", s.LearningRate, 1e-12, 10}, {"warmup", s.Warmup, 0, 1}, {"leastRate", s.LeastRate, 0, 1},
		{"beta1", s.Beta1, 0, 0.99999}, {"beta2", s.Beta2, 0, 0.9999999}, {"epsilon", s.Epsilon, 1e-30, 1},
		{"weightDecay", s.WeightDecay, 0, 10}, {"clipNorm", s.ClipNorm, 0, 1e9}, {"evalPart", s.EvalPart, 0, 0.9},
	} {
		if !(n.value >= n.least && n.value <= n.most) {
			return fmt.Errorf("%s is %v; give %v to %v", n.name, n.value, n.least, n.most)
		}
	}
	switch {
	case !slices.Contains([]Schedule{Constant, Linear, Cosine}, s.Schedule):
		return fmt.Errorf("schedule is %q; give constant, linear or cosine", s.Schedule)
	case s.Packing && s.BatchTokens < s.ContextTokens:
		return fmt.Errorf("batchTokens is %d; give at least contextTokens, which is %d", s.BatchTokens, s.ContextTokens)
	case !s.Packing && (s.BatchTexts < 1 || s.BatchTexts > 1<<16):
		return fmt.Errorf("batchTexts is %d; give 1 to %d", s.BatchTexts, 1<<16)
	case s.Rank > 0 && !(s.Alpha > 0 && s.Alpha <= 1e6):
		return fmt.Errorf("alpha is %v; give a number above 0, such as twice the rank", s.Alpha)
	case s.Rank > 0 && len(s.Targets) == 0:
		return fmt.Errorf("targets is empty; give some of %v", checkpoint.Projections)
	}
	for i, target := range s.Targets {
		if !slices.Contains(checkpoint.Projections[:], target) {
			return fmt.Errorf("target %q is none of %v", target, checkpoint.Projections)
		}
		if slices.Contains(s.Targets[:i], target) {
			return fmt.Errorf("target %s is named twice", target)
		}
	}
	return nil
}
