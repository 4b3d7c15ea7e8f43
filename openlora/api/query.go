package api

import (
	"crypto/sha256"
	"errors"

	"github.com/openledger/openledger/poa"
)

// queryTag separates hashes of questions from other hashes.
const queryTag = "openledger/query/v2"

// asideFields are the fields of a request that do not belong to the question: how it is paid, and how the answer is
// delivered.
var asideFields = []string{"openledger", "stream", "stream_options"}

// Query returns the question of a request in the form that is hashed: the canonical form of its body, without the
// fields on payment and delivery. Every other field, known or not, belongs to the question.
func Query(body []byte) ([]byte, error) {
	value, err := parse(body)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	for _, name := range asideFields {
		delete(object, name)
	}
	return appendCanonical(nil, object), nil
}

// QueryHash returns the commitment to a question: SHA-256(tag ‖ call key ‖ query). The key keeps short questions from
// being guessed.
func QueryHash(callKey poa.Hash, query []byte) poa.Hash {
	data := append([]byte(queryTag), callKey[:]...)
	return sha256.Sum256(append(data, query...))
}
