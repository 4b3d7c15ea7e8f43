package session

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/poa"
)

// kept returns a session whose file says call 0.
func kept(t *testing.T) *Client {
	t.Helper()
	c := &Client{path: filepath.Join(t.TempDir(), "session.json")}
	require.NoError(t, create(c.path, c.State))
	return c
}

func (c *Client) loaded(t *testing.T) State {
	t.Helper()
	again, err := Load(c.path)
	require.NoError(t, err)
	return again.State
}

// at writes a state of call n. Its size differs from that of the calls before and after it.
func (c *Client) at(t require.TestingT, n uint64) {
	c.State.N, c.State.Spent = n, poa.NewAmount(n*n)
	c.State.Pending = &Pending{Body: fmt.Appendf(nil, "%q", strings.Repeat("what? ", int(n%7)))}
	require.NoError(t, c.save())
}

func TestStateIsWhatWasWrittenLast(t *testing.T) {
	c := kept(t)
	require.Equal(t, c.State, c.loaded(t))
	for n := uint64(1); n < 20; n++ {
		c.at(t, n)
		require.Equal(t, c.State, c.loaded(t))
	}
}

// TestCutState: whatever part of the last line is on the disk when the machine stops, the state is the last one or the
// one before. What is written next counts.
func TestCutState(t *testing.T) {
	c := kept(t)
	c.at(t, 1)
	before, err := os.ReadFile(journalPath(c.path))
	require.NoError(t, err)
	c.at(t, 2)
	content, err := os.ReadFile(journalPath(c.path))
	require.NoError(t, err)
	for size := len(before); size <= len(content); size++ {
		require.NoError(t, os.WriteFile(journalPath(c.path), content[:size], 0o600))
		whole := size >= len(content)-1 // the end of the line may be missing
		require.Equal(t, map[bool]uint64{false: 1, true: 2}[whole], c.loaded(t).N, size)
		c.at(t, 3)
		require.EqualValues(t, 3, c.loaded(t).N)
	}
}

// TestDamagedState: a line of which a byte has changed is passed over.
func TestDamagedState(t *testing.T) {
	c := kept(t)
	c.at(t, 1)
	before, err := os.ReadFile(journalPath(c.path))
	require.NoError(t, err)
	c.at(t, 2)
	content, err := os.ReadFile(journalPath(c.path))
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		damaged := append([]byte(nil), content...)
		damaged[rapid.IntRange(len(before)+1, len(content)-2).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		require.NoError(t, os.WriteFile(journalPath(c.path), damaged, 0o600))
		again, err := Load(c.path)
		require.NoError(t, err)
		require.EqualValues(t, 1, again.State.N)
	})
}

// TestFoldedState: a journal does not grow for ever. When it is folded its file has the state.
func TestFoldedState(t *testing.T) {
	c := kept(t)
	folded := 0
	for n, before := uint64(1), int64(0); n <= 2000; n++ {
		c.at(t, n)
		info, err := os.Stat(journalPath(c.path))
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(journalLimit))
		if info.Size() < before {
			folded++
			require.Zero(t, info.Size())
			require.Equal(t, c.State, c.loaded(t))
		}
		before = info.Size()
	}
	require.Positive(t, folded)
	require.Equal(t, c.State, c.loaded(t))
}

// TestForgottenState: nothing is left of a session that is over, and a journal alone is no session.
func TestForgottenState(t *testing.T) {
	c := kept(t)
	c.at(t, 1)
	require.NoError(t, c.Lock())
	dir := filepath.Dir(c.path)
	require.NoError(t, c.Forget())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	require.NoError(t, appendState(c.path, []byte("{}")))
	listed, err := List(dir)
	require.NoError(t, err)
	require.Empty(t, listed.Sessions)
}
