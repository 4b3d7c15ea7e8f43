package main

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

var errCatalogue = errors.New("not a catalogue of messages")

// readMO reads a compiled catalogue of gettext and calls add with each message and its translation.
func readMO(data []byte, add func(english, foreign string)) error {
	if len(data) < 20 {
		return errCatalogue
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(data) != 0x950412de {
		order = binary.BigEndian
	}
	if order.Uint32(data) != 0x950412de {
		return errCatalogue
	}
	n, from, to := order.Uint32(data[8:]), order.Uint32(data[12:]), order.Uint32(data[16:])
	text := func(table, i uint32) (string, bool) {
		at := uint64(table) + 8*uint64(i)
		if at+8 > uint64(len(data)) {
			return "", false
		}
		size, start := uint64(order.Uint32(data[at:])), uint64(order.Uint32(data[at+4:]))
		if start+size > uint64(len(data)) {
			return "", false
		}
		return string(data[start : start+size]), true
	}
	decode := func(s string) string { return s }
	for i := range n {
		english, ok := text(from, i)
		foreign, ok2 := text(to, i)
		if !ok || !ok2 {
			return errCatalogue
		}
		if english == "" {
			decode = decoder(foreign)
			continue
		}
		message(english, decode(foreign), add)
	}
	return nil
}

// message adds a message. Its forms in the singular and the plural are pairs of their own; what stands before \x04 is
// no text.
func message(english, foreign string, add func(english, foreign string)) {
	if _, after, found := strings.Cut(english, "\x04"); found {
		english = after
	}
	one, many, plural := strings.Cut(english, "\x00")
	forms := strings.Split(foreign, "\x00")
	add(one, forms[0])
	if plural && len(forms) > 1 {
		add(many, forms[len(forms)-1])
	}
}

var charset = regexp.MustCompile(`charset=([-\w]+)`)

// decoder returns the decoder for the character set that the head of a catalogue names.
func decoder(head string) func(string) string {
	m := charset.FindStringSubmatch(head)
	if m == nil || strings.EqualFold(m[1], "utf-8") {
		return func(s string) string { return s }
	}
	e, err := htmlindex.Get(m[1])
	if err != nil {
		return func(s string) string { return s }
	}
	return func(s string) string {
		out, err := e.NewDecoder().String(s)
		if err != nil {
			return ""
		}
		return out
	}
}

// readPO reads the source of a catalogue. Fuzzy and obsolete messages are left out.
func readPO(data []byte, add func(english, foreign string)) {
	var english, foreign string
	var into *string
	fuzzy, skip := false, false
	flush := func() {
		if english != "" && foreign != "" && !skip {
			add(english, foreign)
		}
		english, foreign, skip = "", "", false
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		key, rest, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(line, "#,") && strings.Contains(line, "fuzzy"):
			fuzzy = true
			continue
		case key == "msgid":
			flush()
			skip, fuzzy = fuzzy, false
			into = &english
		case key == "msgctxt", key == "msgid_plural":
			into = nil
		case key == "msgstr", key == "msgstr[0]":
			into = &foreign
		case strings.HasPrefix(key, "msgstr["):
			into = nil
		case strings.HasPrefix(line, `"`):
			rest = line
		default:
			continue
		}
		if s, err := strconv.Unquote(rest); err == nil && into != nil {
			*into += s
		}
	}
	flush()
}

// readQM reads a compiled catalogue of Qt that keeps the source texts.
func readQM(data []byte, add func(english, foreign string)) error {
	if len(data) < 16 || binary.BigEndian.Uint32(data) != 0x3cb86418 {
		return errCatalogue
	}
	const messages = 0x69
	for at := 16; at+5 <= len(data); {
		section, size := data[at], int(binary.BigEndian.Uint32(data[at+1:]))
		at += 5
		if size < 0 || at+size > len(data) {
			return errCatalogue
		}
		if section == messages {
			readQMMessages(data[at:at+size], add)
		}
		at += size
	}
	return nil
}

func readQMMessages(data []byte, add func(english, foreign string)) {
	const end, translation, source = 1, 3, 6
	var english, foreign string
	for len(data) > 0 {
		tag := data[0]
		data = data[1:]
		if tag == end {
			if english != "" && foreign != "" {
				add(english, foreign)
			}
			english, foreign = "", ""
			continue
		}
		if tag == 5 { // obsolete: four bytes
			if len(data) < 4 {
				return
			}
			data = data[4:]
			continue
		}
		if len(data) < 4 {
			return
		}
		size := binary.BigEndian.Uint32(data)
		data = data[4:]
		if size == 0xffffffff {
			continue
		}
		if uint64(size) > uint64(len(data)) {
			return
		}
		text := data[:size]
		data = data[size:]
		switch tag {
		case translation:
			if foreign == "" { // the first form of several
				foreign = utf16BE(text)
			}
		case source:
			if utf8.Valid(text) {
				english = string(text)
			}
		}
	}
}

func utf16BE(b []byte) string {
	e, err := htmlindex.Get("utf-16be")
	if err != nil {
		return ""
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return ""
	}
	return string(out)
}

var localeName = regexp.MustCompile(`(?:^|[-_.])([a-z]{2,3}(?:[-_][A-Z][A-Za-z]+)?(?:@\w+)?)$`)

// languageOfPath is the language of a catalogue: that of the folder it lies in, or of the end of its name.
func languageOfPath(path string) string {
	parts := strings.Split(filepath.ToSlash(path), "/")
	for i := len(parts) - 2; i > 0; i-- {
		if parts[i] == "LC_MESSAGES" {
			return languageOf(parts[i-1])
		}
	}
	name := strings.TrimSuffix(parts[len(parts)-1], filepath.Ext(path))
	if m := localeName.FindStringSubmatch(name); m != nil {
		return languageOf(m[1])
	}
	return ""
}

// addCatalogues adds all catalogues below a folder.
func (t texts) addCatalogues(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		kind := filepath.Ext(path)
		if kind != ".mo" && kind != ".gmo" && kind != ".po" && kind != ".qm" {
			return nil
		}
		lang := languageOfPath(path)
		if lang == "" || lang == "en" || wanted != nil && !wanted[lang] {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		add := func(english, foreign string) { t.add(lang, english, foreign) }
		switch kind {
		case ".po":
			readPO(data, add)
		case ".qm":
			err = readQM(data, add)
		default:
			err = readMO(data, add)
		}
		if errors.Is(err, errCatalogue) {
			return nil // other programs use these names too
		}
		return err
	})
}
