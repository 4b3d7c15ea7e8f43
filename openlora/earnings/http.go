package earnings

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// ServeHTTP answers GET …/accounts/{address}/earnings?limit=N&before=NEXT with a History.
func (x *Index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.answer(w, func() (any, error) {
		limit, err := number(r, "limit", 0)
		if err != nil {
			return nil, err
		}
		return x.History(r.PathValue("address"), r.URL.Query().Get("before"), limit)
	})
}

// ServeDays answers GET …/earnings/days?limit=N with Days; without a limit, with 30 of them.
func (x *Index) ServeDays(w http.ResponseWriter, r *http.Request) {
	x.answer(w, func() (any, error) {
		limit, err := number(r, "limit", defaultDays)
		if err != nil {
			return nil, err
		}
		return x.Days(limit)
	})
}

const defaultDays = 30

func (x *Index) answer(w http.ResponseWriter, ask func() (any, error)) {
	found, err := ask()
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		status, kind, code, message := http.StatusBadRequest, "invalid_request_error", "invalid_value", err.Error()
		if !errors.Is(err, ErrRequest) {
			x.log.Error("earnings could not be read", "err", err)
			status, kind, code = http.StatusInternalServerError, "server_error", "earnings_failed"
			message = "the gateway could not read the earnings; its log says why"
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(
			map[string]any{"error": map[string]string{"message": message, "type": kind, "code": code}})
		return
	}
	_ = json.NewEncoder(w).Encode(found)
}

// number reads an argument, which is otherwise if it is left out.
func number(r *http.Request, name string, otherwise int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%w: %s %q is not a whole number", ErrRequest, name, text)
	}
	return value, nil
}
