package engine

import "math"

// Embedder is an engine that turns texts into vectors.
type Embedder interface {
	// Name returns the name of the model that makes the vectors, and Dimensions the number of their elements.
	Name() string
	Dimensions() int
	// Embed returns a vector of length 1 for a text, and the number of the text's model tokens. A text without tokens gets
	// a vector of zeros.
	Embed(text string) (vector []float32, tokens int)
}

var _ Embedder = (*Embedded)(nil)

// Dimensions implements Embedder.
func (e *Embedded) Dimensions() int { return e.model.Checkpoint.Config.HiddenSize }

// rareShare sets where the weight is one half: a token whose id is a seventh of the vocabulary counts half as much as
// the rarest tokens.
const rareShare = 7

// Embed implements Embedder. It returns the mean of the base's input vectors of the text's tokens, where rare tokens
// weigh more. The id of a token tells its rarity, because tokenizers give the lowest ids to the commonest tokens. For a
// base that was trained to predict, this finds related texts better than the mean of its last states (TestEmbeddings).
func (e *Embedded) Embed(text string) (vector []float32, tokens int) {
	ids := e.model.Tokenizer.Encode(text)
	row := make([]float32, e.Dimensions())
	sum := make([]float64, len(row))
	half := float64(e.model.Checkpoint.Config.VocabSize) / rareShare
	for _, id := range ids {
		e.model.Model.Embeddings.Row(row, id)
		weight := float64(id) / (float64(id) + half)
		for i, x := range row {
			sum[i] += float64(weight * float64(x))
		}
	}
	return Unit(sum), len(ids)
}

// Unit returns a vector in the direction of v with the length 1, or zeros.
func Unit[T float32 | float64](v []T) []float32 {
	square := 0.0
	for _, x := range v {
		square += float64(float64(x) * float64(x))
	}
	out := make([]float32, len(v))
	if square == 0 || math.IsInf(square, 0) || math.IsNaN(square) {
		return out
	}
	length := math.Sqrt(square)
	for i, x := range v {
		out[i] = float32(float64(x) / length)
	}
	return out
}
