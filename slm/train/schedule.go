package train

import (
	"math"

	"github.com/openledger/openledger/slm/kernel"
)

// rate returns the learning rate of a step, counted from 0, of steps.
func (s *Settings) rate(step, steps int) float64 {
	warm := int(math.Ceil(float64(s.Warmup * float64(steps))))
	if step < warm {
		return float64(s.LearningRate*float64(step+1)) / float64(warm)
	}
	progress := 0.0 // from 0, to 1 at the last step
	if last := steps - 1 - warm; last > 0 {
		progress = float64(step-warm) / float64(last)
	}
	part := 1.0
	switch s.Schedule {
	case Linear:
		part = 1 - progress
	case Cosine:
		_, cos := kernel.SinCos64(float64(math.Pi * progress))
		part = float64(0.5 * (1 + cos))
	}
	return float64(s.LearningRate * (s.LeastRate + float64((1-s.LeastRate)*part)))
}
