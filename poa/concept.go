package poa

import (
	"crypto/sha256"
	"encoding/binary"
)

// Concepts tell words by what they mean, for method MEANING: the stem of a word in plain Latin letters, whatever its
// script and spelling, the beginning of a longer stem, and what the table of meaning lists beside it. Like stems they
// need not be words. They are frozen with MethodMeaning.

const (
	// conceptPrefix is how many letters of a longer stem stand for its family.
	conceptPrefix = 5
	// maxUnit is how many letters of a script without spaces are looked up as one word.
	maxUnit = 4
)

// Bits of method MEANING are counted in sixteenths.
const (
	// knownGain is the value of a match of a rare word, familyGain of a match of its family, and pairGain of a match of
	// two neighbouring letters in a script without spaces. Common words and what the table lists are worth less.
	knownGain  = 70
	familyGain = 54
	pairGain   = 32
	// missCost is the cost of a word that the segment does not hold. strangeCost is the cost if the table of meaning does
	// not list the word either, and letterCost the cost of a letter of a script without spaces. A missing name or
	// identifier is stronger evidence against a text than a missing word that has synonyms.
	missCost    = 6
	strangeCost = 30
	letterCost  = 4
	// rareBits is the rarity, in sixteenths, from which a word has its full value. Each bit of rarity below it takes off
	// three quarters of a bit.
	rareBits = 112
	// pivotCost is deducted if the segment's word only translates to the concept.
	pivotCost = 16
)

// Sense is a concept that a word may stand for.
type Sense struct {
	// Concept is the first four bytes of SHA-256 of the concept's name.
	Concept uint32
	// Bits is in sixteenths of a bit. For a word of an answer it is the value of a match; for a word of a segment it is
	// what is deducted from that value.
	Bits int32
}

// Meaning holds what a token of an answer may stand for. A stop word has no senses and costs nothing.
type Meaning struct {
	Senses []Sense
	// Cost is deducted if a segment holds none of the senses, in sixteenths of a bit.
	Cost int32
}

// conceptOf returns the id of a concept's name.
func conceptOf(name []byte) uint32 {
	sum := sha256.Sum256(name)
	return binary.BigEndian.Uint32(sum[:4])
}

// interpreter finds what words mean. Its buffers are reused.
type interpreter struct {
	table  *conceptTable
	norm   uint8
	stats  *Statistics
	points []uint32
	name   []byte
	key    []byte
}

func newInterpreter(norm uint8) *interpreter {
	stats := ProtocolStatistics()
	if norm == NormVersion1 {
		stats = ProtocolStatisticsV1()
	}
	return &interpreter{table: meaningTable(), norm: norm, stats: stats}
}

// answer returns the meanings of an answer's words as ids and folded tokens with their marks; nil for hidden ones,
// which have none.
func (x *interpreter) answer(ids []TokenID, words [][]byte, marks []uint8) []Meaning {
	out := make([]Meaning, len(words))
	cache := x.cache(&answerWords)
	for i, w := range words {
		if w == nil || x.stop(ids[i]) {
			continue
		}
		if isAlone(w) {
			end := ahead(i, marks)
			out[i] = cache.meaning(x.joined(words[i:end]), func() Meaning {
				return Meaning{Senses: x.letters(ids[i:end], words[i:end]), Cost: letterCost}
			})
			continue
		}
		out[i] = cache.meaning(w, func() Meaning { return x.rare(ids[i], x.word(w)) })
	}
	return out
}

// rare takes off the senses of a word what it is too common for. What texts of all kinds have in common, whatever they
// are about, is no sign that one comes from the other.
func (x *interpreter) rare(id TokenID, m Meaning) Meaning {
	less := (rareBits - x.stats.IDF(id)>>12) * 3 / 4
	for i := range m.Senses {
		m.Senses[i].Bits -= max(0, less)
	}
	return m
}

// segment returns the concepts of a segment's words by blocks of BlockStems words that are not stop words, of each
// block sorted and each once with the least that is taken off, and the number of these words.
func (x *interpreter) segment(ids []TokenID, words [][]byte, marks []uint8) ([][]Sense, int) {
	var out []Sense
	var blocks [][]Sense
	cache := x.cache(&segmentWords)
	stems := 0
	for i, w := range words {
		switch {
		case x.stop(ids[i]):
			continue
		case isAlone(w):
			end := ahead(i, marks)
			out = append(out, cache.meaning(x.joined(words[i:end]), func() Meaning {
				return Meaning{Senses: x.letterConcepts(nil, ids[i:end], words[i:end])}
			}).Senses...)
		default:
			out = append(out, cache.meaning(w, func() Meaning { return Meaning{Senses: x.wordConcepts(nil, w)} }).Senses...)
		}
		if stems++; stems%BlockStems == 0 {
			blocks, out = append(blocks, leastSenses(out)), nil
		}
	}
	if len(out) > 0 {
		blocks = append(blocks, leastSenses(out))
	}
	return blocks, stems
}

// joined returns what letters are kept under: what they mean depends on them alone, and on how many they are. It is
// valid until the next call.
func (x *interpreter) joined(letters [][]byte) []byte {
	x.key = x.key[:0]
	for _, w := range letters {
		if x.key = append(x.key, 0); w == nil || !isAlone(w) {
			break
		}
		x.key = append(x.key, w...)
	}
	return x.key
}

// ahead returns one more than the last of the words from i on that may be one word with it: at most maxUnit in one
// sentence.
func ahead(i int, marks []uint8) int {
	end := i + 1
	for end < min(i+maxUnit, len(marks)) && marks[end-1]&MarkEnds == 0 && marks[end]&MarkStarts == 0 {
		end++
	}
	return end
}

func (x *interpreter) stop(id TokenID) bool {
	if x.norm == NormVersion1 {
		return isStopWordV1(id)
	}
	return isStopWord(id)
}

// word returns what a word of an answer may stand for, the most specific sense first.
func (x *interpreter) word(word []byte) Meaning {
	name, latin := x.stem(word)
	concept := conceptOf(name)
	own, listed := x.table.find(concept)
	gain, cost := int32(knownGain), int32(strangeCost)
	if listed {
		gain, cost = own.gain(), missCost
	}
	out := append(make([]Sense, 0, 2+own.count()), Sense{concept, gain})
	out = own.appendNeighbours(out)
	if latin && len(name) >= conceptPrefix {
		family := conceptOf(familyName(name))
		gain := int32(familyGain)
		if e, ok := x.table.find(family); ok {
			gain = e.gain()
			out = e.appendNeighbours(out)
		}
		out = append(out, Sense{family, gain})
	}
	return Meaning{out, cost}
}

// wordConcepts appends the concepts of a segment's word: its stem, its family, and what it translates to.
func (x *interpreter) wordConcepts(out []Sense, word []byte) []Sense {
	name, latin := x.stem(word)
	concept := conceptOf(name)
	out = append(out, Sense{concept, 0})
	if e, ok := x.table.find(concept); ok && e.foreign() {
		out = x.pivots(out, e)
	}
	if latin && len(name) >= conceptPrefix {
		family := conceptOf(familyName(name))
		out = append(out, Sense{family, 0})
		if e, ok := x.table.find(family); ok && e.foreign() {
			out = x.pivots(out, e)
		}
	}
	return out
}

func (x *interpreter) pivots(out []Sense, e conceptEntry) []Sense {
	from := len(out)
	out = e.appendNeighbours(out)
	for i := range out[from:] {
		out[from+i].Bits = pivotCost + max(0, knownGain-out[from+i].Bits)
	}
	return out
}

// letters returns what the letters at the start of words may stand for: the word that the table lists with most of
// them, and the pair of the first two.
func (x *interpreter) letters(ids []TokenID, words [][]byte) []Sense {
	var out []Sense
	if e, name, ok := x.unit(words); ok {
		out = append(out, Sense{conceptOf(name), e.gain()})
		out = e.appendNeighbours(out)
	}
	if name, ok := x.pair(ids, words); ok {
		out = append(out, Sense{conceptOf(name), pairGain})
	}
	return out
}

func (x *interpreter) letterConcepts(out []Sense, ids []TokenID, words [][]byte) []Sense {
	if e, name, ok := x.unit(words); ok {
		out = x.pivots(append(out, Sense{conceptOf(name), 0}), e)
	}
	if name, ok := x.pair(ids, words); ok {
		out = append(out, Sense{conceptOf(name), 0})
	}
	return out
}

// unit returns the entry of the longest word of the table that words begin with, of two letters or more.
func (x *interpreter) unit(words [][]byte) (conceptEntry, []byte, bool) {
	var ends [maxUnit]int
	n := 0
	x.name = x.name[:0]
	for n < min(maxUnit, len(words)) && words[n] != nil && isAlone(words[n]) {
		x.name = append(x.name, words[n]...)
		ends[n] = len(x.name)
		n++
	}
	for ; n >= 1; n-- {
		name := x.name[:ends[n-1]]
		if e, ok := x.table.find(conceptOf(name)); ok {
			return e, name, true
		}
	}
	return conceptEntry{}, nil, false
}

// pair returns the concept name of the first two letters.
func (x *interpreter) pair(ids []TokenID, words [][]byte) ([]byte, bool) {
	if len(words) < 2 || words[1] == nil || !isAlone(words[1]) || x.stop(ids[0]) && x.stop(ids[1]) {
		return nil, false
	}
	x.name = append(append(append(x.name[:0], '+'), words[0]...), words[1]...)
	return x.name, true
}

// familyName returns the name of the concept that stems with one beginning share.
func familyName(stem []byte) []byte {
	return append([]byte{'~'}, stem[:conceptPrefix]...)
}

// stem returns the name of a word's concept, and whether it is in plain Latin letters. The result is valid until the
// next call.
func (x *interpreter) stem(word []byte) ([]byte, bool) {
	if !x.latinise(word) {
		x.name = append(x.name[:0], bareSemitic(word)...)
		return x.name, false
	}
	x.name = respell(stemOf(x.name))
	if len(x.name) == 0 {
		x.name = append(x.name, word...)
		return x.name, false
	}
	return x.name, true
}

// ConceptName returns the name of a word's concept, for programs that make tables of meaning. The word must be a folded
// token. Concepts of scripts without spaces are the letters themselves.
func ConceptName(word []byte) string {
	x := &interpreter{norm: NormVersion}
	name, _ := x.stem(word)
	return string(name)
}

// isAlone reports whether a folded token is a letter of a script without spaces.
func isAlone(word []byte) bool {
	if word[0] < 0x80 {
		return false
	}
	c, _ := decodeRune(word)
	return unicodeV2.of(c).class == classAlone
}
