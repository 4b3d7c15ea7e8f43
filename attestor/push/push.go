// Package push gives attestors what they would otherwise fetch.
package push

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openledger/openledger/poa"
)

// Timeout of one transfer.
const Timeout = 30 * time.Second

// Bundle gives an attestor, by its base URL, the bundle with a root.
func Bundle(ctx context.Context, attestor string, root poa.Hash, data []byte) error {
	return put(ctx, attestor, "bundles", root, data)
}

// Text gives an attestor a segment file by its SHA-256. It takes what an open DataNet version misses.
func Text(ctx context.Context, attestor string, hash poa.Hash, data []byte) error {
	return put(ctx, attestor, "content", hash, data)
}

func put(ctx context.Context, attestor, kind string, hash poa.Hash, data []byte) error {
	location, err := url.JoinPath(attestor, "v1", kind, hash.String())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, location, bytes.NewReader(data))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("%s answers %s: %s", attestor, response.Status, strings.TrimSpace(string(reason)))
	}
	return nil
}
