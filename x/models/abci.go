package models

import "context"

// EndBlock implements appmodule.HasEndBlocker; see keeper.EndBlock.
func (am AppModule) EndBlock(ctx context.Context) error { return am.keeper.EndBlock(ctx) }
