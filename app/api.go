package app

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http" // determinism: pages that a node serves

	errorsmod "cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/server/api"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"

	"github.com/openledger/openledger/docs"
)

//go:embed swagger/index.html
var swaggerFS embed.FS

const (
	swaggerPath = "/swagger/openledger/"
	openAPIName = "openledger.swagger.json"
)

// RegisterAPIRoutes registers REST routes and, when enabled, two Swagger pages:
// /swagger/ for the SDK's modules and /swagger/openledger/ for ours.
func (app *App) RegisterAPIRoutes(server *api.Server, config serverconfig.APIConfig) {
	clientCtx := server.ClientCtx
	authtx.RegisterGRPCGatewayRoutes(clientCtx, server.GRPCGatewayRouter)
	cmtservice.RegisterGRPCGatewayRoutes(clientCtx, server.GRPCGatewayRouter)
	nodeservice.RegisterGRPCGatewayRoutes(clientCtx, server.GRPCGatewayRouter)
	app.basic.RegisterGRPCGatewayRoutes(clientCtx, server.GRPCGatewayRouter)
	if err := registerSwagger(clientCtx, server, config.Swagger); err != nil {
		panic(err)
	}
}

func registerSwagger(clientCtx client.Context, srv *api.Server, enabled bool) error {
	if !enabled {
		return nil
	}
	page, err := fs.Sub(swaggerFS, "swagger")
	if err != nil {
		return err
	}
	document, err := fs.Sub(docs.OpenAPI, "static")
	if err != nil {
		return err
	}
	// More specific routes first: the router takes the first that matches.
	srv.Router.Path(swaggerPath + openAPIName).Handler(http.StripPrefix(swaggerPath, http.FileServer(http.FS(document))))
	srv.Router.PathPrefix(swaggerPath).Handler(http.StripPrefix(swaggerPath, http.FileServer(http.FS(page))))
	return server.RegisterSwaggerAPI(clientCtx, srv.Router, enabled)
}

// RegisterTxService serves simulation, broadcast and transaction queries. A node that indexes no transactions finds
// those of the latest blocks.
func (app *App) RegisterTxService(clientCtx client.Context) {
	if node, err := clientCtx.GetNode(); err == nil && app.recent.keep {
		clientCtx = clientCtx.WithClient(recentClient{CometRPC: node, recent: &app.recent})
	}
	authtx.RegisterTxService(app.GRPCQueryRouter(), clientCtx, app.SimulateNamed, app.interfaceRegistry)
}

// SimulateNamed is Simulate with errors that name their code. Clients simulate before they send, and the service passes
// on nothing of an error but its text: without the code they could not tell what will never be accepted from what may
// be later.
func (app *App) SimulateNamed(tx []byte) (sdk.GasInfo, *sdk.Result, error) {
	app.simulated.RLock()
	defer app.simulated.RUnlock()
	gas, result, err := app.Simulate(tx)
	if err != nil {
		codespace, code, _ := errorsmod.ABCIInfo(err, false)
		err = fmt.Errorf("%s: codespace %s code %d", err.Error(), codespace, code)
	}
	return gas, result, err
}

// RegisterTendermintService serves block and node queries.
func (app *App) RegisterTendermintService(clientCtx client.Context) {
	cometApp := server.NewCometABCIWrapper(app)
	cmtservice.RegisterTendermintService(clientCtx, app.GRPCQueryRouter(), app.interfaceRegistry, cometApp.Query)
}

// RegisterNodeService serves the node's own configuration.
func (app *App) RegisterNodeService(clientCtx client.Context, config serverconfig.Config) {
	nodeservice.RegisterNodeService(clientCtx, app.GRPCQueryRouter(), config, func() int64 {
		return app.CommitMultiStore().EarliestVersion()
	})
}
