package upstream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/openledger/openledger/internal/file"
)

// presets is the file of a llama-server's models (--models-preset), with a section for each. Sections of adapters are
// added to the owner's text: they have the settings of the base's section, and the adapter's file.
type presets struct {
	path string
	mu   sync.Mutex
}

// openPresets holds the open files, so that servers that share a file change it in turn.
var openPresets sync.Map // of absolute path: *presets

func presetsOf(path string) *presets {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	shared, _ := openPresets.LoadOrStore(path, &presets{path: path})
	return shared.(*presets)
}

// madeBy marks a section that was added.
const madeBy = "; by openlorad: changes are lost"

// section is a part of the file, from its header to the next.
type section struct {
	name  string // empty before the first header
	lines []string
}

// read returns the sections of the file.
func (p *presets) read() ([]section, error) {
	text, err := os.ReadFile(p.path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("--llama-presets %s is not there: write a section for the base, and start llama-server "+
				"with --models-preset", p.path)
		}
		return nil, err
	}
	sections := []section{{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]") {
			sections = append(sections, section{name: trimmed[1 : len(trimmed)-1]})
		}
		last := &sections[len(sections)-1]
		last.lines = append(last.lines, line)
	}
	return sections, nil
}

func (p *presets) write(sections []section) error {
	var out strings.Builder
	for _, s := range sections {
		for _, line := range s.lines {
			out.WriteString(line + "\n")
		}
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(p.path); err == nil {
		mode = info.Mode().Perm()
	}
	return file.Write(p.path, []byte(out.String()), mode)
}

// add adds the section of an adapter of a base, and reports whether the file has changed.
func (p *presets) add(name, base, lora string) (changed bool, err error) {
	if strings.ContainsAny(lora, ",;#\"'\n\r") || strings.TrimSpace(lora) != lora {
		return false, fmt.Errorf("%q cannot stand in a preset file: move the adapters to a path without , ; # and quotes",
			lora)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	sections, err := p.read()
	if err != nil {
		return false, err
	}
	wanted := section{name: name, lines: []string{"[" + name + "]", madeBy}}
	found := false
	for _, s := range sections {
		if s.name != base {
			continue
		}
		found = true
		for _, line := range s.lines[1:] {
			if key, _, ok := strings.Cut(line, "="); ok && !special(strings.TrimSpace(key)) {
				wanted.lines = append(wanted.lines, line)
			}
		}
	}
	if !found {
		return false, fmt.Errorf("%s has no section [%s]: write one for the base that --openai-model names", p.path, base)
	}
	wanted.lines = append(wanted.lines, "lora = "+lora, "")
	for i, s := range sections {
		if s.name != name {
			continue
		}
		if strings.Join(s.lines, "\n") == strings.Join(wanted.lines, "\n") {
			return false, nil
		}
		sections[i] = wanted
		return true, p.write(sections)
	}
	if n := len(sections); n > 0 && len(sections[n-1].lines) > 0 {
		if last := sections[n-1].lines; strings.TrimSpace(last[len(last)-1]) != "" {
			sections[n-1].lines = append(last, "")
		}
	}
	return true, p.write(append(sections, wanted))
}

// special reports whether a setting belongs only to the base: its name, its alias, and when it is loaded.
func special(key string) bool {
	switch strings.ToLower(key) {
	case "lora", "lora-scaled", "llama_arg_lora", "alias", "llama_arg_alias", "load-on-startup":
		return true
	}
	return strings.HasPrefix(key, ";") || strings.HasPrefix(key, "#")
}

// remove removes the section of an adapter, and reports whether there was one. It leaves sections that openlorad did
// not add.
func (p *presets) remove(name string) (changed bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sections, err := p.read()
	if err != nil {
		return false, err
	}
	for i, s := range sections {
		if s.name == name && len(s.lines) > 1 && s.lines[1] == madeBy {
			return true, p.write(append(sections[:i:i], sections[i+1:]...))
		}
	}
	return false, nil
}
