// Package request reads the requests of queries, and answers those that cannot be met with a status of gRPC.
package request

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
)

// ErrEmpty is the answer to a request that is nil.
var ErrEmpty = status.Error(codes.InvalidArgument, "empty request")

// Status turns the not-found errors of the keeper into the status of gRPC; other errors stay as they are.
func Status(err error) error {
	for _, missing := range []error{types.ErrDataNetNotFound, types.ErrCommitNotFound, types.ErrContributionNotFound,
		types.ErrVersionNotFound} {
		if errors.Is(err, missing) {
			return status.Error(codes.NotFound, err.Error())
		}
	}
	return err
}

// Address parses the field of a request that is an address.
func Address(field, text string) (sdk.AccAddress, error) {
	address, err := sdk.AccAddressFromBech32(text)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "%s %q: %s", field, text, err)
	}
	return address, nil
}
