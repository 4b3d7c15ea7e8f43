// Package influence estimates what each contribution to an adapter's training did to the adapter, so that an answer of
// the adapter can be traced to contributions.
//
// A text of the training has a gradient: the change of the adapter's numbers that makes the text likelier. An answer
// has a gradient, too. Where both point the same way, the answer would be less likely without the text. The part of a
// gradient that many texts have in common says little about one text, so it is removed first.
//
//	rows, err := influence.Compute(ctx, trained, texts, tokens, options) // after training: sketches and table
//	query, err := influence.Of(ctx, model, adapter, messages, answer)    // for an answer
//	score := query.Score(&rows[i].Sketch, rows[i].Tokens, len(rows))
//
// Gradients are taken with half of the adapter on, which is a point between the base and the adapter. The base knows
// none of the texts. The whole adapter has learned them so well that their gradients are small. Only the adapter is
// needed for this, and no checkpoint of the training.
//
// # Sketches
//
// A gradient is projected to Size sums. Each of its numbers is added, with a sign, to four sums, one in each block of
// 1,024. The sums and the signs follow from the tensor's name and the number's place in the tensor. g_s is the
// projected gradient of the summed loss of text s. K = Σ g_s·g_sᵀ. λ is Lambda times K's trace, divided by the lesser
// of Size and the number of texts. h_s = (K + λI)⁻¹·g_s. A group's sketch is the sum of h_s over its texts. If a text
// derives from texts of other groups, these groups get that part of h_s. Since a sketch is a sum, it does not matter
// how a contribution is cut into texts.
//
// A query is u = g/|g| of an answer, times its number of tokens. All sketches are multiplied by one factor, chosen so
// that an average text of the training gets one bit a token from all groups together. So scores are in bits. Sketches
// and queries are rounded to whole numbers of four bits times a power of two, the one that leaves the least error. The
// projection's error is so much larger than that of the rounding that many sums of few bits say more than few sums of
// many bits.
//
// Products of a query and a sketch that have nothing to do with each other are not 0, but have a standard deviation of
// √(Σ q² · Σ h² / Size). Half of them are above 0, so with many groups these would get most of an answer. Hence a score
// is the dot product less √(2n) such deviations, where n is the number of binary digits of ⌈groups / NoiseGroup⌉. It is
// at least 0 and at most Kappa bits for each token of the group. It is exact: package poa computes the same numbers.
//
// While they are computed, each text and each group takes 32 kB of memory.
//
// # The influence table
//
// Each text of the training is taken as an answer; of more than 1,024 texts, 1,024 at equal distances in their order. A
// text divides as many parts as it has learned tokens among the groups, in proportion to their scores. A group's share
// is what it gets from all these texts, in millionths of all parts, rounded down.
//
// Everything before the rounding is float64 and float32 arithmetic in a fixed order, without fused multiplication. So
// sketches, table and queries have the same bits on every machine and with any number of threads.
package influence
