package main

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// flatten returns the texts of a JSON value by their paths. Parts of a path that name the language are left out; a list
// of texts is one text.
func flatten(v any, path, locale string, out map[string]string) {
	switch v := v.(type) {
	case string:
		out[path] = v
	case map[string]any:
		for k, x := range v {
			if strings.HasPrefix(k, "@") {
				continue
			}
			p := path + "\x00" + k
			if k == locale {
				p = path
			}
			flatten(x, p, locale, out)
		}
	case []any:
		var list []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				list = append(list, s)
			}
		}
		if len(list) > 0 {
			out[path] = strings.Join(list, ", ")
		}
	}
}

func readJSON(path, locale string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var v any
	if json.Unmarshal(data, &v) != nil {
		return nil, nil // not what its name says
	}
	out := map[string]string{}
	flatten(v, "", locale, out)
	return out, nil
}

// readYAML reads the simple kind of YAML that catalogues are: keys by indentation, each with a text on its line.
func readYAML(data []byte, locale string) map[string]string {
	out := map[string]string{}
	var path []string
	var depth []int
	for line := range strings.Lines(string(data)) {
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		text = strings.TrimSpace(text)
		key, value, found := strings.Cut(text, ":")
		if !found || strings.HasPrefix(text, "#") || strings.HasPrefix(text, "-") {
			continue
		}
		for len(depth) > 0 && depth[len(depth)-1] >= indent {
			path, depth = path[:len(path)-1], depth[:len(depth)-1]
		}
		key = strings.Trim(key, `"'`)
		if key == locale {
			key = "*"
		}
		path, depth = append(path, key), append(depth, indent)
		if value = strings.Trim(strings.TrimSpace(value), `"'`); value != "" {
			out[strings.Join(path, "\x00")] = value
		}
	}
	return out
}

func readRecords(path, locale string) (map[string]string, error) {
	if filepath.Ext(path) == ".json" {
		return readJSON(path, locale)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readYAML(data, locale), nil
}

// addRecords adds files of texts by key: en.json and de.json in one folder, or en/x.yml and de/x.yml.
func (t texts) addRecords(root string) error {
	english := map[string]map[string]string{} // read, by path
	read := func(path, locale string) (map[string]string, error) {
		if english[path] == nil {
			r, err := readRecords(path, locale)
			if err != nil {
				return nil, err
			}
			english[path] = r
		}
		return english[path], nil
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		kind := filepath.Ext(path)
		if err != nil || !d.Type().IsRegular() || kind != ".json" && kind != ".yml" {
			return err
		}
		folder, name := filepath.Split(path)
		locale := strings.TrimSuffix(name, kind)
		source, englishLocale := "", ""
		if lang := languageOf(locale); lang != "" && lang != "en" && len(locale) <= 10 {
			source, englishLocale = filepath.Join(folder, "en"+kind), "en"
		} else {
			parent := filepath.Dir(path)
			locale = filepath.Base(parent)
			for _, e := range englishFolders {
				s := filepath.Join(filepath.Dir(parent), e, name)
				if _, err := os.Stat(s); err == nil && locale != e {
					source, englishLocale = s, e
				}
			}
		}
		lang := languageOf(locale)
		if source == "" || lang == "" || lang == "en" || len(locale) > 10 {
			return nil
		}
		if _, err := os.Stat(source); err != nil {
			return nil
		}
		e, err := read(source, englishLocale)
		if err != nil {
			return err
		}
		f, err := readRecords(path, locale)
		if err != nil {
			return err
		}
		for key, text := range f {
			t.add(lang, e[key], text)
		}
		return nil
	})
}

var (
	unit    = regexp.MustCompile(`(?s)<tu[ >].*?</tu>`)
	variant = regexp.MustCompile(`(?s)<tuv[^>]*xml:lang="([^"]+)"[^>]*>.*?<seg>(.*?)</seg>`)
)

// addMemory adds a translation memory in TMX, which may be packed.
func (t texts) addMemory(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if filepath.Ext(path) == ".zip" {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		data = nil
		for _, f := range z.File {
			if !strings.HasSuffix(f.Name, ".tmx") || strings.Contains(f.Name, "__MACOSX") {
				continue
			}
			r, err := f.Open()
			if err != nil {
				return err
			}
			part, err := io.ReadAll(r)
			r.Close()
			if err != nil {
				return err
			}
			data = append(data, part...)
		}
	}
	for _, u := range unit.FindAllString(string(data), -1) {
		english := ""
		for _, v := range variant.FindAllStringSubmatch(u, -1) {
			if languageOf(v[1]) == "en" {
				english = v[2]
			}
		}
		for _, v := range variant.FindAllStringSubmatch(u, -1) {
			if lang := languageOf(v[1]); lang != "en" {
				t.add(lang, english, v[2])
			}
		}
	}
	return nil
}

// addTable adds the rows of a table with tabs: its columns of English and of the other language, counted from 0, if the
// column where holds the given word.
func (t texts) addTable(path, lang string, english, foreign, where int, is string) error {
	return eachLine(path, func(line string) error {
		f := strings.Split(line, "\t")
		if len(f) > max(english, foreign, where) && (is == "" || strings.EqualFold(f[where], is)) {
			t.add(lang, strings.Trim(f[english], `"`), strings.Trim(f[foreign], `"`))
		}
		return nil
	})
}

// addGlossary adds a table with commas whose head names its columns sourceLang, targetLang, sourceString and
// targetString.
func (t texts) addGlossary(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return err
	}
	var at [4]int
	for i, name := range []string{"sourceLang", "targetLang", "sourceString", "targetString"} {
		if at[i] = slices.Index(rows[0], name); at[i] < 0 {
			return nil
		}
	}
	for _, row := range rows[1:] {
		if len(row) > slices.Max(at[:]) && languageOf(row[at[0]]) == "en" {
			t.add(languageOf(row[at[1]]), row[at[2]], row[at[3]])
		}
	}
	return nil
}

var termNote = regexp.MustCompile(`\((?:exact|related|broad|narrow|[A-Z][a-z]+, (?:exact|related|broad|narrow))\)$`)

// terms reads the names and synonyms of an ontology in OBO: for each term its name and what else it is called, with how
// near that is.
func terms(path string, add func(a, b string, weight float64)) error {
	nearness := map[string]float64{"EXACT": 1, "NARROW": 0.5, "BROAD": 0.5, "RELATED": 0.5}
	var names []string
	var weights []float64
	flush := func() {
		for i, a := range names {
			for k := i + 1; k < len(names); k++ {
				add(a, names[k], weights[i]*weights[k])
			}
		}
		names, weights = nil, nil
	}
	err := eachLine(path, func(line string) error {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "[Term]", "[Typedef]":
			flush()
		case "name":
			names, weights = append(names, value), append(weights, 1)
		case "is_obsolete":
			names, weights = nil, nil
		case "synonym":
			parts := strings.Split(value, `"`)
			if len(parts) < 3 {
				break
			}
			kind := strings.Fields(parts[2])
			if strings.Contains(parts[2], "Spanish") || strings.Contains(parts[2], "Japanese") ||
				termNote.MatchString(parts[1]) {
				break // the plant ontology has translations among its synonyms
			}
			if len(kind) > 0 && nearness[kind[0]] > 0 && !slices.Contains(names, parts[1]) &&
				!strings.Contains(parts[2], "OMO:0003012") {
				names, weights = append(names, parts[1]), append(weights, nearness[kind[0]])
			}
		}
		return nil
	})
	flush()
	return err
}
