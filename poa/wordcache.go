package poa

import "sync"

// cachedWords is how many words of answers, and of segments, are kept with what they mean: about 10 MB.
const cachedWords = 1 << 14

// wordCache keeps what words mean, by the word itself: ids may collide, and what is kept must not depend on what came
// before. Senses that it returns must not be modified. It is safe for concurrent use.
type wordCache struct {
	mutex sync.RWMutex
	words map[string]Meaning
}

// answerWords and segmentWords are kept for norm versions 1 and 2.
var answerWords, segmentWords [2]wordCache

func (x *interpreter) cache(caches *[2]wordCache) *wordCache {
	if x.norm == NormVersion1 {
		return &caches[0]
	}
	return &caches[1]
}

// meaning returns that of a word, which find returns where it is not known.
func (c *wordCache) meaning(word []byte, find func() Meaning) Meaning {
	c.mutex.RLock()
	meaning, known := c.words[string(word)]
	c.mutex.RUnlock()
	if known {
		return meaning
	}
	meaning = find()
	c.mutex.Lock()
	if len(c.words) >= cachedWords || c.words == nil {
		c.words = make(map[string]Meaning)
	}
	c.words[string(word)] = meaning
	c.mutex.Unlock()
	return meaning
}
