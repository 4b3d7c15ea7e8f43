package chain

import (
	"encoding/hex"
	"regexp"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorsmod "cosmossdk.io/errors"
)

func decodeHex(text string) ([]byte, error) { return hex.DecodeString(text) }

// codeOf finds "codespace xyz code 12" in the text of a failed simulation,
// which carries the error of the message only as text.
var codeOf = regexp.MustCompile(`codespace ([a-z_]+) code ([0-9]+)`)

// refusedBySimulation turns a failed simulation into a RefusedError when the
// message itself failed; a node that cannot be reached stays what it is.
func refusedBySimulation(err error) error {
	state, ok := status.FromError(err)
	if !ok || state.Code() == codes.Unavailable || state.Code() == codes.DeadlineExceeded ||
		state.Code() == codes.Canceled {
		return err
	}
	// The last one is the node's own; what is before may be anybody's text.
	if matches := codeOf.FindAllStringSubmatch(state.Message(), -1); matches != nil {
		match := matches[len(matches)-1]
		code, _ := strconv.ParseUint(match[2], 10, 32)
		return &RefusedError{Codespace: match[1], Code: uint32(code), Log: state.Message()}
	}
	return &RefusedError{Codespace: errorsmod.UndefinedCodespace, Code: 1, Log: state.Message()}
}
