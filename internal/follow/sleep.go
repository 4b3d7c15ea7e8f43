package follow

import (
	"context"
	"time"
)

// Sleep waits for d, or until ctx ends, whose error it returns then. If d is not positive, it returns nil at once.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
