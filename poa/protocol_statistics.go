package poa

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

const (
	// ProtocolStatisticsVersion is the version of the embedded table.
	ProtocolStatisticsVersion = 1
	// ProtocolStatisticsTotal is the T its counts are scaled to: 2^20 tokens.
	ProtocolStatisticsTotal = 1 << 20
)

// protocolTable has one line "count token" per token, written by internal/gentable. Its root is frozen by a test.
//
//go:embed statistics_v1.txt
var protocolTable string

var loadProtocolStatistics = sync.OnceValue(func() *Statistics {
	return newStatistics(ProtocolStatisticsVersion, ProtocolStatisticsTotal, parseTable(protocolTable))
})

// ProtocolStatistics returns the protocol's own table, for DataNets below 1,000,000 tokens: the 6,000 commonest tokens of technical
// and general prose in fifteen languages.
func ProtocolStatistics() *Statistics { return loadProtocolStatistics() }

// parseTable reads lines "count token" and sorts them by token id. Of lines that are malformed or repeat a token none or the
// smallest count stays; the embedded table has no such line.
func parseTable(text string) []TokenCount {
	var rows []TokenCount
	h := tokenHasher{}
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

// parseCount returns a decimal number of 1 … ProtocolStatisticsTotal, and 0 for anything else.
func parseCount(s string) uint32 {
	n := uint32(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint32(c-'0')
		if n > ProtocolStatisticsTotal {
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
