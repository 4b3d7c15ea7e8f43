package main

import (
	"strconv"
	"strings"
)

// readCharacters reads the English glosses of Han characters: lines like "U+75C5 病\tkDefinition\tillness, sickness,
// disease".
func readCharacters(path string, out lexicon) error {
	return eachLine(path, func(line string) error {
		f := strings.Split(line, "\t")
		if len(f) != 3 || !strings.HasPrefix(f[0], "U+") || f[1] != "kDefinition" {
			return nil
		}
		c, err := strconv.ParseUint(strings.Fields(f[0])[0][2:], 16, 32)
		if err != nil || c < 0x4e00 || c > 0x9fff {
			return nil // the other blocks have only rare characters
		}
		senses := strings.FieldsFunc(definition(f[2]), func(c rune) bool { return c == ';' || c == ',' })
		for i, s := range senses {
			if i == most {
				break
			}
			parts := words(s)
			for _, x := range parts {
				if len(parts) <= 2 {
					out.add(string(rune(c)), x.text, 1/float64((i+2)*len(parts)))
				}
			}
		}
		out.prune(string(rune(c)))
		return nil
	})
}
