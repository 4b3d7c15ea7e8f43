package connect

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/internal/file"
)

// Key lets somebody ask on the account of the proxy, within a budget of their own.
type Key struct {
	Name   string    `json:"name"`
	Digest string    `json:"digest"` // SHA-256 of the secret, in hex
	Budget Allowance `json:"budget"`
	MaxFee *math.Int `json:"max_fee,omitempty"` // of one answer, in aopen, if it is below that of the proxy
	Made   time.Time `json:"made"`
}

// Keys are the keys of a proxy, in a file that commands change while the proxy runs.
type Keys struct {
	path string

	mu   sync.Mutex
	read os.FileInfo // of the file as it was read last
	all  []Key
}

const (
	secretPrefix = "sk-openledger-"
	secretBytes  = 24
)

var (
	keyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

	errNoSuchKey = errors.New("no such key")
)

// OpenKeys reads the keys in a file, which may not be there yet.
func OpenKeys(path string) (*Keys, error) {
	k := &Keys{path: path}
	_, err := k.List()
	return k, err
}

// List returns the keys by name.
func (k *Keys) List() ([]Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(); err != nil {
		return nil, err
	}
	return slices.Clone(k.all), nil
}

// refresh reads the file if another one is in its place.
func (k *Keys) refresh() error {
	info, err := os.Stat(k.path)
	if errors.Is(err, os.ErrNotExist) {
		k.read, k.all = nil, nil
		return nil
	}
	if err != nil {
		return err
	}
	if k.read != nil && os.SameFile(info, k.read) && info.ModTime().Equal(k.read.ModTime()) &&
		info.Size() == k.read.Size() {
		return nil
	}
	content, err := os.ReadFile(k.path)
	if err != nil {
		return err
	}
	var all []Key
	if err := json.Unmarshal(content, &all); err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	k.read, k.all = info, all
	return nil
}

// Find returns the key of a secret.
func (k *Keys) Find(secret string) (Key, error) {
	all, err := k.List()
	if err != nil {
		return Key{}, err
	}
	digest := digestOf(secret)
	for _, key := range all {
		if key.Digest == digest {
			return key, nil
		}
	}
	return Key{}, errNoSuchKey
}

// digestOf is what is kept of a secret. Secrets are random, so that the digest needs no salt and its comparison leaks
// nothing of use.
func digestOf(secret string) string {
	digest := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(digest[:])
}

// Add makes a key and returns its secret, which is kept nowhere.
func (k *Keys) Add(name string, budget Allowance, maxFee *math.Int) (secret string, err error) {
	if !keyName.MatchString(name) || name == Local {
		return "", fmt.Errorf(
			"%q cannot be the name of a key: take up to 64 letters, digits, points, hyphens, underscores, and not %q",
			name,
			Local,
		)
	}
	random := make([]byte, secretBytes)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	secret = secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	return secret, k.change(func(all []Key) ([]Key, error) {
		for _, key := range all {
			if key.Name == name {
				return nil, fmt.Errorf("there is a key %q already: remove it, or take another name", name)
			}
		}
		return append(
			all,
			Key{Name: name, Digest: digestOf(secret), Budget: budget, MaxFee: maxFee, Made: time.Now().UTC()},
		), nil
	})
}

// Remove ends a key. What it has spent stays known.
func (k *Keys) Remove(name string) error {
	return k.change(func(all []Key) ([]Key, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(key Key) bool { return key.Name == name })
		if len(left) == len(all) {
			return nil, fmt.Errorf("there is no key %q", name)
		}
		return left, nil
	})
}

// change replaces the file.
func (k *Keys) change(make func([]Key) ([]Key, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(); err != nil {
		return err
	}
	all, err := make(slices.Clone(k.all))
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	content, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := file.MakeFolder(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	return file.Write(k.path, content, 0o600) // for its owner alone
}
