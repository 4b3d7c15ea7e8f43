package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	// marketAge is the largest age of a model's stored offers, and listAge of the list of all models.
	marketAge, listAge = 15 * time.Second, time.Minute
	marketTimeout      = 30 * time.Second
	// Pauses for a provider that failed, and for one whose answer did not verify.
	firstBackoff, mostBackoff = time.Second, time.Minute
	lieBackoff                = 24 * time.Hour
	connectTimeout            = 5 * time.Second
	marketPage                = 100
	// marketModels is the largest number of models that are read from a chain.
	marketModels = 5_000
)

// Route is one way to have a model answer: a provider's gateway, and its price.
type Route struct {
	ModelID      uint64
	Provider     string
	ProviderName string
	Gateway      string // URL
	Price        poa.Price
}

// Listed is a model with its routes, the cheapest first.
type Listed struct {
	Model  modelstypes.Model
	Routes []Route
}

// market knows the offers on chain, and which providers failed recently.
type market struct {
	node      *chain.Client
	gateways  []string // that the user named
	providers []string // the only ones to ask, if there are any
	public    *http.Client
	trusted   *http.Client
	log       *slog.Logger

	all   cached[[]Listed]
	named cached[map[string]string] // addresses that the user named by provider

	mu     sync.Mutex
	models map[uint64]*cached[Listed]
	failed map[string]failure // by provider
}

type failure struct {
	times int
	until time.Time
}

func newMarket(config Config) *market {
	dial := &net.Dialer{Timeout: connectTimeout}
	guarded := &net.Dialer{Timeout: connectTimeout, Control: func(network, address string, c syscall.RawConn) error {
		if err := fetch.OnlyPublic(network, address, c); err != nil {
			return fmt.Errorf("%w (--allow-private asks there all the same)", err)
		}
		return nil
	}}
	if config.AllowPrivate {
		guarded = dial
	}
	return &market{
		node: config.Node, gateways: config.Gateways, providers: config.Providers,
		public: newHTTP(guarded, config.Sessions),
		trusted: newHTTP(
			dial,
			config.Sessions,
		), log: config.Log, failed: make(map[string]failure), models: make(map[uint64]*cached[Listed]),
	}
}

// newHTTP returns a client that follows no redirects: a question must go to the address on chain.
func newHTTP(dialer *net.Dialer, parallel int) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTimeout, IdleConnTimeout: time.Minute,
			MaxIdleConnsPerHost: max(parallel, 2), ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// client returns the HTTP client that may connect to a gateway.
func (m *market) client(gateway string) *http.Client {
	if slices.Contains(m.gateways, gateway) {
		return m.trusted
	}
	return m.public
}

// list returns the models that are served. While the node does not answer, it returns the last list.
func (m *market) list(ctx context.Context) ([]Listed, error) {
	return m.all.get(ctx, listAge, func(ctx context.Context) ([]Listed, error) {
		ctx, cancel := context.WithTimeout(ctx, marketTimeout)
		defer cancel()
		known := make(map[string]*modelstypes.Provider)
		listed := []Listed{}
		page := &query.PageRequest{Limit: marketPage}
		for {
			models, err := m.node.Models.Models(ctx, &modelstypes.QueryModelsRequest{Pagination: page})
			if err != nil {
				return nil, err
			}
			for _, model := range models.Models {
				one, err := m.offered(ctx, model, known)
				if err != nil {
					return nil, err
				}
				if len(one.Routes) > 0 {
					listed = append(listed, one)
				}
			}
			if models.Pagination == nil || len(models.Pagination.NextKey) == 0 || len(listed) >= marketModels {
				return listed, nil
			}
			page = &query.PageRequest{Key: models.Pagination.NextKey, Limit: marketPage}
		}
	})
}

// model returns one model with its routes.
func (m *market) model(ctx context.Context, id uint64) (Listed, error) {
	m.mu.Lock()
	if len(m.models) > marketModels {
		clear(m.models)
	}
	known := m.models[id]
	if known == nil {
		known = new(cached[Listed])
		m.models[id] = known
	}
	m.mu.Unlock()
	return known.get(ctx, marketAge, func(ctx context.Context) (Listed, error) {
		ctx, cancel := context.WithTimeout(ctx, marketTimeout)
		defer cancel()
		found, err := m.node.Models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: id})
		if status.Code(err) == codes.NotFound {
			return Listed{}, nil
		}
		if err != nil {
			return Listed{}, err
		}
		return m.offered(ctx, found.Model, make(map[string]*modelstypes.Provider))
	})
}

// askNamed asks the gateways that the user named for their providers.
func (m *market) askNamed(ctx context.Context) (map[string]string, error) {
	named := make(map[string]string)
	for _, address := range m.gateways {
		asked, cancel := context.WithTimeout(ctx, connectTimeout)
		list, err := session.ModelsBy(asked, m.trusted, address)
		cancel()
		if err != nil {
			m.log.Warn("a gateway does not say what it serves", "gateway", address, "err", err)
			continue
		}
		for _, model := range list.Data {
			if model.OpenLedger != nil && model.OpenLedger.ChainID == m.node.ChainID {
				named[model.OpenLedger.Provider] = address
			}
		}
	}
	return named, nil
}

// offered returns a model with its routes, the cheapest first. It adds the providers that it reads to known.
func (m *market) offered(
	ctx context.Context,
	model modelstypes.Model,
	known map[string]*modelstypes.Provider,
) (Listed, error) {
	listed := Listed{Model: model}
	if model.Retired {
		return listed, nil
	}
	request := &modelstypes.QueryOffersRequest{ModelId: model.Id, Pagination: &query.PageRequest{Limit: marketPage}}
	offers, err := m.node.Models.Offers(ctx, request)
	if err != nil || len(offers.Offers) == 0 {
		return listed, err
	}
	latest, err := m.node.Models.Model(ctx, &modelstypes.QueryModelRequest{ModelId: model.Id})
	if err != nil {
		return listed, err
	}
	named, err := m.named.get(ctx, listAge, m.askNamed)
	if err != nil {
		return listed, err
	}
	for _, offer := range offers.Offers {
		if len(m.providers) > 0 && !slices.Contains(m.providers, offer.Provider) {
			continue
		}
		provider, err := m.provider(ctx, offer.Provider, known)
		if err != nil {
			return listed, err
		}
		if provider == nil || provider.Frozen {
			continue
		}
		route := Route{
			ModelID:      model.Id,
			Provider:     offer.Provider,
			ProviderName: provider.Name,
			Gateway:      session.Address(provider.Endpoint),
		}
		if gateway, ok := named[offer.Provider]; ok {
			route.Gateway = gateway
		}
		if !usable(route.Gateway) {
			continue
		}
		if route.Price, err = priceOf(offer, latest.Version.Royalty); err != nil {
			continue // more than there can be
		}
		listed.Routes = append(listed.Routes, route)
	}
	slices.SortStableFunc(listed.Routes, func(a, b Route) int {
		return cmp.Or(usualCost(a).Cmp(usualCost(b)), strings.Compare(a.Provider, b.Provider))
	})
	return listed, nil
}

// provider reads a provider once. It returns nil if there is none.
func (m *market) provider(
	ctx context.Context,
	address string,
	known map[string]*modelstypes.Provider,
) (*modelstypes.Provider, error) {
	if provider, read := known[address]; read {
		return provider, nil
	}
	found, err := m.node.Models.Provider(ctx, &modelstypes.QueryProviderRequest{Provider: address})
	if status.Code(err) == codes.NotFound {
		known[address] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	known[address] = &found.Provider
	return &found.Provider, nil
}

// usable reports whether a gateway's address can be asked.
func usable(gateway string) bool {
	parsed, err := url.Parse(gateway)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Hostname() != "" &&
		parsed.User == nil
}

func priceOf(offer modelstypes.Offer, royalty math.Int) (price poa.Price, err error) {
	for _, part := range []struct {
		from math.Int
		to   *poa.Amount
	}{{offer.InputPrice, &price.InputPer1K}, {offer.OutputPrice, &price.OutputPer1K}, {royalty, &price.Royalty}} {
		if *part.to, err = poa.AmountFromBig(part.from.BigInt()); err != nil {
			return price, err
		}
	}
	return price, nil
}

// Tokens of the call by which prices are compared.
const usualInput, usualOutput = 500, 250

func usualCost(r Route) poa.Amount {
	cost, err := r.Price.Total(usualInput, usualOutput)
	if err != nil {
		return poa.Amount{Hi: 1<<64 - 1, Lo: 1<<64 - 1}
	}
	return cost
}

// modelPrefix is the beginning of model names in the API of gateways.
const modelPrefix = "openledger/"

func modelName(id uint64) string { return modelPrefix + strconv.FormatUint(id, 10) }

// errNoModel reports that nobody serves a model.
var errNoModel = errors.New("nobody serves it")

// find returns the model with a name: openledger/1, or a name that only one model has on chain. Without a name it
// returns the model if there is only one.
func (m *market) find(ctx context.Context, name string) (Listed, error) {
	if number, ok := strings.CutPrefix(name, modelPrefix); ok {
		if id, err := strconv.ParseUint(number, 10, 64); err == nil && modelName(id) == name {
			found, err := m.model(ctx, id)
			if err == nil && len(found.Routes) == 0 {
				err = errNoModel
			}
			return found, err
		}
	}
	listed, err := m.list(ctx)
	if err != nil {
		return Listed{}, err
	}
	var found []Listed
	for _, one := range listed {
		if name == "" || strings.EqualFold(one.Model.Name, name) {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		return Listed{}, errNoModel
	}
	return found[0], nil
}

// standing returns the routes of a model whose providers have not failed recently. If all have, it returns the route
// that may be asked first.
func (m *market) standing(listed Listed) []Route {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	var standing []Route
	var first *Route
	for _, route := range listed.Routes {
		failed := m.failed[route.Provider]
		if !failed.until.After(now) {
			standing = append(standing, route)
			continue
		}
		if time.Until(failed.until) < mostBackoff &&
			(first == nil || failed.until.Before(m.failed[first.Provider].until)) {
			first = &route
		}
	}
	if standing == nil && first != nil {
		return []Route{*first}
	}
	return standing
}

// blame makes the proxy avoid a provider for a while; works ends that.
func (m *market) blame(provider string, lied bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	failed := m.failed[provider]
	wait := min(firstBackoff<<min(failed.times, 10), mostBackoff)
	if lied {
		wait = lieBackoff
	}
	m.failed[provider] = failure{failed.times + 1, time.Now().Add(wait)}
}

func (m *market) works(provider string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.failed, provider)
}

// confirm asks the gateway of a route whether it serves the model and belongs to the provider.
func (m *market) confirm(ctx context.Context, route Route) (api.ModelInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, marketTimeout)
	defer cancel()
	list, err := session.ModelsBy(ctx, m.client(route.Gateway), route.Gateway)
	if err != nil {
		return api.ModelInfo{}, err
	}
	for _, model := range list.Data {
		info := model.OpenLedger
		if info != nil && info.ModelID == route.ModelID && info.Provider == route.Provider &&
			info.ChainID == m.node.ChainID {
			return *info, nil
		}
	}
	return api.ModelInfo{}, fmt.Errorf(
		"gateway %s does not serve %s for provider %s",
		route.Gateway,
		modelName(route.ModelID),
		route.Provider,
	)
}
