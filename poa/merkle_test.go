package poa

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// merkleReference is the recursive definition of RFC 6962.
func merkleReference(leaves []Hash) Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return NodeHash(merkleReference(leaves[:k]), merkleReference(leaves[k:]))
}

func TestHashText(t *testing.T) {
	h := hashN(1)
	data := must(json.Marshal(h))
	var back Hash
	if err := json.Unmarshal(data, &back); err != nil || back != h {
		t.Fatalf("%s: %v", data, err)
	}
	upper := "A" + h.String()[1:]
	for _, s := range []string{"", "00", h.String() + "00", upper, "g" + h.String()[1:]} {
		if err := back.UnmarshalText([]byte(s)); !errors.Is(err, ErrHash) || back != h {
			t.Errorf("%q: %v", s, err)
		}
	}
	if got, err := HashFromBytes(h[:]); err != nil || got != h {
		t.Error(err)
	}
	if _, err := HashFromBytes(h[:31]); !errors.Is(err, ErrHash) {
		t.Error(err)
	}
	list := hashesN(3)
	raw := HashesToBytes(list)
	if got, err := HashesFromBytes(raw); err != nil || !slices.Equal(got, list) {
		t.Error(got, err)
	}
	raw[0][0]++ // a copy
	if list[0] != hashesN(3)[0] {
		t.Error("HashesToBytes shares memory with the hashes")
	}
	if got, err := HashesFromBytes([][]byte{raw[1], raw[2][:31]}); !errors.Is(err, ErrHash) || got != nil {
		t.Error(got, err)
	}
	if got, err := HashesFromBytes(nil); err != nil || got != nil || HashesToBytes(nil) != nil {
		t.Error(got, err)
	}
}

func TestMerkleRootIsThatOfRFC6962(t *testing.T) {
	for n := range 70 {
		if got, want := MerkleRoot(hashesN(n)), merkleReference(hashesN(n)); got != want {
			t.Fatalf("%d leaves: %s instead of %s", n, got, want)
		}
	}
	// Root of the test tree of RFC 6962 implementations, 8 leaves.
	var leaves []Hash
	for _, s := range []string{"", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "PQRSTUVW",
		"`abcdefghijklmno"} {
		leaves = append(leaves, LeafHash([]byte(s)))
	}
	if got := MerkleRoot(leaves).String(); got != "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" {
		t.Errorf("known tree has root %s", got)
	}
}

func TestMerklePaths(t *testing.T) {
	for n := 1; n <= 33; n++ {
		leaves := hashesN(n)
		root := MerkleRoot(leaves)
		for i := range leaves {
			path := must(MerklePath(leaves, i))
			if err := VerifyPath(root, leaves[i], uint64(i), uint64(n), path); err != nil {
				t.Fatal(err)
			}
			for j := range n + 2 {
				if j != i && VerifyPath(root, leaves[i], uint64(j), uint64(n), path) == nil {
					t.Fatalf("leaf %d of %d passes at index %d", i, n, j)
				}
			}
			bad := [][]Hash{append(slices.Clone(path), Hash{}), append([]Hash{{}}, path...)}
			if len(path) > 0 {
				bad = append(bad, path[1:], path[:len(path)-1])
			}
			for _, p := range bad {
				if err := VerifyPath(root, leaves[i], uint64(i), uint64(n), p); !errors.Is(err, ErrMerkleProof) {
					t.Fatalf("path of wrong length: %v", err)
				}
			}
			if err := VerifyPath(root, hashN(99), uint64(i), uint64(n), path); !errors.Is(err, ErrMerkleProof) {
				t.Fatal(err)
			}
		}
		if _, err := MerklePath(leaves, n); !errors.Is(err, ErrMerkleProof) {
			t.Fatal(err)
		}
	}
	if _, err := MerklePath(nil, -1); !errors.Is(err, ErrMerkleProof) {
		t.Fatal(err)
	}
	if err := VerifyPath(Hash{}, Hash{}, 0, ^uint64(0), make([]Hash, 100)); !errors.Is(err, ErrMerkleProof) {
		t.Fatal(err)
	}
}

func TestMultiproof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		leaves := hashesN(n)
		var positions []uint32
		var opened []Hash
		for i := range n {
			if rapid.Bool().Draw(t, "open") {
				positions, opened = append(positions, uint32(i)), append(opened, leaves[i])
			}
		}
		root, count := MerkleRoot(leaves), uint32(n)
		proof := must(Multiproof(leaves, positions))
		if err := VerifyMultiproof(root, count, positions, opened, proof); err != nil {
			t.Fatal(err)
		}
		refused := func(what string, err error) {
			if !errors.Is(err, ErrMerkleProof) {
				t.Fatalf("%s: %v", what, err)
			}
		}
		refused("longer", VerifyMultiproof(root, count, positions, opened, append(slices.Clone(proof), Hash{})))
		refused("other root", VerifyMultiproof(hashN(1000), count, positions, opened, proof))
		if len(proof) > 0 {
			refused("shorter", VerifyMultiproof(root, count, positions, opened, proof[:len(proof)-1]))
			bad := slices.Clone(proof)
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "i")][0] ^= 1
			refused("changed", VerifyMultiproof(root, count, positions, opened, bad))
		}
		if k := len(positions); k > 0 {
			refused("repeated", VerifyMultiproof(root, count, append(slices.Clone(positions), positions[k-1]),
				append(slices.Clone(opened), opened[k-1]), proof))
			refused("missing leaf", VerifyMultiproof(root, count, positions, opened[1:], proof))
			refused("outside", VerifyMultiproof(root, positions[k-1], positions, opened, proof))
			if _, err := Multiproof(leaves[:positions[k-1]], positions); !errors.Is(err, ErrMerkleProof) {
				t.Fatal(err)
			}
		}
	})
}

func TestMultiproofOfHugeTree(t *testing.T) {
	positions := []uint32{0, 1<<32 - 2}
	err := VerifyMultiproof(Hash{}, 1<<32-1, positions, make([]Hash, 2), make([]Hash, 62))
	if !errors.Is(err, ErrMerkleProof) {
		t.Fatal(err)
	}
}

func TestMMR(t *testing.T) {
	var m MMR
	if m.Validate() != nil {
		t.Fatal("empty range refused")
	}
	for n := 0; n <= 40; n++ {
		leaves := hashesN(n)
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		for i := range leaves {
			p := must(MMRProof(leaves, uint64(i)))
			if !slices.Equal(p.Peaks, m.Peaks) {
				t.Fatalf("peaks of %d leaves differ", n)
			}
			if err := VerifyMMR(m.Root(), leaves[i], p); err != nil {
				t.Fatal(err)
			}
			checkMMRMutations(t, m.Root(), leaves[i], p)
		}
		if _, err := MMRProof(leaves, uint64(n)); !errors.Is(err, ErrMMR) {
			t.Fatal(err)
		}
		m.Append(hashN(uint64(n)))
	}
	old := m
	m.Append(hashN(41))
	if old.Validate() != nil || old.Root() == m.Root() {
		t.Error("a copy changed with the original")
	}
	broken := MMR{Count: 3, Peaks: hashesN(1)}
	broken.Append(Hash{})
	if broken.Count != 3 || !errors.Is(broken.Validate(), ErrMMR) {
		t.Error("appended to an invalid range")
	}
}

func checkMMRMutations(t *testing.T, root, leaf Hash, p MMRPath) {
	t.Helper()
	mutate := func(f func(q *MMRPath)) {
		t.Helper()
		q := p
		q.Siblings, q.Peaks = slices.Clone(p.Siblings), slices.Clone(p.Peaks)
		f(&q)
		if err := VerifyMMR(root, leaf, q); !errors.Is(err, ErrMMR) {
			t.Fatalf("%+v: %v", q, err)
		}
	}
	mutate(func(q *MMRPath) { q.Index++ })
	mutate(func(q *MMRPath) { q.Count++ })
	mutate(func(q *MMRPath) { q.Siblings = append(q.Siblings, Hash{}) })
	mutate(func(q *MMRPath) { q.Peaks = append(q.Peaks, Hash{}) })
	mutate(func(q *MMRPath) { q.Peaks[0][5] ^= 1 })
	if len(p.Siblings) > 0 {
		mutate(func(q *MMRPath) { q.Siblings[0][0] ^= 1 })
		mutate(func(q *MMRPath) { q.Siblings = q.Siblings[1:] })
	}
	if err := VerifyMMR(root, hashN(12345), p); !errors.Is(err, ErrMMR) {
		t.Fatal(err)
	}
}

func TestMMRPathEncoding(t *testing.T) {
	p := must(MMRProof(hashesN(21), 18))
	data := must(p.MarshalBinary())
	var q MMRPath
	if err := q.UnmarshalBinary(data); err != nil || !slices.Equal(q.Siblings, p.Siblings) ||
		!slices.Equal(q.Peaks, p.Peaks) || q.Index != 18 || q.Count != 21 {
		t.Fatalf("%+v, %v", q, err)
	}
	for i := range data {
		if err := q.UnmarshalBinary(data[:i]); !errors.Is(err, ErrMMR) {
			t.Fatal(err)
		}
	}
	if err := q.UnmarshalBinary(append(data, 0)); !errors.Is(err, ErrMMR) {
		t.Fatal(err)
	}
	var j MMRPath
	if err := json.Unmarshal(must(json.Marshal(p)), &j); err != nil ||
		VerifyMMR(MMR{Count: 21, Peaks: p.Peaks}.Root(), hashN(18), j) != nil {
		t.Fatal(err)
	}
	if _, err := (MMRPath{Peaks: make([]Hash, 65)}).MarshalBinary(); !errors.Is(err, ErrMMR) {
		t.Fatal(err)
	}
}
