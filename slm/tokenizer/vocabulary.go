package tokenizer

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"
	"unsafe"
)

// What is known of a token.
const (
	isSpecial  = 1 << iota // added, and called special
	isVerbatim             // stands as its file writes it, also in a byte-level vocabulary
	isOrdinary             // found by its text when text is encoded
)

// vocabulary is the table of tokens by identifier. Texts lie one behind another, and the look-up by text is a table of
// identifiers, so that it takes little more memory than the texts do.
//
// It is filled in two passes: reserve says how long each text is, lay makes room, and put writes the texts.
type vocabulary struct {
	data  []byte
	ends  []uint32 // where each text ends in data; how long it is until lay
	flags []uint8
	table slots // of ordinary tokens
	seed  maphash.Seed
}

// reset makes room for n identifiers.
func (v *vocabulary) reset(n int) {
	*v = vocabulary{ends: make([]uint32, n), flags: make([]uint8, n), seed: maphash.MakeSeed()}
}

// reserve says how many bytes a text has, at least one.
func (v *vocabulary) reserve(id, length int) { v.ends[id] = uint32(length) }

// reserved returns what reserve was told, or 0.
func (v *vocabulary) reserved(id int) int { return int(v.ends[id]) }

// lay makes room for the texts.
func (v *vocabulary) lay() error {
	end := uint64(0)
	for id, length := range v.ends {
		if end += uint64(length); end > math.MaxUint32 {
			return fmt.Errorf("the tokens have more than %d bytes", uint32(math.MaxUint32))
		}
		v.ends[id] = uint32(end)
	}
	v.data = make([]byte, end)
	return nil
}

// room is where the text of a token stands.
func (v *vocabulary) room(id int) []byte {
	from := uint32(0)
	if id > 0 {
		from = v.ends[id-1]
	}
	return v.data[from:v.ends[id]]
}

// len is the number of identifiers.
func (v *vocabulary) len() int { return len(v.ends) }

// text returns what lies for a token: empty where there is none.
func (v *vocabulary) text(id int) string {
	text := v.room(id)
	return unsafe.String(unsafe.SliceData(text), len(text)) // data does not change any more
}

func (v *vocabulary) is(id int, flag uint8) bool { return v.flags[id]&flag != 0 }

// index makes the n ordinary tokens findable by their texts. It returns the first one whose text another has, or -1.
func (v *vocabulary) index(n int) int {
	v.table = newSlots(n)
	for id := range v.ends {
		if !v.is(id, isOrdinary) {
			continue
		}
		text := v.text(id)
		at, found := v.table.find(maphash.String(v.seed, text), func(other int) bool { return v.text(other) == text })
		if found {
			return id
		}
		v.table.set(at, id)
	}
	return -1
}

// id returns the ordinary token with this text.
func (v *vocabulary) id(text string) (int32, bool) {
	at, found := v.table.find(maphash.String(v.seed, text), func(other int) bool { return v.text(other) == text })
	if !found {
		return 0, false
	}
	return int32(v.table.get(at)), true
}

// merges are the pairs of tokens that are joined, in order of their ranks.
type merges struct {
	pairs []uint64 // left, right and what they make, tokenBits each
	table slots
	seed  uint64
}

const tokenBits = 21

// reset makes room for n merges.
func (m *merges) reset(n int) {
	*m = merges{pairs: make([]uint64, 0, n), table: newSlots(n), seed: maphash.Bytes(maphash.MakeSeed(), nil)}
}

// slot returns where a pair is in the table, and whether it is there.
func (m *merges) slot(left, right int32) (int, bool) {
	pair := uint64(left)<<tokenBits | uint64(right)
	high, low := bits.Mul64(pair^m.seed, 0x9e3779b97f4a7c15)
	high, low = bits.Mul64(high^low^m.seed, 0xbf58476d1ce4e5b9)
	return m.table.find(high^low, func(rank int) bool { return m.pairs[rank]>>tokenBits == pair })
}

// add appends a merge, unless the pair has one.
func (m *merges) add(left, right, made int32) {
	if at, found := m.slot(left, right); !found {
		m.table.set(at, len(m.pairs))
		m.pairs = append(m.pairs, (uint64(left)<<tokenBits|uint64(right))<<tokenBits|uint64(made))
	}
}

// find returns the rank of a pair's merge, and what it makes.
func (m *merges) find(left, right int32) (rank, made int32, found bool) {
	at, found := m.slot(left, right)
	if !found {
		return 0, 0, false
	}
	rank = int32(m.table.get(at))
	_, _, made = m.at(int(rank))
	return rank, made, true
}

// at returns the merge of a rank.
func (m *merges) at(rank int) (left, right, made int32) {
	const mask = 1<<tokenBits - 1
	p := m.pairs[rank]
	return int32(p >> (2 * tokenBits)), int32(p >> tokenBits & mask), int32(p & mask)
}

// slots is a hash table of numbers with open addressing, four fifths full at most.
type slots []uint32

func newSlots(n int) slots { return make(slots, n+n/4+1) }

// find returns where a number with this hash is, or where it belongs. Some slot is free.
func (s slots) find(hash uint64, same func(number int) bool) (int, bool) {
	high, _ := bits.Mul64(hash, uint64(len(s)))
	for at := int(high); ; {
		switch number := s[at]; {
		case number == 0:
			return at, false
		case same(int(number - 1)):
			return at, true
		}
		if at++; at == len(s) {
			at = 0
		}
	}
}

func (s slots) get(at int) int     { return int(s[at] - 1) }
func (s slots) set(at, number int) { s[at] = uint32(number + 1) }

// size is how much a vocabulary holds.
type size struct{ identifiers, tokens, textBytes, merges int }

// memory is how many bytes the tables take.
func (s size) memory() int { return 5*s.identifiers + 5*s.tokens + s.textBytes + 13*s.merges }

// stored returns what the vocabulary holds of a token that a file writes so, and whether it is verbatim in a byte-level
// one. buffer may be used for it.
func (t *Tokenizer) stored(buffer, token []byte) ([]byte, bool) {
	if !t.byteLevel {
		return token, false
	}
	raw, ok := appendFromByteLevel(buffer[:0], token)
	if !ok {
		return token, true
	}
	return raw, false
}

// measure returns how large a vocabulary is. each calls its argument with every token of the file but the added ones,
// in the same order each time.
func (t *Tokenizer) measure(each func(use func(id int, token []byte) error) error) (size, error) {
	s := size{tokens: len(t.added)}
	for _, a := range t.added {
		s.identifiers = max(s.identifiers, a.id+1)
		s.textBytes += len(a.content)
	}
	err := each(func(id int, token []byte) error {
		s.identifiers = max(s.identifiers, id+1)
		s.tokens++
		s.textBytes += len(token)
		return nil
	})
	if err == nil && s.identifiers > s.tokens+s.tokens/8+1024 {
		err = fmt.Errorf("identifiers go up to %d, but there are %d tokens", s.identifiers-1, s.tokens)
	}
	return s, err
}

// fill fills the vocabulary with the tokens of a file and the added ones.
func (t *Tokenizer) fill(s size, each func(use func(id int, token []byte) error) error) error {
	v := &t.vocabulary
	v.reset(s.identifiers)
	var buffer []byte
	err := each(func(id int, token []byte) error {
		if v.reserved(id) > 0 {
			return fmt.Errorf("the token %.100q and another one have the same identifier %d", token, id)
		}
		text, verbatim := t.stored(buffer, token)
		v.reserve(id, len(text))
		if buffer = text[:0]; verbatim || !t.byteLevel {
			buffer = nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range t.added {
		if a := &t.added[i]; v.reserved(a.id) == 0 {
			a.outside = true
			v.reserve(a.id, len(a.content))
			v.flags[a.id] |= isVerbatim
		}
	}
	if err := v.lay(); err != nil {
		return err
	}
	err = each(func(id int, token []byte) error {
		text, verbatim := t.stored(nil, token)
		copy(v.room(id), text)
		if v.flags[id] |= isOrdinary; verbatim {
			v.flags[id] ^= isOrdinary | isVerbatim
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errors.Join(t.fillAdded(), t.index())
}

// fillAdded writes the added tokens that are not in the vocabulary, and checks the others.
func (t *Tokenizer) fillAdded() error {
	v := &t.vocabulary
	for _, a := range t.added {
		if a.outside {
			copy(v.room(a.id), a.content)
		}
		if held := t.Token(a.id); held != a.content {
			return fmt.Errorf("the tokens %.100q and %.100q have the same identifier %d", held, a.content, a.id)
		}
		if a.special {
			v.flags[a.id] = v.flags[a.id]&^isOrdinary | isSpecial
		}
	}
	return t.place()
}

// index makes tokens findable by their text, and fills the table of single bytes.
func (t *Tokenizer) index() error {
	v := &t.vocabulary
	for b := range t.bytes {
		t.bytes[b] = unknown
	}
	n := 0
	for id := range v.len() {
		if !v.is(id, isOrdinary) {
			continue
		}
		n++
		text := v.text(id)
		switch {
		case t.byteLevel && len(text) == 1:
			t.bytes[text[0]] = int32(id)
		case !t.byteLevel && t.byteFallback:
			if b, ok := byteToken(text); ok {
				t.bytes[b] = int32(id)
			}
		}
	}
	if twice := v.index(n); twice >= 0 {
		return fmt.Errorf("the token %.100q occurs twice", t.Token(twice))
	}
	return nil
}

// setUnknown names the token of characters that have none; it may be empty.
func (t *Tokenizer) setUnknown(token string) error {
	if token == "" {
		return nil
	}
	for id := range t.Len() {
		if t.Token(id) == token {
			t.unknown = id
			return nil
		}
	}
	return fmt.Errorf("the token %.100q for unknown characters is not in the vocabulary", token)
}

// addOutput adds a step to what makes the bytes of an answer.
func (t *Tokenizer) addOutput(step func(text string) string) error {
	if len(t.outputs) == maxSteps {
		return fmt.Errorf("more than %d steps", maxSteps)
	}
	t.outputs = append(t.outputs, step)
	return nil
}

// byteOutput writes a token such as <0x0A> as its byte.
func byteOutput(text string) string {
	if b, ok := byteToken(text); ok {
		return string([]byte{b})
	}
	return text
}
