package engine

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"

	"github.com/openledger/openledger/slm/model"
)

// prefixKey identifies a text of whole blocks by its tokens and everything else that the keys and values of its cache
// depend on.
type prefixKey struct {
	adapter *model.Adapter
	digest  [32]byte
}

// prefixCache holds blocks of texts. The least recently used ones are dropped first.
type prefixCache struct {
	entries map[prefixKey]*list.Element
	recent  *list.List // of prefixEntry, the most recently used in front
}

type prefixEntry struct {
	key   prefixKey
	block *model.Block
}

func newPrefixCache() *prefixCache {
	return &prefixCache{map[prefixKey]*list.Element{}, list.New()}
}

// root returns the key of the empty text of a scope.
func root(adapter *model.Adapter, scope string) prefixKey {
	return prefixKey{adapter, sha256.Sum256([]byte(scope))}
}

// extend returns the key of the text with one more block of tokens.
func (k prefixKey) extend(tokens []int) prefixKey {
	h := sha256.New()
	h.Write(k.digest[:])
	for _, token := range tokens {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(token))
		h.Write(b[:])
	}
	return prefixKey{k.adapter, [32]byte(h.Sum(nil))}
}

// find returns the blocks of the longest known beginning of tokens, at least one token shorter than them, and its key.
func (p *prefixCache) find(key prefixKey, tokens []int) ([]*model.Block, prefixKey) {
	var blocks []*model.Block
	for at := 0; at+model.BlockTokens < len(tokens); at += model.BlockTokens {
		next := key.extend(tokens[at : at+model.BlockTokens])
		element, ok := p.entries[next]
		if !ok {
			break
		}
		p.recent.MoveToFront(element)
		blocks, key = append(blocks, element.Value.(prefixEntry).block), next
	}
	return blocks, key
}

// add keeps a block.
func (p *prefixCache) add(key prefixKey, block *model.Block) {
	if element, ok := p.entries[key]; ok {
		p.recent.MoveToFront(element)
		return
	}
	p.entries[key] = p.recent.PushFront(prefixEntry{key, block})
}

// shrink forgets the least recently used blocks until there are at most n.
func (p *prefixCache) shrink(n int) {
	for p.recent.Len() > max(n, 0) {
		entry := p.recent.Remove(p.recent.Back()).(prefixEntry)
		delete(p.entries, entry.key)
	}
}
