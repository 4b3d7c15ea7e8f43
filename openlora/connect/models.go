package connect

import (
	"fmt"
	"net/http"

	"github.com/openledger/openledger/openlora/api"
)

// modelList answers GET /v1/models.
type modelList struct {
	Object string         `json:"object"`
	Data   []modelOnOffer `json:"data"`
}

// modelOnOffer is a model in OpenAI's form, with what it costs and who serves it.
type modelOnOffer struct {
	api.Model
	OpenLedger offerInfo `json:"openledger"`
}

// offerInfo is what the chain says of a model. Prices are in aopen.
type offerInfo struct {
	ModelID     uint64      `json:"model_id"`
	Version     uint32      `json:"version"`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Price       price       `json:"price"` // of the cheapest provider
	Providers   []offeredBy `json:"providers"`
}

type price struct {
	InputPer1K  string `json:"input_per_1k"`
	OutputPer1K string `json:"output_per_1k"`
	Royalty     string `json:"royalty"` // of an answer
}

type offeredBy struct {
	Provider string `json:"provider"`
	Name     string `json:"name"`
	Gateway  string `json:"gateway"`
	Price    price  `json:"price"`
}

// models answers GET /v1/models with what the chain offers.
func (p *Proxy) models(w http.ResponseWriter, r *http.Request) {
	listed, err := p.market.list(r.Context())
	if err != nil {
		fail(w, unavailable("the node does not answer", err))
		return
	}
	list := modelList{Object: "list", Data: []modelOnOffer{}}
	for _, one := range listed {
		list.Data = append(list.Data, p.describe(one))
	}
	writeJSON(w, http.StatusOK, list)
}

// model answers GET /v1/models/{id}.
func (p *Proxy) model(w http.ResponseWriter, r *http.Request) {
	listed, err := p.market.find(r.Context(), p.alias(r.PathValue("id")))
	if err != nil {
		fail(w, p.noModel(r.PathValue("id"), err))
		return
	}
	writeJSON(w, http.StatusOK, p.describe(listed))
}

func (p *Proxy) noModel(name string, err error) error {
	if err != errNoModel {
		return unavailable("the node does not answer", err)
	}
	return &httpError{
		status: http.StatusNotFound, code: "model_not_found", param: "model",
		message: fmt.Sprintf("nobody serves a model %q: GET /v1/models lists those that there are", name),
	}
}

func (p *Proxy) describe(listed Listed) modelOnOffer {
	model := listed.Model
	out := modelOnOffer{
		Model: api.Model{
			ID:      modelName(model.Id),
			Object:  "model",
			Created: p.started.Unix(),
			OwnedBy: model.Owner,
		},
		OpenLedger: offerInfo{
			ModelID:     model.Id,
			Version:     model.Version,
			Name:        model.Name,
			Description: model.Description,
		},
	}
	for _, route := range listed.Routes {
		out.OpenLedger.Providers = append(out.OpenLedger.Providers, offeredBy{
			Provider: route.Provider, Name: route.ProviderName, Gateway: route.Gateway,
			Price: price{
				route.Price.InputPer1K.String(),
				route.Price.OutputPer1K.String(),
				route.Price.Royalty.String(),
			},
		})
	}
	out.OpenLedger.Price = out.OpenLedger.Providers[0].Price
	return out
}
