package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/openlora/retrieval"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Words are what a client has of an answer that has no outcome yet. They are written to a file of their own before they
// are sent, so that a gateway that is killed between the first word and the outcome signs for them when it runs again.
// They survive the end of the process, not that of the machine: they are not flushed to the disk.
type Words struct {
	Session poa.Hash `json:"session"`
	N       uint64   `json:"n"`
	// InputTokens and Retrieved are what the outcome needs besides the text.
	InputTokens uint32          `json:"input_tokens"`
	Retrieved   []retrieval.Ref `json:"retrieved,omitempty"`
	Text        string          `json:"-"` // of words that are read again

	folder string
	file   *os.File
}

// Words returns the file for the words of a call. Nothing is written before the first.
func (o *Outbox) Words(session poa.Hash, n uint64, input uint32, retrieved []retrieval.Ref) *Words {
	return &Words{Session: session, N: n, InputTokens: input, Retrieved: retrieved, folder: o.words}
}

// Add writes words, and has them survive the process when it returns.
func (w *Words) Add(text string) error {
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	_, err := w.file.WriteString(text)
	return err
}

// begin writes what stands before the words.
func (w *Words) begin() error {
	header, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.folder, 0o700); err != nil {
		return err
	}
	w.file, err = os.OpenFile(wordsPath(w.folder, w.Session, w.N), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = w.file.Write(append(header, '\n'))
	return err
}

// Close ends the writing. The file is removed when the call has an outcome.
func (w *Words) Close() error {
	if w.file == nil {
		return nil
	}
	return w.file.Close()
}

// Unfinished returns the words of a call that has no outcome, or ErrNotFound.
func (o *Outbox) Unfinished(session poa.Hash, n uint64) (*Words, error) {
	return readWords(o.words, session, n)
}

// AllUnfinished returns the words of all calls that have no outcome.
func (o *Outbox) AllUnfinished() ([]*Words, error) {
	var all []*Words
	err := o.eachWords(func(session poa.Hash, n uint64) error {
		words, err := o.Unfinished(session, n)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		all = append(all, words)
		return err
	})
	return all, err
}

// eachWords goes over the calls that have a file of words.
func (o *Outbox) eachWords(do func(session poa.Hash, n uint64) error) error {
	files, err := os.ReadDir(o.words)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, file := range files {
		session, n, err := parseWordsName(file.Name())
		if err != nil {
			continue // another program's
		}
		if err := do(session, n); err != nil {
			return err
		}
	}
	return nil
}

// readWords reads the file of a call. One that ends before its first word is none.
func readWords(folder string, session poa.Hash, n uint64) (*Words, error) {
	raw, err := os.ReadFile(wordsPath(folder, session, n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	header, text, _ := bytes.Cut(raw, []byte("\n"))
	for len(text) > 0 { // the last piece may be written in part
		if last, size := utf8.DecodeLastRune(text); last != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	if len(poa.TokenIDs(text)) == 0 {
		return nil, ErrNotFound
	}
	words := Words{folder: folder, Text: string(text)}
	if err := json.Unmarshal(header, &words); err != nil {
		return nil, fmt.Errorf("words of receipt %s: %w", attributiontypes.ReceiptID(session[:], n), err)
	}
	return &words, nil
}

// dropWords removes the words of a call that has an outcome.
func (o *Outbox) dropWords(session poa.Hash, n uint64) error {
	err := os.Remove(wordsPath(o.words, session, n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

const wordsSuffix = ".words"

func wordsPath(folder string, session poa.Hash, n uint64) string {
	return filepath.Join(folder, attributiontypes.ReceiptID(session[:], n)+wordsSuffix)
}

func parseWordsName(name string) (session poa.Hash, n uint64, err error) {
	id, ours := strings.CutSuffix(name, wordsSuffix)
	if !ours {
		return session, 0, ErrNotFound
	}
	raw, n, err := attributiontypes.ParseReceiptID(id)
	if err != nil {
		return session, 0, err
	}
	session, err = poa.HashFromBytes(raw)
	return session, n, err
}

// closeStarted turns calls without an outcome into gaps, but for those of which words were sent.
func (o *Outbox) closeStarted(tx *bolt.Tx) error {
	return tx.Bucket(sessionsBucket).ForEach(func(id, raw []byte) error {
		var session Session
		if err := json.Unmarshal(raw, &session); err != nil {
			return err
		}
		for n := session.Batched + 1; n <= session.N; n++ {
			var call Call
			err := get(tx, callsBucket, callKey(session.ID, n), &call)
			if errors.Is(err, ErrNotFound) || err == nil && !call.Started {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := readWords(o.words, session.ID, n); err == nil && n == session.N {
				continue
			}
			call.Started, call.Gap = false, true
			if err := store(tx, callsBucket, callKey(session.ID, n), call); err != nil {
				return err
			}
		}
		return nil
	})
}

// dropFinished removes the words of calls that have an outcome: the process ended before it could.
func (o *Outbox) dropFinished() error {
	return o.eachWords(func(session poa.Hash, n uint64) error {
		call, err := o.Call(session, n)
		if err == nil && call.Started {
			return nil
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		return o.dropWords(session, n)
	})
}
