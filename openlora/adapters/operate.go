package adapters

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// Row describes an adapter for the operator.
type Row struct {
	Model   uint64 `json:"model"`
	Version uint32 `json:"version"` // 0: none was asked for yet
	Name    string `json:"name,omitempty"`
	State   string `json:"state"` // ready, loading, unloading, failed, offered, removed
	Code    string `json:"code,omitempty"`
	Error   string `json:"error,omitempty"`
	Rank    int    `json:"rank,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`
	InUse   int    `json:"in_use"` // answers
	Pinned  bool   `json:"pinned"`
	Added   bool   `json:"added"`
}

// Listing is the contents of the shelf.
type Listing struct {
	Used   int64 `json:"used"`   // bytes
	Memory int64 `json:"memory"` // bytes
	Rows   []Row `json:"adapters"`
}

// Used returns the bytes of adapters in memory.
func (s *Shelf) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// Ready returns the number of adapters in memory.
func (s *Shelf) Ready() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.entries {
		if e.ready {
			n++
		}
	}
	return n
}

// List returns what is on the shelf, and what else is served, sorted by model and version.
func (s *Shelf) List() Listing {
	names := map[uint64]string{}
	for _, info := range s.Served() {
		names[info.Model.Id] = info.Model.Name
	}
	s.mu.Lock()
	out := Listing{Used: s.used, Memory: s.Memory, Rows: []Row{}}
	seen := map[uint64]bool{}
	for _, e := range s.entries {
		seen[e.of.Model] = true
		row := Row{Model: e.of.Model, Version: e.of.Version, State: "loading", InUse: e.users}
		switch {
		case e.adapter != nil && (e.gone || !e.ready):
			row.State = "unloading"
		case e.ready:
			row.State, row.Rank, row.Bytes = "ready", e.adapter.Rank, e.adapter.Bytes
		case e.failed != nil:
			row.State, row.Code, row.Error = "failed", e.failed.Code, e.failed.Message
		}
		out.Rows = append(out.Rows, row)
	}
	s.mu.Unlock()
	for id := range names {
		if !seen[id] {
			out.Rows = append(out.Rows, Row{Model: id, State: "offered"})
		}
	}
	for _, row := range s.misfits() {
		names[row.Model] = row.Name
		if !seen[row.Model] {
			out.Rows = append(out.Rows, row)
		}
	}
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.memory.removes)) {
		out.Rows = append(out.Rows, Row{Model: id, State: "removed"})
	}
	for i := range out.Rows {
		row := &out.Rows[i]
		row.Name, row.Pinned, row.Added = names[row.Model], s.memory.pins[row.Model], s.memory.added[row.Model]
	}
	slices.SortFunc(out.Rows, func(a, b Row) int {
		if a.Model != b.Model {
			return int(int64(a.Model) - int64(b.Model))
		}
		return int(a.Version) - int(b.Version)
	})
	return out
}

// Add serves a model from now on, even if it is not offered, and loads its latest version.
func (s *Shelf) Add(ctx context.Context, model uint64) error {
	l, err := s.lineage(ctx, version{Model: model})
	if err != nil {
		return err
	}
	if len(l.adapters) == 0 {
		return lasting(CodeInvalid, "model %d has no adapter in its lineage: serve it with --model %d", model, model)
	}
	err = s.memory.set(func() {
		s.memory.added[model] = true
		delete(s.memory.removes, model)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	of := version{model, l.version.Version}
	if e := s.entries[of]; e != nil && e.failed != nil {
		delete(s.entries, of) // the operator wants it tried again
	}
	s.mu.Unlock()
	lease, err := s.Use(ctx, model, l.version.Version)
	if err != nil {
		return err
	}
	lease.Release()
	s.learn(model, offered{info: Info{l.model, l.version}, there: true})
	return nil
}

// Pin keeps a model in memory, or, if keep is false, allows its removal from memory again.
func (s *Shelf) Pin(ctx context.Context, model uint64, keep bool) error {
	if !keep {
		return s.memory.set(func() { delete(s.memory.pins, model) })
	}
	if err := s.Add(ctx, model); err != nil {
		return err
	}
	return s.memory.set(func() { s.memory.pins[model] = true })
}

// Remove stops serving a model, until it is added again. Calls that have the adapter end as they would have; the last
// of them has it unloaded.
func (s *Shelf) Remove(ctx context.Context, model uint64) error {
	err := s.memory.set(func() {
		s.memory.removes[model] = true
		delete(s.memory.added, model)
		delete(s.memory.pins, model)
		maps.DeleteFunc(s.memory.recent, func(v version, _ uint64) bool { return v.Model == model })
	})
	if err != nil {
		return err
	}
	for {
		s.mu.Lock()
		var found *entry
		for _, e := range s.entries {
			if e.of.Model == model && !e.gone {
				found = e
			}
		}
		if found == nil {
			s.mu.Unlock()
			return nil
		}
		switch {
		case found.failed != nil:
			delete(s.entries, found.of)
			s.mu.Unlock()
		case !found.ready: // the load, or another unload, ends first
			s.mu.Unlock()
			select {
			case <-found.loading:
			case <-ctx.Done():
				return ctx.Err()
			}
		case found.users > 0:
			found.gone = true
			s.mu.Unlock()
		default:
			s.leave(found)
			s.mu.Unlock()
			if err := s.unload(ctx, found); err != nil {
				return err
			}
		}
	}
}

// Operate returns the handler of the operator's requests: GET /adapters, and POST /adapters/{id}/{what} with add, pin,
// unpin or remove. Serve it on a socket that only the operator can open.
func (s *Shelf) Operate() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /adapters", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.List()) })
	mux.HandleFunc("POST /adapters/{id}/{what}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
		if err != nil || id == 0 {
			reply(w, http.StatusBadRequest, Row{Error: "the model is a number from 1"})
			return
		}
		switch r.PathValue("what") {
		case "add":
			err = s.Add(r.Context(), id)
		case "pin":
			err = s.Pin(r.Context(), id, true)
		case "unpin":
			err = s.Pin(r.Context(), id, false)
		case "remove":
			err = s.Remove(r.Context(), id)
		default:
			reply(w, http.StatusNotFound, Row{Error: "choose add, pin, unpin or remove"})
			return
		}
		if err == nil {
			reply(w, http.StatusOK, Row{Model: id})
			return
		}
		row := Row{Model: id, Error: err.Error()}
		var coded *Error
		if errors.As(err, &coded) {
			row.Code = coded.Code
		}
		reply(w, http.StatusUnprocessableEntity, row)
	})
	return mux
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
