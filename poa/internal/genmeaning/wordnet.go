package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// wordnet is what the data files of a WordNet say.
type wordnet struct {
	synsets map[string]*synset // by offset-pos, as the tab files of other languages name them: 00001740-n
	senses  map[string][]sense // of a lower-case lemma
	keys    map[string]int     // how often the marked texts have a sense, by its key
}

type synset struct {
	id       string
	lemmas   []lemma
	pointers []pointer
	gloss    string
}

type lemma struct {
	text  string // with spaces
	count int    // of this sense in the marked texts
}

// pointer is a relation to another synset; from and to are places of lemmas there, from 1 on, or 0 for the whole
// synset.
type pointer struct {
	symbol   string
	id       string
	from, to int
}

type sense struct {
	synset *synset
	share  float64 // of the lemma's uses that have this sense
}

var wordnetFiles = [...]struct{ name, pos string }{{"noun", "n"}, {"verb", "v"}, {"adj", "a"}, {"adv", "r"}}

// readWordNet reads data.noun and its fellows, index.sense if there is one, and cntlist.rev.
func readWordNet(folder string) (*wordnet, error) {
	w := &wordnet{synsets: map[string]*synset{}, senses: map[string][]sense{}, keys: map[string]int{}}
	if err := w.readCounts(filepath.Join(folder, "cntlist.rev")); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for _, f := range wordnetFiles {
		if err := eachLine(filepath.Join(folder, "data."+f.name), w.addSynset); err != nil {
			return nil, err
		}
	}
	for _, f := range wordnetFiles {
		pos := f.pos
		err := eachLine(filepath.Join(folder, "index."+f.name), func(line string) error { return w.addSenses(line, pos) })
		if err != nil {
			return nil, err
		}
	}
	w.share()
	return w, nil
}

// eachLine calls f with each line of a text file.
func eachLine(name string, f func(string) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if err := f(lines.Text()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return lines.Err()
}

// readCounts reads lines like "dog%1:05:00:: 1 42".
func (w *wordnet) readCounts(name string) error {
	return eachLine(name, func(line string) error {
		f := strings.Fields(line)
		if len(f) == 3 {
			w.keys[f[0]], _ = strconv.Atoi(f[2])
		}
		return nil
	})
}

// addSynset reads a line of a data file.
func (w *wordnet) addSynset(line string) error {
	if strings.HasPrefix(line, " ") {
		return nil // the licence
	}
	head, gloss, _ := strings.Cut(line, "|")
	f := strings.Fields(head)
	if len(f) < 5 {
		return fmt.Errorf("line %.40q is too short", line)
	}
	pos := f[2]
	if pos == "s" {
		pos = "a"
	}
	s := &synset{id: f[0] + "-" + pos, gloss: strings.TrimSpace(gloss)}
	n, err := strconv.ParseUint(f[3], 16, 16)
	if err != nil || len(f) < 5+2*int(n) {
		return fmt.Errorf("line %.40q lacks words", line)
	}
	ss := map[string]int{"n": 1, "v": 2, "a": 3, "r": 4, "s": 5}[f[2]]
	for i := range int(n) {
		text := f[4+2*i]
		text, _, _ = strings.Cut(text, "(")
		lex, _ := strconv.ParseUint(f[5+2*i], 16, 16)
		key := fmt.Sprintf("%s%%%d:%s:%02d:", strings.ToLower(text), ss, f[1], lex)
		s.lemmas = append(s.lemmas, lemma{text: strings.ReplaceAll(text, "_", " "), count: w.keys[key+":"]})
	}
	at := 4 + 2*int(n)
	pointers, err := strconv.Atoi(f[at])
	if err != nil || len(f) < at+1+4*pointers {
		return fmt.Errorf("line %.40q lacks pointers", line)
	}
	for i := range pointers {
		p := f[at+1+4*i : at+5+4*i]
		place, err := strconv.ParseUint(p[3], 16, 32)
		if err != nil {
			return err
		}
		pos := p[2]
		if pos == "s" {
			pos = "a"
		}
		s.pointers = append(
			s.pointers, pointer{symbol: p[0], id: p[1] + "-" + pos, from: int(place >> 8), to: int(place & 255)})
	}
	w.synsets[s.id] = s
	return nil
}

// addSenses reads a line of an index file: the lemma and, last, its synsets from the commonest.
func (w *wordnet) addSenses(line, pos string) error {
	if strings.HasPrefix(line, " ") {
		return nil
	}
	f := strings.Fields(line)
	if len(f) < 5 {
		return nil
	}
	name := strings.ReplaceAll(f[0], "_", " ")
	n, err := strconv.Atoi(f[2])
	if err != nil || len(f) < n {
		return fmt.Errorf("line %.40q lacks senses", line)
	}
	for rank, offset := range f[len(f)-n:] {
		s := w.synsets[offset+"-"+pos]
		if s == nil {
			return fmt.Errorf("no synset %s-%s", offset, pos)
		}
		count := 0
		for _, l := range s.lemmas {
			if strings.EqualFold(l.text, name) {
				count = l.count
			}
		}
		// A sense that was never seen is still one, the less so the later it stands.
		w.senses[name] = append(w.senses[name], sense{synset: s, share: float64(count) + 0.5/float64(rank+1)})
	}
	return nil
}

// share makes the counts of each lemma's senses shares of one.
func (w *wordnet) share() {
	for _, senses := range w.senses {
		sum := 0.0
		for _, s := range senses {
			sum += s.share
		}
		for i := range senses {
			senses[i].share /= sum
		}
	}
}

// shareOf is how much of a lemma's use has the sense s.
func (w *wordnet) shareOf(lemma string, s *synset) float64 {
	for _, x := range w.senses[strings.ToLower(lemma)] {
		if x.synset == s {
			return x.share
		}
	}
	return 0
}

// weight is how common a lemma is in a synset: its count there, times how much the synset is its meaning.
func (w *wordnet) weight(l lemma, s *synset) float64 {
	return (float64(l.count) + 0.3) * w.shareOf(l.text, s)
}
