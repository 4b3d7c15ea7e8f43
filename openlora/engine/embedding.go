package engine

import "math"

// Embedder is an engine that turns texts into vectors.
type Embedder interface {
	// Name of the model that makes the vectors, and how many numbers they have.
	Name() string
	Dimensions() int
	// Embed returns a vector of length 1 for a text, and how many tokens of the model the text has. A text without a token
	// gets a vector of zeros.
	Embed(text string) (vector []float32, tokens int)
}

var _ Embedder = (*Embedded)(nil)

// Dimensions implements Embedder.
func (e *Embedded) Dimensions() int { return e.model.Checkpoint.Config.HiddenSize }

// rareShare places the half of the weight: a token whose number is a seventh of the vocabulary counts half as much as
// one that hardly ever occurs.
const rareShare = 7

// Embed implements Embedder: the mean of the base's own vectors of the text's tokens, those of rare tokens weighing
// more. How rare a token is, its number says: tokenizers give the lowest to what occurs most. Of a base that was
// trained to predict this finds related texts better than the mean of its last states does (TestEmbeddings).
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
