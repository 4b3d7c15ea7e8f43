package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
)

// Embeddings are not answers: they have no words that could be attributed, so nobody is paid for them and there is no
// receipt. The gateway makes them only for its operator's own programs, which show a key.

// maxInputs is the largest number of texts of one request, which is OpenAI's limit, too.
const maxInputs = 2048

// embeddingRequest is the body of POST /v1/embeddings.
type embeddingRequest struct {
	model      string
	texts      []string
	dimensions int // 0 means all
	base64     bool
}

// embeddings answers POST /v1/embeddings.
func (g *Gateway) embeddings(w http.ResponseWriter, r *http.Request) {
	embedder, ok := g.Engine.(engine.Embedder)
	switch {
	case !ok || g.EmbeddingsKey == "":
		g.fail(w, &httpError{status: http.StatusForbidden, code: "embeddings_disabled",
			message: "this gateway makes no embeddings: its operator can start it with --engine embedded and " +
				"--embeddings-key-env, for programs of their own"})
		return
	case !sameKey(r, g.EmbeddingsKey):
		w.Header().Set("WWW-Authenticate", "Bearer")
		g.fail(w, &httpError{status: http.StatusUnauthorized, code: "invalid_api_key",
			message: "embeddings need the key of this gateway's operator, as Authorization: Bearer KEY"})
		return
	}
	body, err := g.read(w, r)
	if err != nil {
		g.fail(w, err)
		return
	}
	request, err := parseEmbedding(body, embedder)
	if err != nil {
		g.fail(w, err)
		return
	}
	place, err := g.turns.arrive(r.Context(), 0) // 0 is not the id of a model
	if err != nil {
		g.fail(w, err)
		return
	}
	defer place.leave()
	leave, _, err := g.turns.enter(place.ctx, 0)
	if err != nil {
		g.fail(w, place.refused(err))
		return
	}
	defer leave()
	if err := place.run(); err != nil {
		g.fail(w, err)
		return
	}
	type embedding struct {
		Object    string `json:"object"`
		Index     int    `json:"index"`
		Embedding any    `json:"embedding"`
	}
	all, tokens := make([]embedding, len(request.texts)), 0
	for i, text := range request.texts {
		if r.Context().Err() != nil {
			return
		}
		vector, n := embedder.Embed(text)
		tokens += n
		if request.dimensions > 0 && request.dimensions < len(vector) {
			vector = engine.Unit(vector[:request.dimensions])
		}
		all[i] = embedding{"embedding", i, vector}
		if request.base64 {
			all[i].Embedding = encoded(vector)
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"object": "list", "data": all, "model": embedder.Name(),
		"usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens},
	})
}

// sameKey reports whether a request shows the key, in constant time.
func sameKey(r *http.Request, key string) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(key))
	return ok && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// encoded returns the numbers as little-endian float32, in base64.
func encoded(vector []float32) string {
	raw := make([]byte, 0, 4*len(vector))
	for _, x := range vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// parseEmbedding reads a body. It refuses fields that it does not know.
func parseEmbedding(body []byte, embedder engine.Embedder) (embeddingRequest, error) {
	var out embeddingRequest
	var fields map[string]json.RawMessage
	if err := api.Decode(body, &fields); err != nil {
		return out, err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, err := fields[name], error(nil)
		switch name {
		case "model":
			if json.Unmarshal(value, &out.model) != nil {
				err = badRequest(name, "must be a string")
			}
		case "input":
			out.texts, err = inputs(value)
		case "dimensions":
			if json.Unmarshal(value, &out.dimensions) != nil || out.dimensions < 1 || out.dimensions > embedder.Dimensions() {
				err = badRequest(name, "must be a whole number from 1 to %d", embedder.Dimensions())
			}
		case "encoding_format":
			var format string
			if json.Unmarshal(value, &format) != nil || format != "float" && format != "base64" {
				err = badRequest(name, "must be float or base64")
			}
			out.base64 = format == "base64"
		case "user":
		default:
			err = api.Unsupported(name, "is not supported: leave it out")
		}
		if err != nil {
			return out, err
		}
	}
	if out.model != embedder.Name() {
		return out, &httpError{status: http.StatusNotFound, code: "model_not_found", param: "model",
			message: fmt.Sprintf("no model %q makes embeddings here: ask for %q", out.model, embedder.Name())}
	}
	if len(out.texts) == 0 {
		return out, badRequest("input", "is missing: give a text, or a list of up to %d", maxInputs)
	}
	return out, nil
}

// inputs returns the texts of a request.
func inputs(value json.RawMessage) ([]string, error) {
	var one string
	var texts []string
	switch {
	case json.Unmarshal(value, &one) == nil:
		texts = []string{one}
	case json.Unmarshal(value, &texts) != nil:
		return nil, badRequest("input", "must be a text or a list of texts: tokens are not understood here, because they "+
			"are those of another model")
	}
	if len(texts) > maxInputs {
		return nil, badRequest("input", "has %d texts: at most %d are embedded at once", len(texts), maxInputs)
	}
	for i, text := range texts {
		if text == "" {
			return nil, badRequest(fmt.Sprint("input.", i), "is empty")
		}
	}
	return texts, nil
}
