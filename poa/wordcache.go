package poa

import "sync"

// cachedWords is how many words of answers, and of segments, are kept with what they mean: about 10 MB.
const cachedWords = 1 << 14

// wordCache keeps what words mean, by the word itself: ids may collide, and what is kept must not depend on what came before. Senses that it
// returns must not be modified. It is safe for concurrent use.
type wordCache struct {
	mutex sync.RWMutex
	words map[string][]Sense
}

// answerWords and segmentWords are kept for norm versions 1 and 2.
var answerWords, segmentWords [2]wordCache

func (x *interpreter) cache(caches *[2]wordCache) *wordCache {
	if x.norm == NormVersion1 {
		return &caches[0]
	}
	return &caches[1]
}

// senses returns those of a word, which find returns where they are not known.
func (c *wordCache) senses(word []byte, find func() []Sense) []Sense {
	c.mutex.RLock()
	senses, known := c.words[string(word)]
	c.mutex.RUnlock()
	if known {
		return senses
	}
	senses = find()
	c.mutex.Lock()
	if len(c.words) >= cachedWords || c.words == nil {
		c.words = make(map[string][]Sense)
	}
	c.words[string(word)] = senses
	c.mutex.Unlock()
	return senses
}
