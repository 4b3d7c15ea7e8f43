package influence

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"

	"github.com/openledger/openledger/slm/train"
)

const (
	// Size is the number of elements of a sketch and of a query.
	Size = 4_096

	// blocks is the number of blocks of sums. Each number of a gradient goes to one sum of each block.
	blocks     = 4
	blockSize  = Size / blocks
	blockDraws = 11 // bits that a place in a block and a sign take, of a draw's 64
)

// vector is a projected gradient: Size sums.
type vector []float64

// project adds a gradient to the sums. In the number from which sums and signs are drawn, the index of the rank comes
// first, both for A [rank, in] and for B [out, rank].
func (v vector) project(g train.Gradient) {
	sum := sha256.Sum256([]byte("openledger influence 2\x00" + g.Name))
	seed := binary.BigEndian.Uint64(sum[:])
	outer := strings.HasSuffix(g.Name, "lora_B.weight")
	rows, cols := g.Shape[0], g.Shape[1]
	for row := range rows {
		values := g.Values[row*cols : (row+1)*cols]
		for col, value := range values {
			place := uint64(row)<<32 | uint64(col)
			if outer {
				place = uint64(col)<<32 | uint64(row)
			}
			bits := mix(seed + place*0x9e3779b97f4a7c15)
			number := math.Float64bits(float64(value))
			for block := range blocks {
				draw := bits >> (blockDraws * block)
				v[block*blockSize+int(draw&(blockSize-1))] += math.Float64frombits(number ^ draw>>(blockDraws-1)<<63)
			}
		}
	}
}

// mix is the output function of the generator SplitMix64 (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// dot returns the dot product of two vectors, added up in the order of their elements.
func (v vector) dot(w vector) float64 {
	sum := 0.0
	for i, x := range v {
		sum += float64(x * w[i])
	}
	return sum
}

// addScaled adds w times a factor to v.
func (v vector) addScaled(w vector, factor float64) {
	for i, x := range w {
		v[i] += float64(x * factor)
	}
}
