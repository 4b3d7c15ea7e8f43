package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// models answers GET /v1/models.
func (g *Gateway) models(w http.ResponseWriter, r *http.Request) {
	list := api.ModelList{Object: "list", Data: []api.Model{}}
	ids := slices.Clone(g.Models)
	if g.Adapters != nil {
		for _, info := range g.Adapters.Served() {
			ids = append(ids, info.Model.Id)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if described, err := g.describe(r.Context(), id); err == nil {
			list.Data = append(list.Data, described)
		}
	}
	writeJSON(w, http.StatusOK, list)
}

// model answers GET /v1/models/{id}, with what the chain knows of the model's training.
func (g *Gateway) model(w http.ResponseWriter, r *http.Request) {
	id, err := g.served(r.Context(), r.PathValue("id"))
	if err != nil {
		g.fail(w, err)
		return
	}
	described, err := g.describe(r.Context(), id)
	if err != nil {
		g.fail(w, err)
		return
	}
	info := described.OpenLedger
	if info.Training, err = g.describeTraining(r.Context(), id, info.Version); err != nil {
		g.Log.Warn("a model is shown without its training: the node does not tell", "model", id, "err", err)
	}
	writeJSON(w, http.StatusOK, described)
}

// served returns the id of a model that is served under a name.
func (g *Gateway) served(ctx context.Context, name string) (uint64, error) {
	for _, id := range g.Models {
		if name == ModelName(id) {
			return id, nil
		}
	}
	return g.offered(ctx, name)
}

// describe returns what is served as a model. It does not load the text of a model that was not configured.
func (g *Gateway) describe(ctx context.Context, id uint64) (api.Model, error) {
	var model modelstypes.Model
	var version modelstypes.ModelVersion
	segments := 0
	if library := g.latest[id]; library != nil {
		model, version, segments = library.Model, library.Version, library.Len()
	} else {
		info, _, err := g.Adapters.Offered(ctx, id)
		if err != nil {
			return api.Model{}, adapterError(err)
		}
		model, version = info.Model, info.Version
		if library, _ := g.libraries.get(libraryKey{id, version.Version}); library != nil {
			segments = library.Len()
		}
	}
	return api.Model{
		ID: ModelName(id), Object: "model", Created: g.started.Unix(), OwnedBy: model.Owner,
		OpenLedger: &api.ModelInfo{
			ModelID: id, Version: version.Version, Name: model.Name, Provider: g.Provider.String(), ChainID: g.Node.ChainID,
			Segments: segments, Fence: g.fenceID(),
		},
	}, nil
}

// fenceID returns the name of the fence that sessions with this gateway pin. It is empty until the fence is claimed.
func (g *Gateway) fenceID() string {
	if g.holder == nil {
		return ""
	}
	return fmt.Sprintf("%x", g.holder.ID())
}

// acknowledge answers POST /v1/openledger/sessions/{id}/voucher.
func (g *Gateway) acknowledge(w http.ResponseWriter, r *http.Request) {
	var body api.Acknowledgement
	if err := g.decode(w, r, &body); err != nil {
		g.fail(w, err)
		return
	}
	id, err := pathHash(r, "id")
	if err != nil {
		g.fail(w, err)
		return
	}
	x := &exchange{gateway: g, request: &api.Request{OpenLedger: &api.Call{Session: id}}}
	err = x.load(r.Context())
	if err == nil {
		err = x.checkSignature(body.N, body.CumulativeMax, body.Head, body.Signature)
	}
	if err != nil {
		g.fail(w, err)
		return
	}
	if !g.sessions.lock(r.Context(), id) {
		g.fail(w, &httpError{status: http.StatusConflict, code: "session_busy",
			message: "a call of this session is in flight: wait for its answer"})
		return
	}
	defer g.sessions.unlock(id)
	if err := x.resume(); err != nil {
		g.fail(w, err)
		return
	}
	if err := x.finishLast(r.Context()); err != nil {
		g.fail(w, err)
		return
	}
	if body.N == x.state.N && body.Head == x.state.Head {
		writeJSON(w, http.StatusOK, statusOf(x.state)) // sent again
		return
	}
	if err := x.checkVoucher(body.N, poa.AckCall, poa.Amount{}, body.CumulativeMax, body.Head,
		body.Signature); err != nil {
		g.fail(w, err)
		return
	}
	gap := outbox.Call{N: body.N, Hash: poa.AckCall, Gap: true, CumulativeMax: x.state.Voucher.CumulativeMax,
		Signature: body.Signature}
	if err := g.Outbox.Advance(x.state, gap); err != nil {
		g.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, statusOf(x.state))
}

// session answers GET /v1/openledger/sessions/{id}.
func (g *Gateway) session(w http.ResponseWriter, r *http.Request) {
	id, err := pathHash(r, "id")
	if err != nil {
		g.fail(w, err)
		return
	}
	state, err := g.Outbox.Session(id)
	if errors.Is(err, outbox.ErrNotFound) {
		g.fail(w, &httpError{status: http.StatusNotFound, code: "session_not_found",
			message: "no call of this session has been answered here"})
		return
	}
	if err != nil {
		g.fail(w, err)
		return
	}
	status := statusOf(state)
	if call, err := g.Outbox.Call(id, state.N); err == nil && call.Started {
		status.Gap = false // it may have an outcome yet
	}
	writeJSON(w, http.StatusOK, status)
}

func statusOf(state outbox.Session) api.SessionStatus {
	return api.SessionStatus{Session: state.ID, N: state.N, Head: state.Head, Spent: state.Spent.String(),
		Gap: state.Last == (poa.Outcome{})}
}

// receipt answers GET /v1/openledger/receipts/{id}.
func (g *Gateway) receipt(w http.ResponseWriter, r *http.Request) {
	raw, n, err := attributiontypes.ParseReceiptID(r.PathValue("id"))
	if err != nil {
		g.fail(w, badRequest("id", "%s", err))
		return
	}
	session, err := poa.HashFromBytes(raw)
	if err != nil {
		g.fail(w, badRequest("id", "%s", err))
		return
	}
	call, err := g.Outbox.Call(session, n)
	if errors.Is(err, outbox.ErrNotFound) {
		g.fail(w, &httpError{status: http.StatusNotFound, code: "receipt_not_found",
			message: "no such call was answered here"})
		return
	}
	if err != nil {
		g.fail(w, err)
		return
	}
	status, err := g.receiptStatus(session, call)
	if err != nil {
		g.fail(w, err)
		return
	}
	writeJSON(w, http.StatusOK, status)
}

func (g *Gateway) receiptStatus(id poa.Hash, call outbox.Call) (api.ReceiptStatus, error) {
	status := api.ReceiptStatus{ReceiptID: attributiontypes.ReceiptID(id[:], call.N)}
	if call.Gap {
		status.Status = "gap"
		return status, nil
	}
	if call.Seq == 0 {
		session, err := g.Outbox.Session(id)
		status.Status = "unacknowledged"
		if session.N > call.N {
			status.Status = "pending"
		}
		return status, err
	}
	batch, err := g.Outbox.Batch(call.Seq)
	if err != nil {
		return status, err
	}
	switch batch.State {
	case outbox.BatchPending:
		status.Status = "submitted"
		return status, nil
	case outbox.BatchRefused:
		status.Status, status.Error = "refused", batch.Error
		return status, nil
	case outbox.BatchWaiting:
		status.Status = "attesting"
	case outbox.BatchSettled:
		status.Status = "final"
	}
	status.BatchID, status.Height, status.TxHash = batch.BatchID, batch.Height, batch.TxHash
	return status, nil
}

func pathHash(r *http.Request, name string) (poa.Hash, error) {
	var hash poa.Hash
	if err := hash.UnmarshalText([]byte(r.PathValue(name))); err != nil {
		return hash, badRequest(name, "%q is not 32 bytes in hex", r.PathValue(name))
	}
	return hash, nil
}

// bundle serves the evidence of an attested batch to validators.
func (g *Gateway) bundle(w http.ResponseWriter, r *http.Request) {
	root, err := pathHash(r, "root")
	if err != nil {
		g.fail(w, err)
		return
	}
	bundle, err := g.Outbox.Bundle(root)
	if errors.Is(err, outbox.ErrNotFound) {
		g.fail(w, &httpError{status: http.StatusNotFound, code: "bundle_not_found",
			message: "no batch was submitted here with this bundle"})
		return
	}
	if err != nil {
		g.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(bundle)))
	_, _ = w.Write(bundle)
}
