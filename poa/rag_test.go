package poa

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStems(t *testing.T) {
	for word, want := range map[string]string{
		"studies": "study", "glasses": "glas", "matches": "match", "boxes": "box", "cats": "cat", "status": "status",
		"analysis": "analysis",
		"trained":  "train", "training": "train", "trains": "train", "quickly": "quick", "information": "inform",
		"informs":  "inform",
		"movement": "move", "kindness": "kind", "café": "café", "x1s": "x1s", "s": "s",
	} {
		if got := string(stemOf([]byte(word))); got != want {
			t.Errorf("%s: %s instead of %s", word, got, want)
		}
	}
	stems := Stems([]byte("The trains of the Training"))
	if len(stems) != 5 || stems[0] != 0 || stems[2] != 0 || stems[1] == 0 || stems[1] != stems[4] {
		t.Errorf("%v", stems)
	}
	s := NewSegment(3, 4, []byte("The trains of the Training"))
	if s.Rank != 3 || s.Index != 4 || !slices.Equal(s.Stems, stems) ||
		!slices.Equal(s.Tokens, TokenIDs([]byte("the TRAINS of the training"))) {
		t.Errorf("%+v", s)
	}
}

// windowReference is the rule as it is written down: the best (score, place) of each segment for a position.
func windowReference(a Answer, s Segment, position int, stats *Statistics) (best int64, off int) {
	type word struct {
		stem  TokenID
		place int
	}
	var content []word
	for q, stem := range s.Stems {
		if stem != 0 {
			content = append(content, word{stem, q})
		}
	}
	for j, here := range content {
		if a.stem(position) == 0 || here.stem != a.stem(position) {
			continue
		}
		score := int64(0)
		for k := max(0, position-WindowTokens); k <= min(len(a.Tokens)-1, position+WindowTokens); k++ {
			if a.stem(k) == 0 {
				continue
			}
			for i := max(0, j-WindowWords); i <= min(len(content)-1, j+WindowWords); i++ {
				if content[i].stem == a.stem(k) {
					score += int64(stats.IDF(a.Tokens[k]))
					break
				}
			}
		}
		if score >= WindowBits<<16 && score > best {
			best, off = score, here.place
		}
	}
	return best, off
}

func TestWindowsAgreeWithReference(t *testing.T) {
	stats := ProtocolStatistics()
	vocabulary := strings.Fields(
		"skin cream rash doctors doctor the of and to patient patients treat treated treating ointment zinc moist itch " +
			"burning burn light dark with by")
	rapid.Check(t, func(t *rapid.T) {
		text := func(n int) []byte {
			return []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, n).Draw(t, "text"), " "))
		}
		var segments []Segment
		for r := range rapid.IntRange(1, 4).Draw(t, "segments") {
			segments = append(segments, NewSegment(uint64(r), 0, text(60)))
		}
		answer := NewSegment(0, 0, text(50))
		a := Answer{Tokens: answer.Tokens, Stems: answer.Stems}
		spans := must(Attribute(a, segments, stats))
		att := must(AttributeRAG(a, segments, segments, stats))
		if err := validateEntries(att.Entries, att.UnattributedPPM); err != nil {
			t.Fatal(err)
		}
		owner := make([]*Row, len(a.Tokens))
		for i := range att.Rows {
			for p := att.Rows[i].Position; uint64(p) < att.Rows[i].end(); p++ {
				owner[p] = &att.Rows[i]
			}
		}
		_, paid := credit(a, spans, stats)
		for p := range a.Tokens {
			if paid[p] {
				if owner[p] == nil || owner[p].Window {
					t.Fatalf("position %d is lost to windows", p)
				}
				continue
			}
			var want *Row
			for _, s := range segments {
				if score, off := windowReference(a, s, p, stats); score > 0 && (want == nil || int32(score) > want.Score) {
					want = &Row{Rank: s.Rank, Offset: uint32(off), Score: int32(score)}
				}
			}
			switch got := owner[p]; {
			case (want == nil) != (got == nil):
				t.Fatalf("position %d: %+v instead of %+v", p, got, want)
			case got != nil && (!got.Window || got.Rank != want.Rank || got.Offset+uint32(p)-got.Position != want.Offset ||
				got.Score < want.Score):
				t.Fatalf("position %d: %+v instead of %+v", p, got, want)
			}
		}
	})
}

// Paraphrases that share no eight words with their source are found by windows and by nothing else.
func TestWindowsFindParaphrases(t *testing.T) {
	source := "Contact dermatitis improves when the patient avoids nickel, applies zinc ointment twice a day and keeps " +
		"the skin dry at night."
	other := "Migraine attacks become rarer when the sleeper darkens the bedroom, drinks water and leaves coffee to " +
		"the morning hours."
	answer := "Avoiding nickel and keeping your skin dry helps dermatitis patients; zinc ointments are applied at night too."
	a := NewSegment(0, 0, []byte(answer))
	segments := []Segment{NewSegment(4, 0, []byte(source)), NewSegment(2, 0, []byte(other))}
	full := Answer{Tokens: a.Tokens, Stems: a.Stems}
	if att := must(Attribute(full, segments, ProtocolStatistics())); len(att.Rows) != 0 {
		t.Fatalf("%+v", att.Rows)
	}
	att := must(AttributeRAG(full, segments, segments, ProtocolStatistics()))
	if len(att.Entries) != 1 || att.Entries[0].Rank != 4 || att.Entries[0].WeightPPM < 300_000 {
		t.Errorf("%+v, %d unattributed", att.Entries, att.UnattributedPPM)
	}
	golden(t, "rag", map[string]any{"answer": answer, "rank 4": source, "rank 2": other, "attribution": att,
		"root": att.Root(), "stems": Stems([]byte(answer))})
}

// Method SPAN takes no evidence with windows, and method RAG no windows that pay nothing.
func TestWindowsNeedTheMethod(t *testing.T) {
	rng := rand.New(rand.NewSource(5))
	w := newWorld(t, rng, 3, 1, 60)
	var text []byte
	for i, word := range strings.Fields(string(w.files[1].Segments[0]))[:40] {
		if i%3 < 2 {
			text = append(append(text, word...), ' ')
		} else {
			text = append(text, "otherwise put "...)
		}
	}
	answer := NewSegment(0, 0, text)
	att := must(
		w.index.AttributeRAG(Answer{Tokens: answer.Tokens, Stems: answer.Stems},
			[]Segment{NewSegment(1, 0, w.files[1].Segments[0])}))
	var b EvidenceBuilder
	if err := b.AddText([32]byte{}, text, att, w.proof); err != nil {
		t.Fatal(err)
	}
	e := b.Evidence()
	if len(e.Answers[0].Windows) != 1 {
		t.Fatalf("%+v", att.Rows)
	}
	r := receiptFor(1, AnswerRoot([32]byte{}, answer.Tokens), att)
	if err := VerifyEvidence([]Receipt{r}, e, w, ProtocolStatistics()); err == nil {
		t.Error("windows pass under method SPAN")
	}
	r.Method = MethodRAG
	if err := VerifyEvidence([]Receipt{r}, must(UnmarshalEvidence(must(e.MarshalBinary()))), w,
		ProtocolStatistics()); err != nil {
		t.Error(err)
	}
	// Without the words the windows cannot be recomputed.
	for i := range e.Answers[0].Openings {
		e.Answers[0].Openings[i].Word = nil
	}
	if err := VerifyEvidence([]Receipt{r}, e, w, ProtocolStatistics()); err == nil {
		t.Error("windows pass without words")
	}
}
