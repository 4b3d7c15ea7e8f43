// Command vulndb makes a database that govulncheck reads out of the OSV files of the module golang.org/x/vulndb, which
// comes through the module proxy: machines that reach nothing else can look for known faults, too.
//
//	vulndb OSV-FOLDER DATABASE-FOLDER
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// entry is what the indexes need of an OSV record.
type entry struct {
	ID       string   `json:"id"`
	Modified string   `json:"modified"`
	Aliases  []string `json:"aliases"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		Ranges []struct {
			Events []struct {
				Fixed string `json:"fixed"`
			} `json:"events"`
		} `json:"ranges"`
	} `json:"affected"`
}

// module and fault are the records of index/modules.json, vuln those of index/vulns.json.
type module struct {
	Path  string  `json:"path"`
	Vulns []fault `json:"vulns"`
}

type fault struct {
	ID       string `json:"id"`
	Modified string `json:"modified"`
	Fixed    string `json:"fixed,omitempty"`
}

type vuln struct {
	ID       string   `json:"id"`
	Modified string   `json:"modified"`
	Aliases  []string `json:"aliases,omitempty"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: vulndb OSV-FOLDER DATABASE-FOLDER")
		os.Exit(2)
	}
	if err := build(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "vulndb:", err)
		os.Exit(1)
	}
}

func build(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s holds no OSV files", from)
	}
	for _, folder := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(to, folder), 0o755); err != nil {
			return err
		}
	}
	modules := make(map[string]*module)
	var vulns []vuln
	newest := ""
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(to, "ID", e.ID+".json"), raw, 0o644); err != nil {
			return err
		}
		newest = max(newest, e.Modified)
		vulns = append(vulns, vuln{e.ID, e.Modified, e.Aliases})
		for _, affected := range e.Affected {
			known, ok := modules[affected.Package.Name]
			if !ok {
				known = &module{Path: affected.Package.Name}
				modules[affected.Package.Name] = known
			}
			fixed := ""
			for _, r := range affected.Ranges {
				for _, event := range r.Events {
					fixed = cmp.Or(event.Fixed, fixed)
				}
			}
			known.Vulns = append(known.Vulns, fault{e.ID, e.Modified, fixed})
		}
	}
	all := make([]module, 0, len(modules))
	for _, m := range modules {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b module) int { return cmp.Compare(a.Path, b.Path) })
	for name, value := range map[string]any{"db": map[string]string{"modified": newest}, "modules": all, "vulns": vulns} {
		encoded, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, "index", name+".json"), encoded, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%d known faults in %d modules\n", len(vulns), len(all))
	return nil
}
