// Package influence says what each contribution to an adapter's training did to the adapter, so that an answer of the
// adapter can be traced to them.
//
// A text that was trained on has a gradient: how the adapter's numbers would have to change for the text to be
// likelier. An answer has one too. Where both point the same way, the adapter would say the answer less readily without
// the text. What a gradient has in common with those of many other texts says little, so it is taken away first.
//
//	result, err := influence.Compute(ctx, options, texts, tokens) // after training: sketches and the influence table
//	query, err := influence.Of(ctx, model, adapter, messages, answer)  // for an answer
//	score := query.Score(&result.Rows[i].Sketch, result.Rows[i].Tokens)
//
// Gradients are taken where half of the adapter is on: between the base, which knows none of the texts, and the
// adapter, which has learned them so well that little is left to see. Nothing but the adapter is needed for that.
//
// # Sketches
//
// A gradient is projected to Size sums: each of its numbers goes to eight of them, one in each block of 64, with a
// sign; which and how follows from the tensor's name and the number's place. g_s is the projected gradient of the
// summed loss of text s; K = Σ g_s·g_sᵀ, λ = Lambda times K's trace over the lesser of Size and the number of texts,
// and h_s = (K + λI)⁻¹·g_s. A group's sketch is the sum of h_s over its texts, of which a text passes on what it
// derives from texts of other groups. It is a sum, so it matters not how a contribution is cut into texts.
//
// A query is u = g/|g| of an answer, times its number of tokens. Sketches have one factor for all groups, such that an
// average text of the training gets one bit a token from all groups together: scores are in bits. Both are rounded to
// int16: a sketch to multiples of 2^-Shift, a query to a power of two that uses all bits. A score is the product, not
// less than 0 and not more than Kappa bits for each token of the group; it is exact in integers.
//
// # The influence table
//
// Each text of the training, or 1,024 of them at equal distances in their order, is taken as an answer and shares out
// as many parts as it has learned tokens, by scores. A group's share is what it gets from all of them, in millionths of
// all parts, rounded down.
//
// Everything before the rounding is float64 and float32 in a fixed order without fused multiplication, so that
// sketches, table and queries have the same bits on every machine, with any number of threads.
package influence
