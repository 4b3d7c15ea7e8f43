package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// synonymTable reads a table with tabs in which rows with the same key are names of the same: the column of the key and
// those of names.
func synonymTable(path string, rest []string, add func(a, b string, weight float64)) error {
	if len(rest) < 2 {
		return fmt.Errorf("a table of synonyms needs two columns")
	}
	var columns []int
	for _, r := range rest {
		n, err := strconv.Atoi(r)
		if err != nil {
			return err
		}
		columns = append(columns, n)
	}
	names := map[string][]string{}
	err := eachLine(path, func(line string) error {
		f := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(f) <= slices.Max(columns) {
			return nil
		}
		key := f[columns[0]]
		for _, c := range columns[1:] {
			if f[c] != "" && !slices.Contains(names[key], f[c]) {
				names[key] = append(names[key], f[c])
			}
		}
		return nil
	})
	for _, list := range names {
		if len(list) > 12 {
			continue // no name, but a remark
		}
		for i, a := range list {
			for _, b := range list[i+1:] {
				add(a, b, 1)
			}
		}
	}
	return err
}

// longOnes are the pairs of which one at least has several words.
func longOnes(p pairs) pairs {
	out := pairs{}
	for k, weight := range p {
		if strings.Contains(k[0], " ") || strings.Contains(k[1], " ") {
			out[k] = weight
		}
	}
	return out
}

// alignTerms learns from phrases of the same meaning which of their words mean the same, and adds those to near. Words
// that both phrases have are left out: they explain themselves.
func alignTerms(phrases, near pairs) {
	a := newAligner()
	for _, k := range sortedKeys(phrases) {
		if phrases[k] < 0.5 {
			continue
		}
		one, two := words(k[0]), words(k[1])
		if len(one) == 1 && len(two) == 1 {
			if one[0].stem != two[0].stem && !strings.ContainsAny(k[0]+k[1], " ") {
				near.add(one[0].text, two[0].text, 0.9*phrases[k])
			}
			continue
		}
		left := without(one, two)
		right := without(two, one)
		a.add(left, right)
	}
	for foreign, english := range a.lexicon() {
		for e, p := range english {
			near.add(foreign, e, math.Min(0.9*p, 0.8))
		}
	}
}

func without(from, other []word) []word {
	var out []word
	for _, x := range from {
		if !slices.ContainsFunc(other, func(y word) bool { return y.stem == x.stem }) {
			out = append(out, x)
		}
	}
	return out
}

// readIndexes reads index.noun and its fellows of a WordNet of another language, and ili.csv, which says for the first,
// second and so on synset of a part of speech which synset of WordNet 3.0 it is: "n#010815,n02084071".
func readIndexes(folder string) (map[string][]string, error) {
	places := map[string]string{}
	err := eachLine(filepath.Join(folder, "ili.csv"), func(line string) error {
		if place, id, ok := strings.Cut(line, ","); ok && len(id) > 1 {
			places[place] = id[1:] + "-" + id[:1]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	lemmas := map[string][]string{}
	for _, f := range wordnetFiles {
		offsets := map[string][]string{}
		var all []string
		err := eachLine(filepath.Join(folder, "index."+f.name), func(line string) error {
			fields := strings.Fields(line)
			if strings.HasPrefix(line, " ") || len(fields) < 5 {
				return nil
			}
			n, err := strconv.Atoi(fields[2])
			if err != nil || n > len(fields) {
				return nil
			}
			offsets[fields[0]] = fields[len(fields)-n:]
			all = append(all, offsets[fields[0]]...)
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.Sort(all)
		all = slices.Compact(all)
		for name, list := range offsets {
			text := strings.ReplaceAll(strings.Trim(name, "`"), "_", " ")
			for _, offset := range list {
				i, _ := slices.BinarySearch(all, offset)
				if id := places[fmt.Sprintf("%s#%06d", f.pos, i)]; id != "" {
					lemmas[text] = append(lemmas[text], id)
				}
			}
		}
	}
	return lemmas, nil
}
