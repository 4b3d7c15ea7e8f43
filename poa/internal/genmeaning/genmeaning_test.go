package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tinyWordNet has physician and doctor, who also is one who mends, treat, which treatment derives from, and renal, of
// the kidney.
func tinyWordNet(t *testing.T) *wordnet {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, "cntlist.rev", "doctor%1:18:00:: 1 30\nphysician%1:18:00:: 1 10\ndoctor%1:18:01:: 2 2\n")
	write(t, folder, "data.noun", strings.Join([]string{
		"  1 the licence",
		"00000010 18 n 02 doctor 0 physician 0 000 | a licensed practitioner of medicine; \"ask the doctor\"",
		"00000020 18 n 02 doctor 1 mender 0 000 | one who mends",
		"00000030 04 n 01 treatment 0 001 + 00000040 v 0101 | care",
		"00000050 08 n 01 kidney 0 001 + 00000060 a 0101 | an organ of medicine",
		"00000070 18 n 01 family_doctor 0 001 @ 00000010 n 0000 | a doctor",
	}, "\n"))
	write(t, folder, "data.verb", "00000040 29 v 01 treat 0 001 + 00000030 n 0101 01 + 08 00 | care for\n")
	write(t, folder, "data.adj", "00000060 01 a 01 renal 0 001 \\ 00000050 n 0101 | of the kidney\n")
	write(t, folder, "data.adv", "")
	write(t, folder, "index.noun", strings.Join([]string{
		"doctor n 2 0 2 1 00000010 00000020", "physician n 1 0 1 1 00000010", "mender n 1 0 1 0 00000020",
		"treatment n 1 1 + 1 0 00000030", "kidney n 1 1 + 1 0 00000050", "family_doctor n 1 1 @ 1 0 00000070",
	}, "\n"))
	write(t, folder, "index.verb", "treat v 1 1 + 1 0 00000040\n")
	write(t, folder, "index.adj", "renal a 1 1 \\ 1 0 00000060\n")
	write(t, folder, "index.adv", "")
	w, err := readWordNet(folder)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSynonyms(t *testing.T) {
	near, phrases := tinyWordNet(t).synonyms()
	doctor, mender := near[[2]string{"doctor", "physician"}], near[[2]string{"doctor", "mender"}]
	if doctor < 0.9 || mender > 0.4 || mender <= 0 {
		t.Errorf("a doctor is a physician by %v and a mender by %v", doctor, mender)
	}
	if got := near[[2]string{"renal", "kidney"}]; got < 0.7 {
		t.Errorf("renal is near kidney by %v", got)
	}
	if near[[2]string{"physician", "doctor"}] != doctor {
		t.Error("near is not mutual")
	}
	if len(phrases) != 0 {
		t.Errorf("a kind of doctor is no synonym: %v", phrases)
	}
}

func TestTabTranslations(t *testing.T) {
	w := tinyWordNet(t)
	path := write(
		t, t.TempDir(), "x.tab", "# A Wordnet\tdeu\n00000010-n\tdeu:lemma\tArzt\n00000020-n\tlemma\tArzt\n"+
			"00000060-s\tdeu:lemma\trenal\n00000010-n\tdeu:def\tjemand\n")
	lang, lemmas, err := readTab(path)
	if err != nil || lang != "de" || len(lemmas["Arzt"]) != 2 {
		t.Fatal(lang, lemmas, err)
	}
	l := lexicon{}
	w.translate(lemmas, l, nil)
	if l["arzt"]["doctor"] < l["arzt"]["physician"] || l["arzt"]["physician"] < l["arzt"]["mender"] {
		t.Error(l)
	}
	if l["renal"]["renal"] == 0 {
		t.Error("an adjective satellite is not found")
	}
}

func TestIndexTranslations(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "ili.csv", "n#000000,n00000050\nn#000001,n00000010\n")
	write(t, folder, "index.noun", "médico n 1 1 @ 1 0 00000900\n`ri\u00f1on n 1 1 @ 1 0 00000100\n")
	for _, p := range []string{"verb", "adj", "adv"} {
		write(t, folder, "index."+p, "")
	}
	lemmas, err := readIndexes(folder)
	if err != nil || !slices.Equal(lemmas["médico"], []string{"00000010-n"}) ||
		!slices.Equal(lemmas["riñon"], []string{"00000050-n"}) {
		t.Error(lemmas, err)
	}
}

// compile makes a catalogue of gettext.
func compile(messages [][2]string) []byte {
	var table, text []byte
	start := 28 + 16*len(messages)
	for side := range 2 {
		for _, m := range messages {
			table = binary.LittleEndian.AppendUint32(table, uint32(len(m[side])))
			table = binary.LittleEndian.AppendUint32(table, uint32(start+len(text)))
			text = append(append(text, m[side]...), 0)
		}
	}
	out := binary.LittleEndian.AppendUint32(nil, 0x950412de)
	for _, n := range []int{0, len(messages), 28, 28 + 8*len(messages), 0, 0} {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	return append(append(out, table...), text...)
}

func collected(read func(add func(e, f string)) error) ([]string, error) {
	var got []string
	err := read(func(e, f string) { got = append(got, e+"="+f) })
	return got, err
}

func TestCatalogues(t *testing.T) {
	mo := compile(
		[][2]string{{"", "Content-Type: text/plain; charset=ISO-8859-1\n"},
			{"key\x04one file\x00%d files", "eine Datei\x00%d Dateien"}, {"large", "gro\xdf"}})
	got, err := collected(func(add func(e, f string)) error { return readMO(mo, add) })
	if want := []string{"one file=eine Datei", "%d files=%d Dateien", "large=groß"}; err != nil ||
		!slices.Equal(got, want) {
		t.Error(got, err)
	}
	for n := range mo {
		_ = readMO(mo[:n], func(e, f string) {}) // must not panic
	}

	po := "msgid \"\"\nmsgstr \"head\"\n\n#, fuzzy\nmsgid \"wrong\"\nmsgstr \"falsch\"\n\nmsgctxt \"x\"\n" +
		"msgid \"\"\n\"a long \"\n\"line\"\nmsgstr \"eine Zeile\"\n\nmsgid \"day\"\nmsgid_plural \"days\"\n" +
		"msgstr[0] \"Tag\"\nmsgstr[1] \"Tage\"\n"
	got, _ = collected(func(add func(e, f string)) error { readPO([]byte(po), add); return nil })
	if want := []string{"a long line=eine Zeile", "day=Tag"}; !slices.Equal(got, want) {
		t.Error(got)
	}

	var qm bytes.Buffer
	_ = binary.Write(&qm, binary.BigEndian, []uint32{0x3cb86418, 0xcaef9c95, 0xcd211cbf, 0x60a1bddd})
	var messages bytes.Buffer
	text := utf16.Encode([]rune("Größe"))
	messages.WriteByte(3)
	_ = binary.Write(&messages, binary.BigEndian, uint32(2*len(text)))
	_ = binary.Write(&messages, binary.BigEndian, text)
	messages.WriteByte(6)
	_ = binary.Write(&messages, binary.BigEndian, uint32(4))
	messages.WriteString("Size\x01")
	qm.WriteByte(0x69)
	_ = binary.Write(&qm, binary.BigEndian, uint32(messages.Len()))
	qm.Write(messages.Bytes())
	got, err = collected(func(add func(e, f string)) error { return readQM(qm.Bytes(), add) })
	if err != nil || !slices.Equal(got, []string{"Size=Größe"}) {
		t.Error(got, err)
	}
	for n := range qm.Len() {
		_ = readQM(qm.Bytes()[:n], func(e, f string) {})
	}
}

func TestLanguageOfPath(t *testing.T) {
	for path, want := range map[string]string{
		"share/locale/pt_BR/LC_MESSAGES/x.mo": "pt", "share/locale/sr@latin/LC_MESSAGES/x.mo": "sr",
		"languages/admin-de_DE.mo": "de",
		"locale/zh_CN.po":          "zh", "share/locale/en_GB/LC_MESSAGES/x.mo": "en",
		"share/locale/no/LC_MESSAGES/x.mo": "nb", "po/README.po": "",
	} {
		if got := languageOfPath(path); got != want {
			t.Errorf("%s is of %q, not %q", path, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for s, want := range map[string]string{
		"_Open file": "Open file", "文件(_F)": "文件", "<b>%s</b> of {count} ${x} files": "of files",
		"Save &As…": "Save As…", "&lt;b&gt; bold": "bold", "a  b\n c": "a b c", "%1 files in %2$s, %5d%%": "files in , d",
	} {
		if got := plain(s); got != want {
			t.Errorf("%q is %q, not %q", s, got, want)
		}
	}
}

func TestDocuments(t *testing.T) {
	english := manBlocks(
		".TH X 1\n.SH NAME\nx \\- copy \\fBfiles\\fP\n.SH DESCRIPTION\nIt copies one file. It stops.\n.PP\nNew.\n.TP\n" +
			".B \\-f\nForce it.\n")
	german := manBlocks(
		".TH X 1\n.SH BEZEICHNUNG\nx \\- Dateien kopieren\n.SH BESCHREIBUNG\nEs kopiert eine Datei. Es hält an.\n.TP\n" +
			".B \\-f\nErzwingen.\n")
	var got []string
	alignBlocks(english, german, func(e, f string) { got = append(got, e+"="+f) })
	for _, want := range []string{"NAME=BEZEICHNUNG", "It copies one file=Es kopiert eine Datei", "Force it=Erzwingen"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	blocks := markupBlocks(
		`<body><h1 id="hd_1">Title</h1><!-- no --><p id="par_2">One <b>bold</b> word.</p><p class="x">Two</p></body>`)
	if fmt.Sprint(blocks) != "[{hd_1 Title} {par_2 One bold word.} {p Two}]" {
		t.Error(blocks)
	}
}

func TestRecords(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "i18n/en.json", `{"@meta":{"x":"y"},"save":"Save page","many":["cat","dog"]}`)
	write(t, folder, "i18n/de.json", `{"save":"Seite speichern","many":["Katze","Hund"],"other":"nichts"}`)
	write(t, folder, "main/en/u.json", `{"main":{"en":{"unit":"day"}}}`)
	write(t, folder, "main/fr/u.json", `{"main":{"fr":{"unit":"jour"}}}`)
	write(t, folder, "locales/eng/a.yml", "eng:\n  crop:\n    wheat: \"soft wheat\"\n  field: Field\n")
	write(t, folder, "locales/fra/a.yml", "fra:\n  crop:\n    wheat: \"blé tendre\"\n  field: Parcelle\n")
	got := texts{}
	if err := got.addRecords(folder); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][2]string{"de": {"cat, dog", "Katze, Hund"}, "fr": {"soft wheat", "blé tendre"}} {
		if !got[lang][want] {
			t.Errorf("%s lacks %q: %v", lang, want, got[lang])
		}
	}
	if !got["de"][[2]string{"Save page", "Seite speichern"}] || !got["fr"][[2]string{"day", "jour"}] ||
		!got["fr"][[2]string{"Field", "Parcelle"}] {
		t.Error(got)
	}

	tmx := write(
		t, folder, "x.tmx", `<tu><tuv xml:lang="en"><seg>the fever</seg></tuv><tuv xml:lang="es-LA"><seg>la fiebre</seg></tuv></tu>`)
	glossary := write(
		t, folder, "x.csv", "id,sourceLang,targetLang,sourceString,targetString\n1,en,fr-CA,\"cough, dry\",toux sèche\n")
	table := write(t, folder, "x.tsv", "en\tnose\tnez\tOFFICIAL\nen\tear\toreille\tCANDIDATE\n")
	for _, err := range []error{got.addMemory(tmx), got.addGlossary(glossary),
		got.addRows(table, []string{"fr", "1", "2", "3", "OFFICIAL"})} {
		if err != nil {
			t.Error(err)
		}
	}
	if !got["es"][[2]string{"the fever", "la fiebre"}] || !got["fr"][[2]string{"cough, dry", "toux sèche"}] ||
		!got["fr"][[2]string{"nose", "nez"}] || got["fr"][[2]string{"ear", "oreille"}] {
		t.Error(got)
	}
}

func TestTerms(t *testing.T) {
	path := write(
		t, t.TempDir(), "x.obo", "[Term]\nid: 1\nname: kidney disease\nsynonym: \"renal disease\" EXACT []\n"+
			"synonym: \"kidney trouble\" RELATED []\n\n[Term]\nname: old\nsynonym: \"older\" EXACT []\nis_obsolete: true\n")
	got := pairs{}
	if err := terms(path, func(a, b string, w float64) { got.add(a, b, w) }); err != nil {
		t.Fatal(err)
	}
	if got[[2]string{"kidney disease", "renal disease"}] != 1 ||
		got[[2]string{"kidney disease", "kidney trouble"}] != 0.5 || len(got) != 6 {
		t.Error(got)
	}
}

func TestAlignTerms(t *testing.T) {
	phrases, near := pairs{}, pairs{}
	for _, what := range []string{"disease", "cancer", "failure", "cyst", "artery"} {
		phrases.add("kidney "+what, "renal "+what, 1)
		phrases.add("liver "+what, "hepatic "+what, 1)
	}
	alignTerms(phrases, near)
	if near[[2]string{"kidney", "renal"}] < 0.5 || near[[2]string{"kidney", "hepatic"}] > 0 {
		t.Error(near)
	}
}

func TestAlign(t *testing.T) {
	a := newAligner()
	nouns := map[string]string{"house": "haus", "field": "acker", "wheat": "weizen", "doctor": "arzt"}
	verbs := map[string]string{"sees": "sieht", "buys": "kauft", "needs": "braucht"}
	for _, n := range slices.Sorted(maps.Keys(nouns)) {
		for _, v := range slices.Sorted(maps.Keys(verbs)) {
			for _, m := range slices.Sorted(maps.Keys(nouns)) {
				a.add(words(n+" "+v+" "+m), words(nouns[m]+" "+verbs[v]+" "+nouns[n]))
			}
		}
	}
	l := a.lexicon()
	for english, foreign := range nouns {
		if l[foreign][english] < 0.6 {
			t.Errorf("%s is %v", foreign, l[foreign])
		}
	}
	if len(l["kauft"]) != 1 {
		t.Error(l["kauft"])
	}
}

func TestKeep(t *testing.T) {
	for _, c := range []struct {
		count, share, dice float64
		want               bool
	}{{10, 0.1, 0.1, true}, {10, 0.05, 0.1, false}, {4, 0.1, 0.1, false}, {4, 0.3, 0.1, true}, {10, 0.5, 0.01, false},
		{1, 1, 0.5, false}, {1, 1, 1, true}} {
		if got := keep(c.count, c.share, c.dice); got != c.want {
			t.Errorf("%v is kept: %v", c, got)
		}
	}
}

func TestSplit(t *testing.T) {
	runs := map[string]int{"打开文件": 10, "文件": 20, "打开窗口": 10, "窗口": 10, "保存文件": 9, "保存": 10, "打开": 5}
	s := learnSplitter(runs)
	if got := s.cut([]rune("保存窗口")); !slices.Equal(got, []string{"保存", "窗口"}) {
		t.Error(got)
	}
	got := s.units(words("ファイルを開く X-Ray 文件"))
	var list []string
	for _, w := range got {
		list = append(list, w.text)
	}
	if !slices.Equal(list, []string{"ファイル", "開", "ray", "文件"}) && !slices.Equal(list, []string{"ファイル", "開", "文件"}) {
		t.Error(list)
	}
}

func TestJoin(t *testing.T) {
	j := newJoiner()
	for range 10 {
		j.learn(words("máy tính xách tay"))
		j.learn(words("máy bay"))
		j.learn(words("xách tay nặng"))
	}
	var got []string
	for _, w := range j.join(words("máy tính nặng")) {
		got = append(got, w.text)
	}
	if !slices.Equal(got, []string{"máy tính", "nặng"}) {
		t.Errorf("%q", got)
	}
}

func TestCharacters(t *testing.T) {
	path := write(
		t, t.TempDir(), "k.txt", "# head\nU+75C5 病\tkDefinition\tillness, sickness; (archaic) to worry\n"+
			"U+91AB\tkMandarin\tyī\n")
	l := lexicon{}
	if err := readCharacters(path, l); err != nil || l["病"]["illness"] <= l["病"]["sickness"] || len(l) != 1 {
		t.Error(l, err)
	}
}

func TestWords(t *testing.T) {
	got := words("The Doctors of 3 שָׁלוֹם é x")
	var list []string
	for _, w := range got {
		list = append(list, w.text)
	}
	if !slices.Equal(list, []string{"doctors", "שלום"}) {
		t.Error(list)
	}
	if _, ok := single("two words"); ok {
		t.Error("two words are one")
	}
	if w, ok := single("病気"); !ok || w.text != "病気" {
		t.Error(w, ok)
	}
}
