// Package modulekit holds what every module of the chain does in the same way.
package modulekit

import (
	"context"
	"fmt"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Attempt runs a step of a block hook in a cached context and keeps its changes
// and events only when it succeeds. A panic is an error.
func Attempt(ctx sdk.Context, run func(sdk.Context) error) (err error) {
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

// Values returns all values of a map in the order of its keys.
func Values[K, V any](ctx context.Context, m collections.Map[K, V]) ([]V, error) {
	iterator, err := m.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return iterator.Values()
}

// Args names the positional arguments of a command by the fields they fill.
func Args(fields ...string) []*autocliv1.PositionalArgDescriptor {
	out := make([]*autocliv1.PositionalArgDescriptor, len(fields))
	for i, field := range fields {
		out[i] = &autocliv1.PositionalArgDescriptor{ProtoField: field}
	}
	return out
}

// FirstKey returns the first key of an iterator, if it has any, and closes it:
//
//	key, found, err := FirstKey(m.Iterate(ctx, ranger))
func FirstKey[K any, I interface {
	Valid() bool
	Key() (K, error)
	Close() error
}](iterator I, failed error) (key K, found bool, err error) {
	if failed != nil {
		return key, false, failed
	}
	defer iterator.Close()
	if !iterator.Valid() {
		return key, false, nil
	}
	key, err = iterator.Key()
	return key, err == nil, err
}
