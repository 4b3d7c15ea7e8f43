package chain

import (
	"regexp"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	errorsmod "cosmossdk.io/errors"
)

// codeOf finds "codespace xyz code 12" in the error of a failed simulation, which has codespace and code only as text.
var codeOf = regexp.MustCompile(`codespace ([a-z_]+) code ([0-9]+)`)

// refusedBySimulation turns the error of a simulation into a RefusedError if the message failed. It returns the errors
// of a node that cannot be reached as they are.
func refusedBySimulation(err error) error {
	state, ok := status.FromError(err)
	if !ok || state.Code() == codes.Unavailable || state.Code() == codes.DeadlineExceeded ||
		state.Code() == codes.Canceled {
		return err
	}
	// The node adds the last match itself; what is before it may be anybody's text.
	if matches := codeOf.FindAllStringSubmatch(state.Message(), -1); matches != nil {
		match := matches[len(matches)-1]
		code, _ := strconv.ParseUint(match[2], 10, 32)
		return &RefusedError{Codespace: match[1], Code: uint32(code), Log: state.Message()}
	}
	return &RefusedError{Codespace: errorsmod.UndefinedCodespace, Code: 1, Log: state.Message()}
}
