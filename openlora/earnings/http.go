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

// ServeDays answers GET …/earnings/days?limit=N with Days, 30 unless it is told another number.
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
		status, code := http.StatusInternalServerError, "earnings_failed"
		if errors.Is(err, ErrRequest) {
			status, code = http.StatusBadRequest, "invalid_value"
		} else {
			x.log.Error("earnings could not be read", "err", err)
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(
			map[string]any{"error": map[string]string{"message": err.Error(), "type": "invalid_request_error", "code": code}})
		return
	}
	_ = json.NewEncoder(w).Encode(found)
}

// number reads an argument that may be left out.
func number(r *http.Request, name string, otherwise int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%w: %s %q is not a number", ErrRequest, name, text)
	}
	return value, nil
}
