package answers

import "unicode"

// Group of answers by what language they are in.
type Group int

// The groups.
const (
	English Group = iota
	Latin         // another language in Latin, Cyrillic or Greek script
	Han           // Chinese, Japanese, Arabic or another language in another script
)

// Groups lists all.
var Groups = []Group{English, Latin, Han}

// String names the group.
func (g Group) String() string {
	return [...]string{"English", "other languages, Latin and Cyrillic", "Chinese, Japanese, Arabic"}[g]
}

// otherScript is the part of the letters, one in so many, from which on an answer is not in an alphabet like the Latin
// one: names and code within it are.
const otherScript = 8

// Group returns the group of an answer.
func (t *Item) Group() Group {
	if t.Language == "English" {
		return English
	}
	letters, others := 0, 0
	for _, c := range t.Text() {
		if !unicode.IsLetter(c) {
			continue
		}
		letters++
		if !unicode.In(c, unicode.Latin, unicode.Cyrillic, unicode.Greek) {
			others++
		}
	}
	if otherScript*others >= letters {
		return Han
	}
	return Latin
}
