package keeper

import (
	"fmt"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// attempt keeps the changes of run only when it succeeds; a panic is an error.
func attempt(ctx sdk.Context, run func(sdk.Context) error) (err error) {
	cached, write := ctx.CacheContext()
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("panic: %v", recovered)
		}
	}()
	if err = run(cached); err == nil {
		write()
	}
	return err
}
