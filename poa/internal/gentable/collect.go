package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const leastLetters = 40 // of a message, which is a sentence then more often than a label

// collect writes the prose of unpacked packages as out/LANGUAGE/NAME.txt, NAME being that of the package's folder. The
// language is what the path or the file says. It reads manuals (.html, .page, .md), message catalogues (.mo, .qm, .pak,
// .json of MediaWiki) and translation memories (.tmx.zip). What stands in English too, or in Latin letters where the
// language has others, is not translated and left out elsewhere.
func collect(out string, packages []string) error {
	english := make(map[string]bool)
	var all []*gathered
	for _, folder := range packages {
		g, err := gather(folder)
		if err != nil {
			return err
		}
		for _, p := range g.texts["en"] {
			english[p] = true
		}
		all = append(all, g)
	}
	for _, g := range all {
		slices.Sort(g.languages)
		for _, language := range g.languages {
			var b bytes.Buffer
			for _, p := range g.texts[language] {
				if language == "en" || !english[p] && isLatin(p) != slices.Contains(otherScripts, language) {
					b.WriteString(p + "\n\n")
				}
			}
			if b.Len() == 0 {
				continue
			}
			if err := os.MkdirAll(filepath.Join(out, language), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(out, language, g.name+".txt"), b.Bytes(), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// otherScripts are the languages that are not written in Latin letters.
var otherScripts = strings.Fields(
	"am ar as ba be bg bn ce ckb dz el fa gu he hi hy ja ka kk km kn ko ks ky lo mai mk ml mn mr my ne or pa prs ps ru " +
		"sa sd si sr ta te tg th ti tt ug uk ur yi zh")

// isLatin reports whether most letters of a text are Latin.
func isLatin(text string) bool {
	latin, letters := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.Is(unicode.Latin, r) {
				latin++
			}
		}
	}
	return 2*latin > letters
}

// gathered is the prose of one package by language.
type gathered struct {
	name      string
	languages []string
	texts     map[string][]string
	seen      map[string]bool
}

func gather(folder string) (*gathered, error) {
	g := &gathered{name: filepath.Base(folder), texts: make(map[string][]string), seen: make(map[string]bool)}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		kind := filepath.Ext(path)
		if strings.HasSuffix(path, ".tmx.zip") {
			kind = ".tmx.zip"
		}
		read := readers[kind]
		if read == nil {
			return nil
		}
		inside, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := read(g, filepath.ToSlash(inside), data); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
	return g, err
}

// add adds a paragraph, unless it was there already.
func (g *gathered) add(language, text string) {
	text = strings.Join(strings.Fields(text), " ")
	if language == "" || text == "" || g.seen[language+" "+text] || !utf8.ValidString(text) {
		return
	}
	if g.texts[language] == nil {
		g.languages = append(g.languages, language)
	}
	g.seen[language+" "+text] = true
	g.texts[language] = append(g.texts[language], text)
}

// message adds a message, if it is long and has no place for something to be put in, no markup and no key.
func (g *gathered) message(language, text string) {
	for line := range strings.SplitSeq(text, "\n\n") {
		letters := 0
		for _, r := range line {
			if unicode.IsLetter(r) || unicode.IsMark(r) || r == ' ' {
				letters++
			}
		}
		if letters >= leastLetters && !strings.ContainsAny(line, "%{}<>$|[]\\_#&") && !strings.Contains(line, "''") {
			g.add(language, line)
		}
	}
}

var readers = map[string]func(g *gathered, path string, data []byte) error{
	".html": readPage, ".page": readPage, ".md": readMarkdown, ".mo": readCatalogue, ".qm": readQt, ".pak": readPak,
	".json": readMessages, ".tmx.zip": readMemory,
}

// languageName brings what packages call a language to the name in the tables. It is "" for what is no language or
// another spelling.
func languageName(name string) string {
	if name == "C" {
		return "en"
	}
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	if strings.ContainsAny(name, "@") {
		return ""
	}
	base, region, _ := strings.Cut(strings.ReplaceAll(name, "_", "-"), "-")
	if to, ok := map[string]string{"no": "nb", "iw": "he", "tl": "fil", "in": "id"}[base]; ok {
		base = to
	}
	if len(base) < 2 || len(base) > 3 || region == "latn" || region == "latin" || region == "el" || region == "arab" ||
		region == "ec" {
		return ""
	}
	for _, c := range base {
		if c < 'a' || c > 'z' {
			return ""
		}
	}
	return base
}

// iso3 are the languages of the tables by the code that the Declaration of Human Rights has.
var iso3 = map[string]string{
	"afr": "af", "arb": "ar", "azj": "az", "bel": "be", "bul": "bg", "ben": "bn", "bre": "br", "cat": "ca", "ces": "cs",
	"cym": "cy", "dan": "da", "deu": "de", "ell": "el",
	"eng": "en", "epo": "eo", "spa": "es", "ekk": "et", "eus": "eu", "pes": "fa", "fin": "fi", "fra": "fr", "gla": "gd",
	"glg": "gl", "guj": "gu", "heb": "he", "hin": "hi", "hrv": "hr",
	"hun": "hu", "hye": "hy", "ind": "id", "isl": "is", "ita": "it", "jpn": "ja", "kat": "ka", "kaz": "kk", "khm": "km",
	"kan": "kn", "kor": "ko", "lit": "lt", "lvs": "lv", "plt": "mg", "mal": "ml",
	"khk": "mn", "mar": "mr", "zlm": "ms", "mya": "my", "nob": "nb", "npi": "ne", "nld": "nl", "ory": "or", "pan": "pa",
	"pol": "pl", "por": "pt", "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl",
	"als": "sq", "srp": "sr", "swe": "sv", "tam": "ta", "tel": "te", "tha": "th", "tur": "tr", "uig": "ug", "ukr": "uk",
	"urd": "ur", "vie": "vi", "xho": "xh", "cmn": "zh", "zul": "zu",
	"swh": "sw", "amh": "am", "fil": "fil", "tgl": "fil", "mkd": "mk",
}

var htmlLanguage = regexp.MustCompile(`<html[^>]*?(?:data-iso6393|xml:lang|lang)="([^"]+)"`)

// readPage reads a page of a manual. Its language is what the page says, else the part of the path that is one.
func readPage(g *gathered, path string, data []byte) error {
	language := ""
	if m := htmlLanguage.FindSubmatch(data); m != nil {
		if language = iso3[string(m[1])]; language == "" && !bytes.Contains(data, []byte("data-iso6393")) {
			language = languageName(string(m[1]))
		}
	} else {
		language = languageOfPath(path)
	}
	for _, p := range bytes.Split(stripTags(data), []byte("\n\n")) {
		if len(p) >= leastLetters {
			g.add(language, string(p))
		}
	}
	return nil
}

// languageOfPath takes the last folder of a path that has the form of a language's code.
func languageOfPath(path string) string {
	parts := strings.Split(path, "/")
	for _, p := range slices.Backward(parts[:len(parts)-1]) {
		if p == "LC_MESSAGES" || p == "usr" || p == "src" || p == "doc" || p == "lib" || p == "gnu" {
			continue
		}
		if base, _, _ := strings.Cut(p, "_"); len(base) == 2 || len(base) == 3 || p == "C" || len(p) == 5 && p[2] == '-' ||
			p == "zh-hans" || p == "zh-hant" {
			if name := languageName(p); name != "" {
				return name
			}
		}
	}
	return ""
}

var (
	markdownCode = regexp.MustCompile("(?s)^---.*?\n---\n|```.*?```|<[^>]*>|\\{[%{].*?[%}]\\}|\\{/\\*.*?\\*/\\}")
	markdownLink = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
)

// readMarkdown reads a page in Markdown. Lines that are no prose (headings, code, tables) end a paragraph.
func readMarkdown(g *gathered, path string, data []byte) error {
	text := markdownLink.ReplaceAllString(markdownCode.ReplaceAllString(string(data), ""), "$1")
	for p := range strings.SplitSeq(text, "\n\n") {
		p = strings.TrimSpace(strings.NewReplacer("*", "", "`", "", "> ", "").Replace(p))
		if len(p) >= leastLetters && !strings.ContainsAny(p[:1], "#|-+<{") && !strings.ContainsAny(p, "{}=;") {
			g.add(languageOfPath(path), p)
		}
	}
	return nil
}

// readCatalogue reads the translations of a .mo file, whose folder or name says its language.
func readCatalogue(g *gathered, path string, data []byte) error {
	language := languageOfPath(path)
	if name := strings.TrimSuffix(filepath.Base(path), ".mo"); language == "" {
		language = languageName(name[strings.LastIndexByte(name, '-')+1:])
	}
	if len(data) < 20 {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(data) != 0x950412de {
		order = binary.BigEndian
	}
	n, from, to := order.Uint32(data[8:]), order.Uint32(data[12:]), order.Uint32(data[16:])
	at := func(table, i uint32) string {
		length, offset := order.Uint32(data[table+8*i:]), order.Uint32(data[table+8*i+4:])
		return string(data[offset : offset+length])
	}
	for i := range n {
		source, text := at(from, i), at(to, i)
		if source == "" || source == text {
			continue
		}
		for form := range strings.SplitSeq(text, "\x00") {
			g.message(language, form)
		}
	}
	return nil
}

// readQt reads the translations of a .qm file, whose name ends in its language.
func readQt(g *gathered, path string, data []byte) error {
	name := strings.TrimSuffix(filepath.Base(path), ".qm")
	language := languageName(name)
	if i := strings.IndexAny(name, "_"); i > 3 {
		language = languageName(name[i+1:])
	}
	if len(data) < 16 {
		return nil
	}
	for data = data[16:]; len(data) >= 5; {
		tag, length := data[0], binary.BigEndian.Uint32(data[1:])
		section := data[5:][:min(int(length), len(data)-5)]
		data = data[5+len(section):]
		if tag != 0x69 {
			continue
		}
		for len(section) > 0 {
			kind := section[0]
			section = section[1:]
			switch kind {
			case 3, 6, 7, 8: // translation, source, context, comment
				if len(section) < 4 {
					return nil
				}
				n := binary.BigEndian.Uint32(section)
				section = section[4:]
				if n == 0xFFFFFFFF || int(n) > len(section) {
					continue
				}
				if kind == 3 {
					units := make([]uint16, n/2)
					for i := range units {
						units[i] = binary.BigEndian.Uint16(section[2*i:])
					}
					g.message(language, string(utf16.Decode(units)))
				}
				section = section[n:]
			case 5:
				section = section[min(4, len(section)):]
			}
		}
	}
	return nil
}

// readPak reads a file of Chromium's messages, which its language names.
func readPak(g *gathered, path string, data []byte) error {
	name := strings.TrimSuffix(filepath.Base(path), ".pak")
	language := languageName(name)
	if strings.Contains(name, "_") || language == "" || len(data) < 12 || binary.LittleEndian.Uint32(data) != 5 ||
		data[4] != 1 {
		return nil
	}
	n := int(binary.LittleEndian.Uint16(data[8:]))
	for i := range n {
		entry := data[12+6*i:]
		from, to := binary.LittleEndian.Uint32(entry[2:]), binary.LittleEndian.Uint32(entry[8:])
		if from < to && int(to) <= len(data) {
			g.message(language, string(data[from:to]))
		}
	}
	return nil
}

// readMessages reads a file of MediaWiki's messages, which its language names.
func readMessages(g *gathered, path string, data []byte) error {
	var messages map[string]any
	if !strings.Contains(path, "i18n/") || json.Unmarshal(data, &messages) != nil {
		return nil
	}
	language := languageName(strings.TrimSuffix(filepath.Base(path), ".json"))
	var texts []string
	for _, m := range messages {
		if text, ok := m.(string); ok {
			texts = append(texts, text)
		}
	}
	slices.SortFunc(texts, cmp.Compare[string])
	for _, text := range texts {
		g.message(language, text)
	}
	return nil
}

var memoryUnit = regexp.MustCompile(`(?s)<tuv[^>]*?lang="([^"]+)"[^>]*>\s*<seg>(.*?)</seg>`)

// readMemory reads a packed translation memory.
func readMemory(g *gathered, _ string, data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return err
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(r)
		if err = cmp.Or(err, r.Close()); err != nil {
			return err
		}
		for _, m := range memoryUnit.FindAllSubmatch(b.Bytes(), -1) {
			if text := string(stripTags(append(m[2], "<p>"...))); len(text) >= leastLetters {
				g.add(languageName(string(m[1])), text)
			}
		}
	}
	return nil
}
