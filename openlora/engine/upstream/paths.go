package upstream

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/openledger/openledger/openlora/engine"
)

// PathMap maps folders of this machine to the paths at which servers see them. The longest folder comes first. With an
// empty map, servers see the same paths.
type PathMap []struct{ Local, Remote string }

// ParsePathMap reads entries of the form LOCAL=REMOTE.
func ParsePathMap(entries []string) (PathMap, error) {
	var out PathMap
	for _, entry := range entries {
		local, remote, ok := strings.Cut(entry, "=")
		if !ok || local == "" || !path.IsAbs(remote) {
			return nil, fmt.Errorf("%q is no map of a path: write LOCAL=REMOTE, such as "+
				"/home/me/.openlora/adapters=/adapters", entry)
		}
		absolute, err := filepath.Abs(local)
		if err != nil {
			return nil, err
		}
		out = append(out, struct{ Local, Remote string }{filepath.Clean(absolute), path.Clean(remote)})
	}
	return out, nil
}

// Remote returns the path at which a server sees a path of this machine.
func (m PathMap) Remote(local string) (string, error) {
	absolute, err := filepath.Abs(local)
	if err != nil {
		return "", err
	}
	best, rest := -1, ""
	for i, entry := range m {
		relative, err := filepath.Rel(entry.Local, absolute)
		if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
			continue
		}
		if best < 0 || len(entry.Local) > len(m[best].Local) {
			best, rest = i, relative
		}
	}
	if best < 0 {
		return absolute, nil
	}
	return path.Join(m[best].Remote, filepath.ToSlash(rest)), nil
}

// folder returns the path at which a server sees the PEFT folder of an adapter.
func (m PathMap) folder(adapter *engine.Adapter) (string, error) {
	if adapter.Folder == "" {
		return "", unfit("adapter %s is a GGUF file, which llama.cpp and Ollama take; this server takes PEFT folders",
			adapter.Name)
	}
	return m.Remote(adapter.Folder)
}
