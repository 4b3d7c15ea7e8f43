package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// luck is the source of everything random in a world. Each stage of a cohort has random numbers of its own. Two worlds
// with the same luck, in which people act differently, get the same items, seats and opinions, as far as these do not
// depend on the actions.
type luck struct {
	seed   uint64
	name   string
	cohort int
	rand   *rand.Rand
	blocks *rand.Rand
}

// begin sets the luck to that of a cohort.
func (l *luck) begin(cohort int) {
	l.cohort = cohort
	l.stage("items")
	l.blocks = l.numbers("blocks")
}

// stage sets the luck to that of a stage of the cohort.
func (l *luck) stage(name string) { l.rand = l.numbers(name) }

func (l *luck) numbers(stage string) *rand.Rand {
	hash := fnv.New64a()
	fmt.Fprint(hash, l.name, "/", l.cohort, "/", stage)
	return rand.New(rand.NewPCG(l.seed, hash.Sum64()))
}

// randomHash returns 32 random bytes.
func randomHash(r *rand.Rand) []byte {
	hash := make([]byte, 0, 32)
	for range 4 {
		hash = binary.BigEndian.AppendUint64(hash, r.Uint64())
	}
	return hash
}
