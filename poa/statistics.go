package poa

import (
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	// MaxSurprisal caps what one token weighs: 12 bits in Q16.
	MaxSurprisal int32 = 12 << 16
	// HiddenBits is what a position weighs that no segment owns: 8 bits in Q16.
	HiddenBits int32 = 8 << 16
	// MaxStatisticsTotal bounds the T of a table.
	MaxStatisticsTotal = 1 << 48
)

// TokenCount is one row of a statistics table: DF units of text hold the token ID.
type TokenCount struct {
	ID TokenID
	DF uint32
}

// Statistics is a frozen table of token frequencies. It is immutable and safe for concurrent use.
type Statistics struct {
	version   uint32
	norm      uint8 // the rules that cut text into the tokens it counts
	total     uint64
	rows      []TokenCount
	surprisal []int32
	idf       []int32
	unseen    int32
	unseenIDF int32
	// first holds, by the top bits of an id, the first row with at least these bits: ids are uniform, so a search in
	// between is short.
	first [1<<bucketBits + 1]uint32
}

const bucketBits = 12

// NewStatistics returns a table of the given version for total tokens (T). rows must be strictly increasing by id with
// 1 ≤ DF ≤ total.
func NewStatistics(version uint32, total uint64, rows []TokenCount) (*Statistics, error) {
	if total == 0 || total > MaxStatisticsTotal {
		return nil, fmt.Errorf("%w: total of %d tokens; use 1 to %d", ErrStatistics, total, uint64(MaxStatisticsTotal))
	}
	if uint64(len(rows)) > 1<<31 {
		return nil, fmt.Errorf("%w: %d rows", ErrStatistics, len(rows))
	}
	for i, r := range rows {
		if i > 0 && r.ID <= rows[i-1].ID {
			return nil, fmt.Errorf("%w: row %d is not above the one before it; sort rows by token id and list each once",
				ErrStatistics, i)
		}
		if r.DF == 0 || uint64(r.DF) > total {
			return nil, fmt.Errorf("%w: row %d counts %d of %d", ErrStatistics, i, r.DF, total)
		}
	}
	return newStatistics(version, total, slices.Clone(rows)), nil
}

// newStatistics takes rows that are sorted and in range.
func newStatistics(version uint32, total uint64, rows []TokenCount) *Statistics {
	s := &Statistics{version: version, norm: NormVersion, total: total, rows: rows, surprisal: make([]int32, len(rows)),
		idf: make([]int32, len(rows)), unseen: surprisal(total, 0)}
	commonest := uint32(0)
	for _, r := range rows {
		commonest = max(commonest, r.DF)
	}
	s.unseenIDF = surprisal(uint64(commonest), 0)
	bucket := uint64(0)
	for i, r := range rows {
		s.surprisal[i] = surprisal(total, r.DF)
		s.idf[i] = surprisal(uint64(commonest), r.DF)
		for ; bucket <= uint64(r.ID)>>(64-bucketBits); bucket++ {
			s.first[bucket] = uint32(i)
		}
	}
	for ; bucket < uint64(len(s.first)); bucket++ {
		s.first[bucket] = uint32(len(rows))
	}
	return s
}

// surprisal returns min(12, log2(T+1) - log2(df+1)) in Q16, never below zero.
func surprisal(total uint64, df uint32) int32 {
	g := int64(Log2Q16(total+1)) - int64(Log2Q16(uint64(df)+1))
	return int32(min(max(g, 0), int64(MaxSurprisal)))
}

// Surprisal returns the weight of a token in Q16 bits: min(12, log2(T+1) - log2(df+1)), with df = 0 for a token that is
// not in the table.
func (s *Statistics) Surprisal(id TokenID) int32 {
	if i, ok := s.find(id); ok {
		return s.surprisal[i]
	}
	return s.unseen
}

// IDF returns how telling it is that two texts share a token, in Q16 bits: min(12, log2(D+1) - log2(df+1)), where D is
// the df of the commonest token. It is zero for that one.
func (s *Statistics) IDF(id TokenID) int32 {
	if i, ok := s.find(id); ok {
		return s.idf[i]
	}
	return s.unseenIDF
}

// find returns the row of a token.
func (s *Statistics) find(id TokenID) (int, bool) {
	bucket := uint64(id) >> (64 - bucketBits)
	lo, hi := int(s.first[bucket]), int(s.first[bucket+1])
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if s.rows[m].ID < id {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo, lo < len(s.rows) && s.rows[lo].ID == id
}

// Norm returns the NormVersion whose tokens the table counts. What is attributed or verified with it is cut into tokens
// by these rules, whatever the leaf of a segment names.
func (s *Statistics) Norm() uint8 { return s.norm }

// Version returns the table's version.
func (s *Statistics) Version() uint32 { return s.version }

// Total returns T, the number of tokens the counts are scaled to.
func (s *Statistics) Total() uint64 { return s.total }

// Len returns the number of rows.
func (s *Statistics) Len() int { return len(s.rows) }

// Root returns SHA-256("openledger/statistics/v1" ‖ be32 version ‖ be64 T ‖ be32 rows ‖ Merkle root), where the leaf of
// a row is LeafHash(be64 id ‖ be32 df). It hashes the whole table: keep the result.
func (s *Statistics) Root() Hash {
	root := MerkleRoot(statisticsLeaves(s.rows))
	b := []byte("openledger/statistics/v1")
	b = binary.BigEndian.AppendUint32(b, s.version)
	b = binary.BigEndian.AppendUint64(b, s.total)
	b = binary.BigEndian.AppendUint32(b, uint32(len(s.rows)))
	return hashConcat(b, root[:])
}

func statisticsLeaves(rows []TokenCount) []Hash {
	leaves := make([]Hash, len(rows))
	for i, r := range rows {
		var b [12]byte
		binary.BigEndian.PutUint64(b[:8], uint64(r.ID))
		binary.BigEndian.PutUint32(b[8:], r.DF)
		leaves[i] = LeafHash(b[:])
	}
	return leaves
}
