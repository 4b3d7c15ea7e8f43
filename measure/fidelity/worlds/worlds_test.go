package worlds

import (
	"testing"

	"github.com/openledger/openledger/measure/fidelity/rules"
)

func TestWeights(t *testing.T) {
	_, weight, err := Statistics()
	if err != nil {
		t.Fatal(err)
	}
	for token, w := range weight {
		if want := int32(tokenBits[token%alphabet]) << 16; w != want {
			t.Errorf("token %d weighs %d, want %d", token, w, want)
		}
	}
}

// The rule of package poa must survive; a rule that is known to fall must be caught.
func TestSearch(t *testing.T) {
	stats, weight, err := Statistics()
	if err != nil {
		t.Fatal(err)
	}
	c := Search(300, 1, RealSize, weight, Span(stats), AgreesWithRule(stats, weight))
	if c.Violations() != 0 || c.Worlds != 300 {
		t.Errorf("%+v", c)
	}
	for _, r := range rules.Rejected {
		falls := r.Name != "earliest 5-gram" && r.Name != "exact run >= 60 bits, earliest"
		a := Search(300, 1, SmallSize, weight, Rejected(r, weight), nil)
		if falls != (a.Violations() > 0) {
			t.Errorf("%s: %+v", r.Name, a)
		}
		if b := Search(300, 1, SmallSize, weight, Rejected(r, weight), nil); a != b {
			t.Errorf("%s: %+v, then %+v", r.Name, a, b)
		}
	}
}

// Worlds in which nothing is ever paid would prove nothing.
func TestWorldsPay(t *testing.T) {
	stats, weight, err := Statistics()
	if err != nil {
		t.Fatal(err)
	}
	own := Span(stats)()
	c := Search(200, 3, RealSize, weight, Span(stats), func() func(World) bool {
		return func(w World) bool {
			for _, o := range own(w.Segments, w.Answer) {
				if o >= 0 {
					return true
				}
			}
			return false
		}
	})
	if paid := 200 - c.Disagree; paid < 100 {
		t.Errorf("only %d of 200 worlds pay anything", paid)
	}
}
