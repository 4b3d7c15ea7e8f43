// Package follow repeats a step while a program runs, such as reading new blocks, and waits between steps.
package follow

import (
	"context"
	"log/slog"
	"time"
)

// Every runs a step at once and then at an interval, until ctx ends. It logs an error of the step with the message
// failed, and tries the step again.
func Every(ctx context.Context, interval time.Duration, log *slog.Logger, failed string,
	step func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			log.Warn(failed+"; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
