package methods

import (
	"testing"

	"github.com/openledger/openledger/poa"
)

// Pay goes to the owner, and through a copy to him too if derivations pass it on.
func TestPay(t *testing.T) {
	text := "Rye bread rises slowly because sourdough ferments for eighteen hours in a cool cellar before the baker " +
		"kneads it, and the oven is kept at two hundred degrees."
	r, err := New(
		[]Text{{Rank: 1, Text: []byte(
			"Molten glass is gathered on a pipe, blown into a bubble and cooled in an annealing kiln.")},
			{Rank: 2, Text: []byte(text)}}, poa.ProtocolStatistics())
	if err != nil {
		t.Fatal(err)
	}
	if r, err = r.With([]Text{{Rank: 3, Text: []byte(text + " It smells good.")}}); err != nil {
		t.Fatal(err)
	}
	a := Answer([]byte(text))
	for name, attribute := range map[string]func() (poa.Attribution, error){
		"SPAN":    func() (poa.Attribution, error) { return r.Span(a) },
		"RAG":     func() (poa.Attribution, error) { return r.RAG(a, []int{1}) },
		"MEANING": func() (poa.Attribution, error) { return r.Meaning(a, []int{1}) },
	} {
		att, err := attribute()
		if err != nil {
			t.Fatal(err)
		}
		if paid := r.Rows(att); paid[1] == 0 || paid[1] != paid.Sum() {
			t.Errorf("%s: %v", name, paid)
		}
	}
	passed := r.PassOn(map[int]float64{2: 8})
	if passed[1] < 4 || passed.Sum() != 8 {
		t.Errorf("%v", passed)
	}
	if got := r.Interpret([]int{0}); len(got[0].Concepts) == 0 || len(got[0].Stems) == 0 {
		t.Errorf("%+v", got[0])
	}
}
