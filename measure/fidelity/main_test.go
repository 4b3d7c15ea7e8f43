package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// silence keeps the tables out of the test's output.
func silence(t *testing.T) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = null, null
	t.Cleanup(func() {
		os.Stdout, os.Stderr = out, errs
		null.Close()
	})
}

// english writes n words in which two of five are common.
func english(rng *rand.Rand, n int) string {
	stops := strings.Fields("the of and to in is that it for with as on be by this are from or an which")
	var words []string
	for range n {
		if rng.Intn(5) < 2 {
			words = append(words, stops[rng.Intn(len(stops))])
		} else {
			words = append(words, fmt.Sprintf("w%d", rng.Intn(3000)))
		}
	}
	return strings.Join(words, " ")
}

// statements writes text without stop words.
func statements(rng *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "x%d = y%d;\n", rng.Intn(3000), rng.Intn(3000))
	}
	return b.String()
}

func chinese(rng *rand.Rand, n int) string {
	characters := []rune("的一是不了在人有我他这个们中来上大为和地到以说时要就出会可也你对能而子那得于着下自之过后学习编程语言世界中国图书馆历史文化科技")
	var b strings.Builder
	for i := range n {
		b.WriteRune(characters[rng.Intn(len(characters))])
		if i%20 == 19 {
			b.WriteString("。")
		}
	}
	return b.String()
}

// Folders of every awkward kind must be measured or said to be too small.
func TestFolders(t *testing.T) {
	silence(t)
	meaningMethod = nil // like RAG, and measured by TestMeaningMethodIsMeasured
	defer func() { meaningMethod = newMeaning }()
	for _, c := range []struct {
		name      string
		documents int
		text      func(rng *rand.Rand) string
		measured  bool
	}{
		{"thirty documents", 30, func(rng *rand.Rand) string { return english(rng, 300) }, true},
		{"ten segments", 10, func(rng *rand.Rand) string { return english(rng, 120) }, true},
		{"chinese", 8, func(rng *rand.Rand) string { return chinese(rng, 600) }, true},
		{"one document", 1, func(rng *rand.Rand) string { return english(rng, 500) }, false},
		{"empty files", 5, func(*rand.Rand) string { return "" }, false},
		{"a few words each", 10, func(*rand.Rand) string { return "this is not a lot of text" }, false},
		{"code", 10, func(rng *rand.Rand) string { return statements(rng, 200) }, true},
		{"all the same", 10, func(*rand.Rand) string { return english(rand.New(rand.NewSource(9)), 300) }, false},
	} {
		dir := t.TempDir()
		rng := rand.New(rand.NewSource(1))
		for i := range c.documents {
			name := filepath.Join(dir, "contributor", fmt.Sprint(i))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(c.text(rng)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		o := options{corpus: dir, table: "auto", seed: 1, segments: 100, answers: 3}
		all, err := settings(o)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		r := newReport(o)
		b, err := r.measure(all[0])
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if measured := b != nil && !math.IsNaN(float64(r.Span.Recall0)); measured != c.measured {
			t.Errorf("%s: measured is %v, recall %v, notes %q", c.name, measured, r.Span.Recall0, all[0].notes)
		}
		if !c.measured && len(all[0].notes) == 0 {
			t.Errorf("%s: nothing says why", c.name)
		}
		if c.measured && (r.Span.Recall0 < 0.9 || r.Span.TV0 > 0.1 || r.Stolen.Copies16 != 0 || r.Stolen.Split8 > 0) {
			t.Errorf("%s: %+v, %+v", c.name, r.Span, r.Stolen)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		n    Number
		want string
	}{{missing, "null"}, {0.12345, "0.1235"}, {1, "1"}, {2_500_000.4, "2500000"}, {Number(math.Inf(1)), "null"},
		{Number(math.Copysign(0, -1)), "0"}} {
		got, err := json.Marshal(c.n)
		if err != nil || string(got) != c.want {
			t.Errorf("%v: %s, %v; want %s", float64(c.n), got, err, c.want)
		}
	}
}
