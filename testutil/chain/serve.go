package chain

import (
	"context"

	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"google.golang.org/grpc"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanetkeeper "github.com/openledger/openledger/x/datanet/keeper"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelskeeper "github.com/openledger/openledger/x/models/keeper"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// RegisterQueries serves the chain's queries. They read the state of the last block, one at a time.
func (c *Chain) RegisterQueries(server gogogrpc.Server) {
	registrar := &atLastBlock{Server: server, chain: c}
	attributiontypes.RegisterQueryServer(registrar, queryServer(c))
	datanettypes.RegisterQueryServer(registrar, datanetkeeper.NewQueryServer(c.App.DatanetKeeper))
	modelstypes.RegisterQueryServer(registrar, modelskeeper.NewQueryServer(c.App.ModelsKeeper))
	rewardstypes.RegisterQueryServer(registrar, rewardsServer(c))
}

// atLastBlock gives each query the context of the last block.
type atLastBlock struct {
	gogogrpc.Server
	chain *Chain
}

// RegisterService implements gogogrpc.Server.
func (r *atLastBlock) RegisterService(description *grpc.ServiceDesc, handler any) {
	wrapped := *description
	wrapped.Methods = make([]grpc.MethodDesc, len(description.Methods))
	for i, method := range description.Methods {
		inner := method.Handler
		wrapped.Methods[i] = grpc.MethodDesc{MethodName: method.MethodName,
			Handler: func(srv any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				r.chain.mu.Lock()
				defer r.chain.mu.Unlock()
				return inner(srv, r.chain.Ctx(), decode, nil)
			}}
	}
	r.Server.RegisterService(&wrapped, handler)
}
