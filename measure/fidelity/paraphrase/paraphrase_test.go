package paraphrase

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
)

const text = "the server returns an error if the client sends a request that is too large for the buffer and the " +
	"connection is closed"

func TestRewriteIsDeterministic(t *testing.T) {
	w := strings.Fields(text)
	for _, level := range Levels {
		a := Rewrite(rand.New(rand.NewSource(7)), w, level)
		b := Rewrite(rand.New(rand.NewSource(7)), w, level)
		if !slices.Equal(a, b) {
			t.Errorf("%v: %q, then %q", level, a, b)
		}
		if strings.Join(w, " ") != text {
			t.Fatalf("%v changed its input", level)
		}
	}
}

// Each level keeps fewer of the words and of their neighbourhoods.
func TestLevelsGrow(t *testing.T) {
	w := strings.Fields(text)
	pairs := map[string]bool{}
	for i := 1; i < len(w); i++ {
		pairs[w[i-1]+" "+w[i]] = true
	}
	var kept []int
	for _, level := range []Level{None, Light, Heavy} {
		n := 0
		for seed := range int64(100) {
			out := Rewrite(rand.New(rand.NewSource(seed)), w, level)
			for i := 1; i < len(out); i++ {
				if pairs[out[i-1]+" "+out[i]] {
					n++
				}
			}
		}
		kept = append(kept, n)
	}
	if kept[0] != 100*(len(w)-1) || kept[1] >= kept[0]*3/4 || kept[2] >= kept[1]/4 {
		t.Errorf("pairs kept: %v", kept)
	}
}

func TestInflect(t *testing.T) {
	for _, c := range []struct{ word, ending, want string }{
		{"copy", "s", "copies"}, {"copy", "ed", "copied"}, {"delay", "s", "delays"}, {"match", "s", "matches"},
		{"store", "ing", "storing"},
		{"store", "ed", "stored"}, {"walk", "ed", "walked"}, {"walk", "", "walk"},
	} {
		if got := inflect(c.word, c.ending); got != c.want {
			t.Errorf("%s + %s: %s", c.word, c.ending, got)
		}
	}
	for _, c := range []struct{ word, base, ending string }{
		{"returns", "return", "s"}, {"created", "create", "ed"}, {"stopped", "stop", "ed"}, {"copies", "copy", "es"},
		{"value", "value", ""},
	} {
		if b, e, ok := base(c.word); !ok || b != c.base || e != c.ending {
			t.Errorf("%s: %s, %s, %v", c.word, b, e, ok)
		}
	}
	if got := reinflect("naïve", "s"); got != "naïve" {
		t.Error(got)
	}
}

func TestFuse(t *testing.T) {
	a, b := strings.Fields("a1 a2 a3 a4 a5 a6 a7 a8"), strings.Fields("b1 b2 b3 b4 b5 b6 b7 b8 b9")
	out := fuse(rand.New(rand.NewSource(1)), a, b)
	if len(out) != len(a)+len(b) || out[0] != "a1" {
		t.Errorf("%q", out)
	}
	for _, part := range [][]string{a, b} {
		at := 0
		for _, w := range out {
			if at < len(part) && w == part[at] {
				at++
			}
		}
		if at != len(part) {
			t.Errorf("%q lost its order in %q", part, out)
		}
	}
}

func TestSynonymTable(t *testing.T) {
	groups := 0
	for line := range strings.Lines(synonymGroups) {
		w := strings.Fields(line)
		if len(w) == 1 {
			t.Errorf("%q has no synonym", w[0])
		}
		if len(w) > 1 {
			groups++
		}
		for _, word := range w {
			if strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
				t.Errorf("%q is not one lowered word", word)
			}
		}
	}
	if groups < 240 {
		t.Errorf("%d groups", groups)
	}
}

func TestChanged(t *testing.T) {
	for _, c := range []struct {
		before, after string
		want          float64
	}{
		{"the server returns an error", "the server returns an error", 0},
		{"the server returns an error", "an error returns this server", 0}, // the order is not a word
		{"server returns error value", "server yields fault value", .5},
		{"server server error error", "server error", .5},
		{"server error", "", 1},
	} {
		if got := Changed(strings.Fields(c.before), strings.Fields(c.after)); got != c.want {
			t.Errorf("%q to %q: %v, want %v", c.before, c.after, got, c.want)
		}
	}
}
