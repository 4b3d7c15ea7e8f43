package attestor

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func one(string) int { return 1 }

// arrive enters in the background and returns when the ticket waits in line or has its slot.
func arrive(t *testing.T, l *lanes, class string, got chan<- string) {
	t.Helper()
	l.mu.Lock()
	before := len(l.waiting)
	l.mu.Unlock()
	go func() {
		ticket, err := l.enter(context.Background(), class)
		if err == nil {
			got <- class
			ticket.leave()
		}
	}()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.waiting) > before
	}, 10*time.Second, time.Millisecond)
}

// TestOneClassDelaysNoOther: whoever comes behind a heap of work of another class is next.
func TestOneClassDelaysNoOther(t *testing.T) {
	l := newLanes(1, 4, one)
	first, err := l.enter(context.Background(), "flood")
	require.NoError(t, err)
	got := make(chan string)
	for range 20 {
		arrive(t, l, "flood", got)
	}
	arrive(t, l, "a", got)
	arrive(t, l, "b", got)
	first.leave()
	var order []string
	for range 22 {
		order = append(order, <-got)
	}
	require.Equal(t, []string{"a", "b"}, order[:2])
}

// TestLongWorkLetsOthersGoFirst, and goes on afterwards.
func TestLongWorkLetsOthersGoFirst(t *testing.T) {
	l := newLanes(1, 4, one)
	long, err := l.enter(context.Background(), "long")
	require.NoError(t, err)
	require.NoError(t, long.pause(context.Background()), "nobody waits")
	got := make(chan string, 3)
	for _, class := range []string{"a", "b", "long"} {
		arrive(t, l, class, got)
	}
	require.NoError(t, long.pause(context.Background()))
	require.Len(t, got, 2, "a and b had their turn, the other one of its own class waits until it has left")
	long.leave()
	require.Equal(t, []string{"a", "b", "long"}, []string{<-got, <-got, <-got})
}

// TestClassesAreBounded: neither a class nor all together have more under way than they may, and who gives up takes no
// slot with it.
func TestClassesAreBounded(t *testing.T) {
	l := newLanes(8, 3, func(string) int { return 2 })
	enter := func(class string) (*ticket, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		return l.enter(ctx, class)
	}
	var held []*ticket
	for _, class := range []string{"a", "a", "b"} {
		ticket, err := enter(class)
		require.NoError(t, err)
		held = append(held, ticket)
	}
	for _, class := range []string{"a", "b"} {
		_, err := enter(class)
		require.Error(t, err)
	}
	for _, ticket := range held {
		ticket.leave()
	}
	require.Equal(t, 8, l.slots)
	require.Empty(t, l.waiting)
	require.Empty(t, l.served)
	require.Empty(t, l.under)
	for i := range 3 {
		_, err := enter(fmt.Sprint(i))
		require.NoError(t, err)
	}
}
