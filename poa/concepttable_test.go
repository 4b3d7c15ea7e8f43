package poa

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

func TestMeaningTable(t *testing.T) {
	table := meaningTable()
	if table.entries < 100_000 || len(meaningData) > 8_000_000 {
		t.Fatalf("%d entries, %d bytes", table.entries, len(meaningData))
	}
	neighbours := 0
	for i := range table.entries {
		if i > 0 && table.key(i) <= table.key(i-1) {
			t.Fatalf("entry %d is out of order", i)
		}
		e := conceptEntry{table, i}
		if found, ok := table.find(table.key(i)); !ok || found != e {
			t.Fatalf("entry %d is not found", i)
		}
		if e.first() != neighbours || e.count()+2 > maxSenses || e.gain() > knownGain {
			t.Fatalf("entry %d: %d neighbours from %d on, gain %d", i, e.count(), e.first(), e.gain())
		}
		for at := neighbours; at < neighbours+e.count(); at++ {
			if be24At(table.adjacency, at*neighbourBytes) >= table.entries {
				t.Fatalf("entry %d has a neighbour that is no entry", i)
			}
		}
		neighbours += e.count()
	}
	if neighbours*neighbourBytes != len(table.adjacency) {
		t.Fatalf("%d neighbours in %d bytes", neighbours, len(table.adjacency))
	}
}

func TestAppendConcepts(t *testing.T) {
	rows := []ConceptRow{{Name: "cat", Bits: 10, Neighbours: []Neighbour{{"feline", 7}, {"nobody", 9}}},
		{Name: "feline", Bits: -3}, {Name: "katze", Bits: 70, Foreign: true, Neighbours: []Neighbour{{"cat", 60}}}}
	table := parseConcepts(string(AppendConcepts(nil, rows)))
	cat, ok := table.find(conceptOf([]byte("cat")))
	if !ok || cat.gain() != 10 || cat.foreign() {
		t.Fatalf("%+v", cat)
	}
	if n := cat.appendNeighbours(nil); len(n) != 1 || n[0] != (Sense{conceptOf([]byte("feline")), 7}) {
		t.Errorf("%+v", n)
	}
	katze, _ := table.find(conceptOf([]byte("katze")))
	if n := katze.appendNeighbours(nil); !katze.foreign() || len(n) != 1 || n[0].Bits != 60 {
		t.Errorf("%+v", n)
	}
	if feline, _ := table.find(conceptOf([]byte("feline"))); feline.gain() != -3 || feline.count() != 0 {
		t.Errorf("%+v", feline)
	}
	if _, ok := table.find(conceptOf([]byte("dog"))); ok {
		t.Error("a concept that has no row is found")
	}
	for _, data := range []string{"", "OLMEAN1\n", "OLMEAN1\n\x00\x00\x00\x01\x00\x00\x00\x00"} {
		if parseConcepts(data).entries != 0 {
			t.Errorf("%q has entries", data)
		}
	}
}

func TestGoldenMeaning(t *testing.T) {
	words := map[string]any{}
	for _, text := range []string{"pregnancy", "blisters", "Schwangerschaft", "беременность", "妊娠", "الحمل", "io", "x1",
		"the"} {
		words[text] = InterpretAnswer([]byte(text)).Meanings
	}
	source := []byte(
		"Pemphigoid gestationis starts in late pregnancy with itching around the navel. Blisters follow, and the child is " +
			"born early more often than others.")
	other := []byte("A daemon reads its configuration when it starts. Send it a signal, and it reads the file again.")
	var segments []Segment
	for i, text := range [][]byte{source, other} {
		s := NewSegment(uint64(i+1), 0, text)
		s.Interpret(text)
		segments = append(segments, s)
	}
	answers := map[string]any{}
	for _, text := range []string{
		"It begins towards the end of pregnancy: the skin about the navel itches, and then blisters appear. Weather was " +
			"fine. If you signal the daemon, the configuration file is read again.",
		"Gegen Ende der Schwangerschaft beginnt Juckreiz um den Nabel. Dann folgen Blasen, und das Kind wird öfter zu " +
			"früh geboren.",
	} {
		x := NewIndex(ProtocolStatistics())
		if err := x.Add(segments...); err != nil {
			t.Fatal(err)
		}
		a := InterpretAnswer([]byte(text))
		att, err := x.AttributeMeaning(a, segments, nil)
		if err != nil {
			t.Fatal(err)
		}
		answers[text] = map[string]any{
			"rows": att.Rows, "entries": att.Entries, "support": att.Support, "root": att.Root(),
			"answer_root": TextRoot([32]byte{1}, []byte(text), MethodMeaning),
		}
	}
	golden(t, "meaning", map[string]any{
		"table": fmt.Sprintf("%x", sha256.Sum256([]byte(meaningData))), "words": words, "answers": answers,
	})
}
