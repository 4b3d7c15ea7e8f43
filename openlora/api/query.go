package api

import (
	"crypto/sha256"
	"errors"

	"github.com/openledger/openledger/poa"
)

// queryTag separates hashes of questions from others.
const queryTag = "openledger/query/v2"

// paidAside are the fields of a request that are no part of the question: how it is paid, and how the answer is
// delivered.
var paidAside = []string{"openledger", "stream", "stream_options"}

// Query returns what a request asks, in the form that is hashed: the canonical form of its body without the fields that
// say how it is paid and delivered. Everything else, known or not, is a part of the question.
func Query(body []byte) ([]byte, error) {
	value, err := parse(body)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	for _, name := range paidAside {
		delete(object, name)
	}
	return appendCanonical(nil, object), nil
}

// QueryHash commits to a question: SHA-256(tag ‖ call key ‖ query). The key hides short questions.
func QueryHash(callKey poa.Hash, query []byte) poa.Hash {
	data := append([]byte(queryTag), callKey[:]...)
	return sha256.Sum256(append(data, query...))
}
