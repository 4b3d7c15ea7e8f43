package voteext

import (
	"bytes"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/openledger/openledger/x/attribution/types"
)

// marker starts an injection. Its first byte has wire type 7, which protobuf does not have: no transaction starts with
// it.
var marker = []byte("\xff\xffolvote\x01")

// signatureSize of an extension's signature: validators of this chain have ed25519 keys.
const signatureSize = 64

// IsInjection reports whether bytes in the place of a transaction are an injection, well-formed or not.
func IsInjection(tx []byte) bool { return bytes.HasPrefix(tx, marker) }

// vote is what the injection holds of a vote; addresses and powers stand in the block's last commit.
type vote struct {
	flag      cmtproto.BlockIDFlag
	extension []byte
	signature []byte
}

// encode returns the injection: the marker, and for each vote its flag and, if it is a vote for the block, the length
// of the extension (1 byte), the extension and its signature.
func encode(votes []vote) []byte {
	out := bytes.Clone(marker)
	for _, v := range votes {
		out = append(out, byte(v.flag))
		if v.flag == cmtproto.BlockIDFlagCommit {
			out = append(out, byte(len(v.extension)))
			out = append(append(out, v.extension...), v.signature...)
		}
	}
	return out
}

// decode reads an injection of n votes and nothing else. Each has one encoding.
func decode(tx []byte, n int) ([]vote, error) {
	rest, ok := bytes.CutPrefix(tx, marker)
	if !ok {
		return nil, fmt.Errorf("no injection")
	}
	votes := make([]vote, n)
	for i := range votes {
		if len(rest) == 0 {
			return nil, fmt.Errorf("vote %d of %d is missing", i, n)
		}
		v := &votes[i]
		v.flag, rest = cmtproto.BlockIDFlag(rest[0]), rest[1:]
		switch v.flag {
		case cmtproto.BlockIDFlagAbsent, cmtproto.BlockIDFlagNil:
			continue
		case cmtproto.BlockIDFlagCommit:
		default:
			return nil, fmt.Errorf("vote %d has flag %d", i, v.flag)
		}
		if len(rest) == 0 || int(rest[0]) > types.MaxExtensionBytes || len(rest) < 1+int(rest[0])+signatureSize {
			return nil, fmt.Errorf("extension of vote %d is cut off or above %d bytes", i, types.MaxExtensionBytes)
		}
		size := int(rest[0])
		v.extension, v.signature, rest = rest[1:1+size], rest[1+size:1+size+signatureSize], rest[1+size+signatureSize:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes behind the last vote", len(rest))
	}
	return votes, nil
}

// fromCommit returns the votes that a proposer injects. A vote whose extension is too large, or has no signature,
// counts as absent: late votes reach the proposer without having been verified.
func fromCommit(commit abci.ExtendedCommitInfo) []vote {
	votes := make([]vote, len(commit.Votes))
	for i, v := range commit.Votes {
		votes[i].flag = v.BlockIdFlag
		switch {
		case v.BlockIdFlag == cmtproto.BlockIDFlagNil:
		case v.BlockIdFlag == cmtproto.BlockIDFlagCommit && len(v.VoteExtension) <= types.MaxExtensionBytes &&
			len(v.ExtensionSignature) == signatureSize:
			votes[i].extension, votes[i].signature = v.VoteExtension, v.ExtensionSignature
		default:
			votes[i].flag = cmtproto.BlockIDFlagAbsent
		}
	}
	return votes
}

// commitOf joins injected votes with the block's last commit.
func commitOf(votes []vote, last abci.CommitInfo) abci.ExtendedCommitInfo {
	out := abci.ExtendedCommitInfo{Round: last.Round, Votes: make([]abci.ExtendedVoteInfo, len(votes))}
	for i, v := range votes {
		out.Votes[i] = abci.ExtendedVoteInfo{
			Validator: last.Votes[i].Validator, BlockIdFlag: v.flag, VoteExtension: v.extension, ExtensionSignature: v.signature,
		}
	}
	return out
}

// LargestExtension returns the size of the largest extension in an injection of n votes, for those who watch a network.
func LargestExtension(tx []byte, n int) (int, error) {
	votes, err := decode(tx, n)
	largest := 0
	for _, v := range votes {
		largest = max(largest, len(v.extension))
	}
	return largest, err
}
