package types

import (
	"encoding/binary"

	"github.com/openledger/openledger/poa"
)

// MaxScore of a contribution; what an owner accepts has it.
const MaxScore = 1000

const contributionLeafTag = "openledger/contribution/v1"

// Leaves returns the leaves of an accepted contribution in the two Merkle mountain ranges of its DataNet. The first is
// LeafHash(tag ‖ be64 rank ‖ len8 contributor ‖ contributor ‖ root ‖ be32 segments ‖ be64 tokens ‖ statistics root ‖
// derivations), with the contributor's bech32 address and be32 segment ‖ be64 rank ‖ be32 ppm of each derivation; the
// second LeafHash(statistics root).
func Leaves(c Contribution) (contribution, statistics poa.Hash, err error) {
	root, err := poa.HashFromBytes(c.Root)
	if err != nil {
		return contribution, statistics, err
	}
	statisticsRoot, err := poa.HashFromBytes(c.StatisticsRoot)
	if err != nil {
		return contribution, statistics, err
	}
	data := binary.BigEndian.AppendUint64([]byte(contributionLeafTag), c.Rank)
	data = append(data, byte(len(c.Contributor)))
	data = append(data, c.Contributor...)
	data = append(data, root[:]...)
	data = binary.BigEndian.AppendUint32(data, c.Segments)
	data = binary.BigEndian.AppendUint64(data, c.Tokens)
	data = append(data, statisticsRoot[:]...)
	for _, d := range c.Derivations {
		data = binary.BigEndian.AppendUint32(data, d.Segment)
		data = binary.BigEndian.AppendUint64(data, d.Rank)
		data = binary.BigEndian.AppendUint32(data, d.Ppm)
	}
	return poa.LeafHash(data), poa.LeafHash(statisticsRoot[:]), nil
}

// NewAccumulator stores a Merkle mountain range.
func NewAccumulator(m poa.MMR) Accumulator {
	return Accumulator{Count: m.Count, Peaks: poa.HashesToBytes(m.Peaks)}
}

// MMR returns the stored range; it fails when peaks and count disagree.
func (a Accumulator) MMR() (poa.MMR, error) {
	peaks, err := poa.HashesFromBytes(a.Peaks)
	m := poa.MMR{Count: a.Count, Peaks: peaks}
	if err != nil {
		return m, err
	}
	return m, m.Validate()
}
