package poa

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

const (
	// ProtocolStatisticsVersion is the version of the embedded table that is used.
	ProtocolStatisticsVersion = 2
	// ProtocolStatisticsTotal is its T. Its counts are 17/20 of shares of 2^20 tokens; against this T they are 14/20, .51
	// bits a token: the largest share in 74 languages is larger than that in one (ADR 0033).
	ProtocolStatisticsTotal = 1_273_270
	// scaledTotal is what the generator scales counts to, and the T of version 1.
	scaledTotal = 1 << 20
)

// protocolTable and protocolTableV1 have one line "count token" per token, written by internal/gentable. Their roots
// are frozen by a test.
var (
	//go:embed statistics_v2.txt
	protocolTable string
	//go:embed statistics_v1.txt
	protocolTableV1 string
)

var loadProtocolStatistics = sync.OnceValue(func() *Statistics {
	return newStatistics(ProtocolStatisticsVersion, ProtocolStatisticsTotal, parseTable(protocolTable, NormVersion))
})

var loadProtocolStatisticsV1 = sync.OnceValue(func() *Statistics {
	s := newStatistics(1, scaledTotal, parseTable(protocolTableV1, NormVersion1))
	s.norm = NormVersion1
	return s
})

// ProtocolStatistics returns the protocol's own table: the commonest tokens of technical and general prose in many
// languages (README, section 3).
func ProtocolStatistics() *Statistics { return loadProtocolStatistics() }

// ProtocolStatisticsV1 returns the first table, with which evidence of version 1 is verified.
func ProtocolStatisticsV1() *Statistics { return loadProtocolStatisticsV1() }

// parseTable reads lines "count token" and sorts them by token id. Of lines that are malformed or repeat a token none
// or the smallest count stays; the embedded table has no such line.
func parseTable(text string, norm uint8) []TokenCount {
	var rows []TokenCount
	h := tokenHasher{norm: norm}
	for line := range strings.Lines(text) {
		count, token, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		df := parseCount(count)
		if !ok || token == "" || df == 0 {
			continue
		}
		rows = append(rows, TokenCount{ID: h.id([]byte(token)), DF: df})
	}
	slices.SortFunc(rows, compareCounts)
	return slices.CompactFunc(rows, func(a, b TokenCount) bool { return a.ID == b.ID })
}

// parseCount returns a decimal number of 1 … scaledTotal, and 0 for anything else.
func parseCount(s string) uint32 {
	n := uint32(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint32(c-'0')
		if n > scaledTotal {
			return 0
		}
	}
	return n
}

func compareCounts(a, b TokenCount) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	default:
		return int(a.DF) - int(b.DF)
	}
}
