package main

// joiner joins the syllables of a language that writes them apart, as Vietnamese does, into words.
type joiner struct {
	alone map[string]int
	pairs map[[2]string]int
}

const (
	leastPair   = 8    // times that two syllables stand together
	leastBelong = 0.02 // product of the shares of either's uses that have the other beside it
)

func newJoiner() *joiner { return &joiner{alone: map[string]int{}, pairs: map[[2]string]int{}} }

// learn counts the syllables of a text.
func (j *joiner) learn(syllables []word) {
	for i, s := range syllables {
		j.alone[s.text]++
		if i > 0 {
			j.pairs[[2]string{syllables[i-1].text, s.text}]++
		}
	}
}

// belong is how much two syllables belong together, or 0 if they do not.
func (j *joiner) belong(a, b string) float64 {
	n := float64(j.pairs[[2]string{a, b}])
	if share := n * n / (float64(j.alone[a]) * float64(j.alone[b])); n >= leastPair && share >= leastBelong && a != b {
		return share
	}
	return 0
}

// join joins two syllables that belong together more than either with its other neighbour.
func (j *joiner) join(syllables []word) []word {
	var out []word
	at := func(i int) float64 {
		if i < 0 || i+1 >= len(syllables) {
			return 0
		}
		return j.belong(syllables[i].text, syllables[i+1].text)
	}
	for i := 0; i < len(syllables); i++ {
		if here := at(i); here > 0 && here >= at(i+1) {
			text := syllables[i].text + " " + syllables[i+1].text
			out = append(out, word{text, runStem(text)})
			i++
			continue
		}
		out = append(out, syllables[i])
	}
	return out
}
