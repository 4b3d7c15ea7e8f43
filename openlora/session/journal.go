package session

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/openledger/openledger/internal/file"
)

// The state of a session is written before each question, while somebody waits for the answer. To replace its file
// takes two flushes and a new name; to append to a journal beside it takes one flush. The last whole line of the
// journal is the state. A journal that has grown long is folded into the file.

// journalLimit is the size in bytes from which on a journal is folded.
const journalLimit = 1 << 18

func journalPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".journal")
}

// appendState appends a state to the journal of the file at path, and returns when it is on the disk.
func appendState(path string, state []byte) (err error) {
	name := journalPath(path)
	journal, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err = file.Write(name, nil, 0o600); err == nil {
			journal, err = os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
		}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	// The line begins on its own, also behind one that was cut off by a full disk.
	line := fmt.Appendf(nil, "\n%08x %s\n", crc32.ChecksumIEEE(state), state)
	if _, err := journal.Write(line); err != nil {
		return err
	}
	if err := file.Flush(journal); err != nil {
		return err
	}
	info, err := journal.Stat()
	if err != nil || info.Size() < journalLimit {
		return err
	}
	if err := file.Write(path, append(state, '\n'), 0o600); err != nil {
		return err
	}
	return journal.Truncate(0)
}

// lastState returns the last whole line of the journal of the file at path, or nil if there is none.
func lastState(path string) ([]byte, error) {
	content, err := os.ReadFile(journalPath(path))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, err
	}
	lines := bytes.Split(content, []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		sum, state, ok := bytes.Cut(lines[i], []byte(" "))
		if ok && string(sum) == fmt.Sprintf("%08x", crc32.ChecksumIEEE(state)) {
			return state, nil
		}
	}
	return nil, nil
}
