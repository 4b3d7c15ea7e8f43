package model

import "github.com/openledger/openledger/slm/kernel"

// BlockTokens is the number of tokens of a block of keys and values.
const BlockTokens = 32

// Block holds keys and values of BlockTokens consecutive tokens, for all layers. A full block does not change any more,
// so conversations that begin with the same tokens can share it.
type Block struct {
	data []float32 // [layer][key, value][kv head][token][head]
}

// Cache holds the keys and values of a conversation's tokens. One goroutine at a time may use it.
type Cache struct {
	blocks []*Block
	length int
	shape  cacheShape
}

type cacheShape struct{ heads, dim, layers int }

func (s cacheShape) numbers() int { return s.layers * 2 * s.heads * BlockTokens * s.dim }

func (m *Model) cacheShape() cacheShape {
	return cacheShape{m.config.KVHeads, m.config.HeadDim, m.config.Layers}
}

// NewCache returns the cache of a conversation that begins with the tokens of full blocks: those of another cache of
// this model, with the same tokens before them and the same adapter.
func (m *Model) NewCache(full ...*Block) *Cache {
	c := &Cache{shape: m.cacheShape()}
	c.blocks = append(c.blocks, full...)
	c.length = len(full) * BlockTokens
	return c
}

// BlockBytes returns the memory of a block, in bytes.
func (m *Model) BlockBytes() int {
	return 4 * m.cacheShape().numbers()
}

// Len returns the number of tokens in the cache.
func (c *Cache) Len() int { return c.length }

// Full returns the blocks that do not change any more. They can be given to NewCache.
func (c *Cache) Full() []*Block { return c.blocks[:c.length/BlockTokens] }

// Truncate removes all tokens but the first n.
func (c *Cache) Truncate(n int) {
	if n >= c.length {
		return
	}
	c.length = max(n, 0)
	keep := (c.length + BlockTokens - 1) / BlockTokens
	clear(c.blocks[keep:])
	c.blocks = c.blocks[:keep]
	if c.length%BlockTokens != 0 {
		// The last block may be shared, so it is copied.
		data := make([]float32, len(c.blocks[keep-1].data))
		copy(data, c.blocks[keep-1].data)
		c.blocks[keep-1] = &Block{data}
	}
}

// reserve makes room for n more tokens.
func (c *Cache) reserve(n int) {
	for len(c.blocks)*BlockTokens < c.length+n {
		c.blocks = append(c.blocks, &Block{make([]float32, c.shape.numbers())})
	}
}

// keys returns the keys of a block's tokens, [token, head].
func (c *Cache) keys(block, layer, head int) kernel.Matrix { return c.part(block, 2*layer, head) }

// values returns the values of a block's tokens, [token, head].
func (c *Cache) values(block, layer, head int) kernel.Matrix { return c.part(block, 2*layer+1, head) }

func (c *Cache) part(block, which, head int) kernel.Matrix {
	size := BlockTokens * c.shape.dim
	at := (which*c.shape.heads + head) * size
	return kernel.MatrixOf(c.blocks[block].data[at:at+size], BlockTokens, c.shape.dim)
}
