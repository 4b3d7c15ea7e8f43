package main

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// texts are pairs of a text in English and its translation, by language.
type texts map[string]map[[2]string]bool

// longest is the length in bytes of the longest text that is kept: in a longer one, any word could stand for any other.
const longest = 600

// wanted are the languages that are kept, or nil for all.
var wanted map[string]bool

// add keeps a pair of texts, if both say something and not the same.
func (t texts) add(lang, english, foreign string) {
	if lang == "" || lang == "en" || wanted != nil && !wanted[lang] || english == "" || foreign == "" ||
		english == foreign || len(english) > longest || len(foreign) > 2*longest {
		return
	}
	english, foreign = plain(english), plain(foreign)
	if english == "" || foreign == "" || english == foreign || !utf8.ValidString(foreign) {
		return
	}
	if t[lang] == nil {
		t[lang] = map[[2]string]bool{}
	}
	t[lang][[2]string{english, foreign}] = true
}

var (
	accelerator = regexp.MustCompile(`\s*\(\s*[_&~]\w\)`)
	markup      = regexp.MustCompile(`<[^<>]*>|https?:\S+`)
	placeholder = regexp.MustCompile(
		`%[0-9]+(?:\$[-+#0-9.*]*(?:hh|ll|[hlLqjzt])?[a-zA-Z])?|%[-+#0-9.*]*(?:\([^)]*\))?(?:hh|ll|[hlLqjzt])?[a-zA-Z%]|\$\{?[A-Za-z0-9_.]+\}?|\{\{?[^{}]*\}?\}|\\[nrt"\\]|#+`)
)

// plain is a message without markup, placeholders and marks of keys.
func plain(s string) string {
	if strings.IndexByte(s, '(') >= 0 {
		s = accelerator.ReplaceAllString(s, "")
	}
	for range 2 { // some have escaped markup
		if strings.ContainsAny(s, "<&") || strings.Contains(s, "://") {
			s = html.UnescapeString(markup.ReplaceAllString(s, " "))
		}
	}
	if strings.ContainsAny(s, `%${\#`) {
		s = placeholder.ReplaceAllString(s, " ")
	}
	for _, mark := range []string{"_", "&", "~"} {
		if strings.Count(s, mark) == 1 && !strings.Contains(s, mark+" ") {
			s = strings.Replace(s, mark, "", 1)
		}
	}
	return strings.Join(strings.Fields(s), " ")
}
