package main

import (
	"bytes"

	"github.com/cosmos/cosmos-sdk/store/v2/cachemulti"
	"github.com/cosmos/cosmos-sdk/store/v2/listenkv"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// writes counts what was written to the store: keys, and the bytes of keys and values.
type writes struct{ keys, bytes int }

func (w *writes) add(kv *storetypes.StoreKVPair) {
	w.keys++
	w.bytes += len(kv.Key) + len(kv.Value)
}

// minus returns the difference, but not below 0: blocks differ a little from each other.
func (w writes) minus(v writes) writes {
	return writes{max(0, w.keys-v.keys), max(0, w.bytes-v.bytes)}
}

// written returns what the last block wrote. A removal counts as a key.
func (w *world) written() writes {
	all, _ := w.writtenOf(nil)
	return all
}

// writtenOf returns the keys that the last block wrote, and how many of them still have the value that a given part of
// the block wrote.
func (w *world) writtenOf(part []*storetypes.StoreKVPair) (all, left writes) {
	values := make(map[string][]byte, len(part))
	for _, kv := range part {
		values[kv.StoreKey+"/"+string(kv.Key)] = kv.Value
	}
	for _, kv := range w.store.PopStateCache() {
		all.add(kv)
		if value, ok := values[kv.StoreKey+"/"+string(kv.Key)]; ok && !kv.Delete && bytes.Equal(value, kv.Value) {
			left.add(kv)
		}
	}
	return all, left
}

// trace runs a part of a block in a branch of its own, as transactions run, and returns what it wrote.
func (b *block) trace(run func(ctx sdk.Context) error) ([]*storetypes.StoreKVPair, error) {
	stores := make(map[storetypes.StoreKey]storetypes.CacheWrapper)
	listener := storetypes.NewMemoryListener()
	for _, key := range b.world.store.StoreKeysByName() {
		stores[key] = listenkv.NewStore(b.branch.GetKVStore(key), key, listener)
	}
	branch := cachemulti.NewStore(stores)
	if err := run(b.ctx.WithMultiStore(branch)); err != nil {
		return nil, err
	}
	branch.Write()
	return listener.PopStateCache(), nil
}
