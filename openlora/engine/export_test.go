package engine

import "github.com/openledger/openledger/openlora/terms"

// Coverage is coverage, for tests.
func Coverage(question, text string, rarity func(terms.Term) int64) (covered, all int64) {
	return coverage(terms.Words(question), text, rarity)
}
