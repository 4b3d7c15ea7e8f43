package kernel

// Rope turns pairs of a head's numbers by angles that grow with the position (rotary position embedding).
type Rope struct {
	frequencies []float32 // radians a position, for each pair
}

// NewRope returns the rotation of heads with dim numbers, dim even: pair i turns by theta^(-2i/dim) radians a position.
// scale, if it is not nil, changes these frequencies. Angles are those of float32 frequencies and positions, as models
// are trained with.
func NewRope(dim int, theta float64, scale func(pair int, frequency float64) float64) *Rope {
	r := &Rope{frequencies: make([]float32, dim/2)}
	for i := range r.frequencies {
		f := Exp64(float64(-2*float64(i)/float64(dim)) * Log64(theta))
		if scale != nil {
			f = scale(i, f)
		}
		r.frequencies[i] = float32(f)
	}
	return r
}

// Angles writes the cosines and sines of a position's angles, dim/2 each.
func (r *Rope) Angles(position int, cos, sin []float32) {
	for i, f := range r.frequencies {
		s, c := SinCos64(float64(float32(position) * f))
		cos[i], sin[i] = float32(c), float32(s)
	}
}

// Rotate turns a head's numbers by angles with these cosines and sines. Pairs are (i, i+dim/2), or (2i, 2i+1) if
// interleaved. With negated sines it turns back.
func Rotate(head, cos, sin []float32, interleaved bool) {
	half := len(head) / 2
	cos, sin = cos[:half], sin[:half]
	if interleaved {
		for i, c := range cos {
			a, b := head[2*i], head[2*i+1]
			head[2*i] = float32(a*c) - float32(b*sin[i])
			head[2*i+1] = float32(b*c) + float32(a*sin[i])
		}
		return
	}
	low, high := head[:half], head[half:2*half]
	for i, c := range cos {
		a, b := low[i], high[i]
		low[i] = float32(a*c) - float32(b*sin[i])
		high[i] = float32(b*c) + float32(a*sin[i])
	}
}
