package poa

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
)

// Sketch is SketchSize elements, each of which stands for itself times 2^-Exponent. The zero value has all elements 0.
type Sketch struct {
	Exponent int8
	// Packed has two elements a byte, whole numbers from -8 to 7 in two's complement, the first one in its lower half.
	Packed [SketchSize / 2]byte
}

// At returns an element.
func (s *Sketch) At(i int) int { return int(int8(s.Packed[i/2]>>(4*(i&1))<<4)) >> 4 }

// Set changes an element; of x the lowest four bits count.
func (s *Sketch) Set(i, x int) {
	shift := 4 * (i & 1)
	s.Packed[i/2] = s.Packed[i/2]&^(15<<shift) | byte(x&15)<<shift
}

// MarshalBinary returns SketchBytes bytes: the exponent as one byte in two's complement, then Packed. The error is
// always nil.
func (s Sketch) MarshalBinary() ([]byte, error) { return s.append(make([]byte, 0, SketchBytes)), nil }

func (s *Sketch) append(b []byte) []byte { return append(append(b, byte(s.Exponent)), s.Packed[:]...) }

// UnmarshalBinary reads what MarshalBinary returns and nothing else. Its errors wrap ErrInfluence.
func (s *Sketch) UnmarshalBinary(data []byte) error {
	r := reader{data: data}
	out := readSketch(&r)
	if err := r.finish(ErrInfluence); err != nil {
		return err
	}
	*s = out
	return nil
}

func readSketch(r *reader) (s Sketch) {
	s.Exponent = int8(r.byte())
	copy(s.Packed[:], r.bytes(len(s.Packed)))
	return s
}

// MarshalText returns the binary form in base64. The error is always nil.
func (s Sketch) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, s.append(make([]byte, 0, SketchBytes))), nil
}

// UnmarshalText reads what MarshalText returns.
func (s *Sketch) UnmarshalText(text []byte) error {
	data, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return err
	}
	return s.UnmarshalBinary(data)
}

// Hash returns SHA-256("openledger/lora-query/v2" ‖ the encoded query), and the zero Hash for a nil query.
func (q *LoraQuery) Hash() Hash {
	if q == nil {
		return Hash{}
	}
	return sha256.Sum256(q.append([]byte("openledger/lora-query/v2")))
}

// Score returns what a contribution gives an answer, in Q16 bits: the dot product of query and sketch, less the noise
// of such products, at least 0 and at most KappaBits for each of the contribution's tokens. contributions is the number
// of rows of the influence file. For many contributions a scorer is faster.
func (q *LoraQuery) Score(row *InfluenceRow, contributions int) uint64 {
	return newScorer(q, contributions).score(row)
}

// squares returns the sum of the squares of the elements. An element is −8a + 4b + 2c + d, with a bit for each letter.
// So its square is 64a + 16b + 4c + d − 64ab − 32ac − 16ad + 16bc + 8bd + 4cd. 64 elements are counted at once.
func (s *Sketch) squares() uint64 {
	const each = 0x1111111111111111
	sum := 0
	for at := 0; at < len(s.Packed); at += 32 {
		w := s.Packed[at : at+32 : at+32]
		w0, w1 := binary.LittleEndian.Uint64(w), binary.LittleEndian.Uint64(w[8:])
		w2, w3 := binary.LittleEndian.Uint64(w[16:]), binary.LittleEndian.Uint64(w[24:])
		d := w0&each | w1&each<<1 | w2&each<<2 | w3&each<<3
		c := w0>>1&each | w1>>1&each<<1 | w2>>1&each<<2 | w3>>1&each<<3
		b := w0>>2&each | w1>>2&each<<1 | w2>>2&each<<2 | w3>>2&each<<3
		a := w0>>3&each | w1>>3&each<<1 | w2>>3&each<<2 | w3>>3&each<<3
		sum += bits.OnesCount64(d) + 4*(bits.OnesCount64(c)+bits.OnesCount64(c&d)) + 8*bits.OnesCount64(b&d) +
			16*(bits.OnesCount64(b)+bits.OnesCount64(b&c)-bits.OnesCount64(a&d)) - 32*bits.OnesCount64(a&c) +
			64*(bits.OnesCount64(a)-bits.OnesCount64(a&b))
	}
	return uint64(sum)
}

// scorer is a query whose elements are laid out for four products at a time.
//
// Sixteen elements of a sketch are a word of 64 bits. A mask takes every fourth of them, with 8 added, as the digits of
// a number in base 2^16. The same four elements of the query are the digits of another number, in reverse order. Then
// the highest digit of the product of both numbers is the sum of the products of their elements. Products are added up
// as they are while no digit leaves its 16 bits.
type scorer struct {
	words    [SketchSize / 4]uint64
	exponent int
	// eights is 8 times the sum of the query's elements: what the additions of 8 add to the product.
	eights int64
	// deviations is the square of the deviations that a score is lowered by, times the query's sum of squares.
	deviations uint64
}

const (
	// scorerWords is how many words of a sketch are added up before the sum is read: 64 · 4 products of at most 15 · 8.
	scorerWords = 16
	lowNibbles  = 0x000f000f000f000f
	eachEight   = 0x8888888888888888
)

func newScorer(q *LoraQuery, contributions int) *scorer {
	s := &scorer{exponent: int(q.Exponent), deviations: noiseDeviations(contributions) * q.squares()}
	for i := range SketchSize {
		x := q.At(i)
		s.eights += 8 * int64(x)
		s.words[i/16*4+i%4] += uint64(int64(x)) << (48 - 16*(i%16/4))
	}
	return s
}

// product returns the sum of the products of elements.
func (s *scorer) product(sketch *Sketch) int64 {
	sum := -s.eights
	for at := 0; at < SketchSize/16; at += scorerWords {
		digits := uint64(1) << 47 // what lower digits borrow is made good
		for i := at; i < at+scorerWords; i++ {
			x := binary.LittleEndian.Uint64(sketch.Packed[8*i:]) ^ eachEight
			w := s.words[4*i : 4*i+4 : 4*i+4]
			digits += x&lowNibbles*w[0] + x>>4&lowNibbles*w[1] + x>>8&lowNibbles*w[2] + x>>12&lowNibbles*w[3]
		}
		sum += int64(digits) >> 48
	}
	return sum
}

// noiseDeviations returns the square of the standard deviations that a score is lowered by, for so many contributions.
// With normal products, the scores of all contributions that an answer has nothing to do with sum to about one
// deviation, however many there are.
func noiseDeviations(contributions int) uint64 {
	return 2 * uint64(bits.Len64((uint64(contributions)+LoraNoiseGroup-1)/LoraNoiseGroup))
}

// score is LoraQuery.Score. If query and sketch have nothing to do with each other, the square of their product is
// deviation² = Σ q² · Σ h² / SketchSize in the mean. No number has more than 42 bits.
func (s *scorer) score(row *InfluenceRow) uint64 {
	product := s.product(&row.Sketch)
	if product <= 0 {
		return 0
	}
	noise := s.deviations * row.Sketch.squares() / SketchSize
	if uint64(product*product) <= noise {
		return 0
	}
	score, most := uint64(product)-squareRoot(noise), uint64(row.Tokens)*KappaBits<<16
	shift := 16 - s.exponent - int(row.Sketch.Exponent)
	if shift <= 0 {
		return min(score>>-shift, most)
	}
	if shift >= 64 || score > most>>shift {
		return most
	}
	return score << shift
}

// squareRoot returns the square root, rounded down.
func squareRoot(x uint64) uint64 {
	if x == 0 {
		return 0
	}
	// Newton's method falls from above to the root.
	for root := uint64(1) << ((bits.Len64(x) + 1) / 2); ; {
		next := (root + x/root) / 2
		if next >= root {
			return root
		}
		root = next
	}
}
