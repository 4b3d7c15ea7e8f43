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
	history, err := x.asked(r)
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		status, code := http.StatusInternalServerError, "earnings_failed"
		if errors.Is(err, ErrRequest) {
			status, code = http.StatusBadRequest, "invalid_value"
		} else {
			x.log.Error("a history of earnings could not be read", "err", err)
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"message": err.Error(), "type": "invalid_request_error", "code": code}})
		return
	}
	_ = json.NewEncoder(w).Encode(history)
}

func (x *Index) asked(r *http.Request) (History, error) {
	limit := 0
	if text := r.URL.Query().Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil {
			return History{}, fmt.Errorf("%w: limit %q is not a number", ErrRequest, text)
		}
	}
	return x.History(r.PathValue("address"), r.URL.Query().Get("before"), limit)
}
