package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

const (
	swahili = "Mashine hii inahitaji kuwashwa upya kabla ya kutumia mipangilio mipya."
	english = "This machine has to be started again before it uses the new settings."
)

// catalogue returns a .mo file of one message.
func catalogue(source, text string) []byte {
	var b bytes.Buffer
	for _, n := range []int{0x950412de, 0, 1, 28, 36, 0, 0, len(source), 44, len(text), 45 + len(source)} {
		_ = binary.Write(&b, binary.LittleEndian, uint32(n))
	}
	b.WriteString(source + "\x00" + text + "\x00")
	return b.Bytes()
}

// pak returns a file of Chromium's with one message.
func pak(text string) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, []uint32{5, 1})
	_ = binary.Write(&b, binary.LittleEndian, []uint16{1, 0, 7})
	_ = binary.Write(&b, binary.LittleEndian, uint32(24))
	_ = binary.Write(&b, binary.LittleEndian, uint16(0))
	_ = binary.Write(&b, binary.LittleEndian, uint32(24+len(text)))
	b.WriteString(text)
	return b.Bytes()
}

func TestCollect(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	for path, data := range map[string][]byte{
		"usr/share/locale/sw/LC_MESSAGES/a.mo": catalogue("settings", swahili),
		"usr/share/locale/ar/LC_MESSAGES/a.mo": catalogue("settings", english),
		"locales/sw.pak":                       pak("Faili hii haiwezi kufunguliwa kwa sababu imehifadhiwa mahali pengine."),
		"locales/sw_FEMININE.pak":              pak("Faili hii haiwezi kufunguliwa, kwa maana imehifadhiwa mahali pengine."),
		"help/C/page.html":                     []byte("<html lang=\"en\"><p>" + english + "</p><p>Short.</p></html>"),
		"help/sw/page.html": []byte(
			"<p>" + english + "</p><p>Ukurasa huu unaeleza jinsi ya kuchagua lugha &amp; saa za eneo.</p>"),
		"_articles/sw/page.md": []byte(
			"---\ntitle: x\n---\n# Kichwa\n\n" +
				"Soma [mwongozo wa kwanza](http://example.org) kabla ya kuanza **kazi** yoyote mpya."),
	} {
		file := filepath.Join(in, "package", path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := collect(out, []string{filepath.Join(in, "package")}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"sw/package.txt": "Soma mwongozo wa kwanza kabla ya kuanza kazi yoyote mpya.\n\n" +
			"Ukurasa huu unaeleza jinsi ya kuchagua lugha & saa za eneo.\n\n" +
			"Faili hii haiwezi kufunguliwa kwa sababu imehifadhiwa mahali pengine.\n\n" + swahili + "\n\n",
		"en/package.txt": english + "\n\n",
	} {
		if got, _ := os.ReadFile(filepath.Join(out, path)); string(got) != want {
			t.Errorf("%s has %q, want %q", path, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "ar")); err == nil {
		t.Error("English stands among the Arabic text")
	}
}
