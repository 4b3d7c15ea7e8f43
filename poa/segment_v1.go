package poa

import "fmt"

// checkSegmentV1 is CheckSegment by the rules of NormVersion 1: length, encoding and code points from left to right,
// mixed alphabets within a token, number of tokens, share of stop words.
func checkSegmentV1(content []byte, rules SegmentRules) error {
	if err := checkLength(content); err != nil {
		return err
	}
	if err := checkCodePointsV1(content); err != nil {
		return err
	}
	tokens, stops := 0, 0
	h := tokenHasher{norm: NormVersion1}
	for start, end := nextTokenV1(content, 0); start < end; start, end = nextTokenV1(content, end) {
		if tokens == MaxSegmentTokens {
			return tooManyTokens(start)
		}
		if isStopWordV1(h.id(content[start:end])) {
			stops++
		}
		tokens++
	}
	if tokens == 0 {
		return noTokens()
	}
	if !rules.AllowFewStopWords && uint64(stops)*1_000_000 < uint64(tokens)*MinStopWordPPM {
		return &SegmentError{CodeFewStopWords, 0,
			fmt.Sprintf(
				"%d of %d words are common ones, at least %d %% must be; write whole sentences instead of word lists, or use a "+
					"DataNet that accepts code and tables", stops, tokens, MinStopWordPPM/10_000)}
	}
	return nil
}
