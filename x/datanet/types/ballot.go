package types

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	ballotTag = "openledger/ballot/v1"
	goldTag   = "openledger/gold/v1"
	markTag   = "openledger/gold-mark/v1"
	seatTag   = "openledger/seat/v1"
	checkTag  = "openledger/check/v1"
)

// BallotHash seals a ballot: SHA-256(tag ‖ be64 cohort ‖ be32 round ‖ len8 address ‖ address ‖ be32 votes ‖ (accept ‖
// be32 score ‖ reason) for each ‖ salt). The round keeps a ballot of a panel that did not decide from being copied.
func BallotHash(cohort uint64, round uint32, validator sdk.AccAddress, votes []Vote, salt []byte) []byte {
	data := binary.BigEndian.AppendUint64([]byte(ballotTag), cohort)
	data = binary.BigEndian.AppendUint32(data, round)
	data = append(append(data, byte(len(validator))), validator...)
	data = binary.BigEndian.AppendUint32(data, uint32(len(votes)))
	for _, vote := range votes {
		accept := byte(0)
		if vote.Accept {
			accept = 1
		}
		data = append(data, accept)
		data = binary.BigEndian.AppendUint32(data, vote.Score)
		data = append(data, byte(vote.Reason))
	}
	sum := sha256.Sum256(append(data, salt...))
	return sum[:]
}

// GoldHash hides which item of a cohort is gold:
// SHA-256(tag ‖ be64 cohort ‖ be64 rank ‖ kind ‖ len8 planter ‖ planter ‖ salt).
func GoldHash(cohort, rank uint64, kind GoldKind, planter sdk.AccAddress, salt []byte) []byte {
	data := binary.BigEndian.AppendUint64([]byte(goldTag), cohort)
	data = binary.BigEndian.AppendUint64(data, rank)
	data = append(data, byte(kind), byte(len(planter)))
	sum := sha256.Sum256(append(append(data, planter...), salt...))
	return sum[:]
}

// GoldMark is the mark of a contribution that its contributor lets somebody
// open as gold: SHA-256(tag ‖ len8 planter ‖ planter ‖ salt), with the salt of
// the seal. All contributions under panel review have a mark; those of others
// are random. Without it an owner could have rejected what panels accept.
func GoldMark(planter sdk.AccAddress, salt []byte) []byte {
	data := append([]byte(markTag), byte(len(planter)))
	sum := sha256.Sum256(append(append(data, planter...), salt...))
	return sum[:]
}

// SeatHash is the random number that draws a seat:
// SHA-256(tag ‖ block hash ‖ be64 cohort ‖ be32 round ‖ be32 seat ‖ be32 try).
func SeatHash(block []byte, cohort uint64, round, seat, try uint32) []byte {
	data := binary.BigEndian.AppendUint64(append([]byte(seatTag), block...), cohort)
	for _, n := range []uint32{round, seat, try} {
		data = binary.BigEndian.AppendUint32(data, n)
	}
	sum := sha256.Sum256(data)
	return sum[:]
}

// CheckHash is the random number that says whether an item of a cohort is
// checked, and which: SHA-256(tag ‖ block hash ‖ be64 cohort).
func CheckHash(block []byte, cohort uint64) []byte {
	data := binary.BigEndian.AppendUint64(append([]byte(checkTag), block...), cohort)
	sum := sha256.Sum256(data)
	return sum[:]
}

// MaxSeatsOf returns how many seats of a panel one account may have: so few
// that it cannot keep an item out by itself.
func (p ReviewParams) MaxSeatsOf() uint32 { return max(1, p.Seats-p.AcceptSeats) }

// FewestSeats is how few seats of a panel may decide. Whatever interrupted the drawing, a panel of review has as many
// as it takes to accept of those that it was to have, and never less than MinSeats; panels of appeal have what they
// were promised; and what bounties of the pool are to pay for takes a full panel.
func (p ReviewParams) FewestSeats(c Cohort) uint32 {
	switch {
	case c.Kind != COHORT_KIND_REVIEW:
		return c.Needed
	case c.Pledge.IsPositive():
		return p.Seats
	}
	return max(p.MinSeats, uint32(p.AcceptNeeded(int(c.Wanted))))
}

// ValidateVotes reports votes that cannot be counted.
func ValidateVotes(votes []Vote) error {
	for i, vote := range votes {
		if vote.Score > MaxScore {
			return errorsmod.Wrapf(ErrBallot, "vote %d: score %d, at most %d", i, vote.Score, MaxScore)
		}
		if _, known := RejectReason_name[int32(vote.Reason)]; !known {
			return errorsmod.Wrapf(ErrBallot, "vote %d: reason %d is unknown", i, vote.Reason)
		}
		switch {
		case vote.Accept && (vote.Score == 0 || vote.Reason != REJECT_REASON_UNSPECIFIED):
			return errorsmod.Wrapf(ErrBallot, "vote %d accepts: it needs a score of at least 1 and no reason", i)
		case !vote.Accept && vote.Reason == REJECT_REASON_UNSPECIFIED:
			return errorsmod.Wrapf(ErrBallot, "vote %d rejects: say why", i)
		}
	}
	return nil
}

// AcceptNeeded returns how many of the seats drawn must accept, in the
// proportion of a full panel, rounded up.
func (p ReviewParams) AcceptNeeded(drawn int) int {
	return (drawn*int(p.AcceptSeats) + int(p.Seats) - 1) / int(p.Seats)
}

// GoldNeeded returns the least number of gold items in a cohort: the share,
// rounded up, and at least one of each verdict.
func GoldNeeded(items int, goldPPM uint32) int {
	return max(2, (items*int(goldPPM)+ppm-1)/ppm)
}

// Median returns the lower median of scores, 0 for none. It sorts them.
func Median(scores []uint32) uint32 {
	if len(scores) == 0 {
		return 0
	}
	slices.Sort(scores)
	return scores[(len(scores)-1)/2]
}

// GoldAnswers counts the answers of a seat on gold.
type GoldAnswers struct {
	BadRight, BadWrong     int // items that must be rejected
	SoundRight, SoundWrong int // items that must be accepted
	CheckedRight           int // of the bad ones, those that the chain checked itself
	CheckedWrong           int
}

// Graded reports whether both verdicts occur, so that no constant answer scores.
func (t GoldAnswers) Graded() bool {
	return t.BadRight+t.BadWrong > 0 && t.SoundRight+t.SoundWrong > 0
}

// Score returns the gold score in parts per million, between −1,000,000 and
// 1,000,000: the mean over both verdicts of (right − wrong)/all. Constant
// answers score 0, guesses 0 on average.
func (t GoldAnswers) Score() int64 {
	if !t.Graded() {
		return 0
	}
	half := func(right, wrong int) int64 { return int64(right-wrong) * (ppm / 2) / int64(right+wrong) }
	return half(t.BadRight, t.BadWrong) + half(t.SoundRight, t.SoundWrong)
}

// Failed returns by how much, in parts per million, wrong answers exceed right
// ones on the gold that the chain checked itself; stake is slashed in this
// proportion. Gold that the owner vouches for costs pay only: an owner could lie.
func (t GoldAnswers) Failed() int64 {
	if t.CheckedWrong <= t.CheckedRight {
		return 0
	}
	return int64(t.CheckedWrong-t.CheckedRight) * ppm / int64(t.CheckedWrong+t.CheckedRight)
}
