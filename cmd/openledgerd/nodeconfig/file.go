package nodeconfig

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/creachadair/tomledit"
	"github.com/creachadair/tomledit/parser"

	"github.com/openledger/openledger/internal/file"
)

// Files are the configuration files of a node, without ".toml".
var Files = []string{"app", "client", "config"}

// Path returns the path of a configuration file.
func Path(home, file string) string { return filepath.Join(home, "config", file+".toml") }

// Read returns the content of a configuration file.
func Read(home, file string) ([]byte, error) {
	if !slices.Contains(Files, file) {
		return nil, fmt.Errorf("unknown configuration %q: choose one of %s", file, strings.Join(Files, ", "))
	}
	content, err := os.ReadFile(Path(home, file))
	if err != nil {
		return nil, fmt.Errorf("%w: run `openledgerd init NAME` first, or give --home", err)
	}
	return content, nil
}

// Get returns the value of a key. A string has no quotes.
func Get(home, file, key string) (string, error) {
	content, err := Read(home, file)
	if err != nil {
		return "", err
	}
	document, err := tomledit.Parse(bytes.NewReader(content))
	if err != nil {
		return "", fmt.Errorf("%s.toml: %w", file, err)
	}
	entry, err := find(document, file, key)
	if err != nil {
		return "", err
	}
	return strings.Trim(entry.KeyValue.Value.String(), `"`), nil
}

// Set changes values in configuration files and keeps comments. It returns the settings that were different.
func Set(home string, settings ...Setting) (changed []Setting, err error) {
	documents := make(map[string]*tomledit.Document)
	for _, setting := range settings {
		document := documents[setting.File]
		if document == nil {
			content, err := Read(home, setting.File)
			if err != nil {
				return nil, err
			}
			if document, err = tomledit.Parse(bytes.NewReader(content)); err != nil {
				return nil, fmt.Errorf("%s.toml: %w", setting.File, err)
			}
			documents[setting.File] = document
		}
		entry, err := find(document, setting.File, setting.Key)
		if err != nil {
			return nil, err
		}
		current := entry.KeyValue.Value.String()
		value, err := parse(current, setting.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", setting.Key, err)
		}
		if value.String() != current {
			entry.KeyValue.Value = value
			changed = append(changed, setting)
		}
	}
	for _, name := range Files {
		if documents[name] == nil {
			continue
		}
		var out bytes.Buffer
		if err := tomledit.Format(&out, documents[name]); err != nil {
			return nil, err
		}
		if err := file.Write(Path(home, name), out.Bytes(), 0o600); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

func find(document *tomledit.Document, file, key string) (*tomledit.Entry, error) {
	path, err := parser.ParseKey(key)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", key, err)
	}
	entry := document.First(path...)
	if entry == nil || entry.KeyValue == nil {
		return nil, fmt.Errorf("no key %q in %s.toml: see `openledgerd config view %s`", key, file, file)
	}
	return entry, nil
}

// parse reads text as a value of the same type as current. A string needs no quotes.
func parse(current, text string) (parser.Value, error) {
	if strings.HasPrefix(current, `"`) && !strings.HasPrefix(text, `"`) {
		text = fmt.Sprintf("%q", text)
	}
	return parser.ParseValue(text)
}
