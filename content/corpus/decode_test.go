package corpus_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/corpus"
)

func TestWord(t *testing.T) {
	text, file := one(t, "Notes.DOCX", wordOf(
		`<w:p><w:pPr><w:pStyle w:val="Heading2"/><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t>Dosing</w:t></w:r></w:p>`+
			`<w:p><w:r><w:t xml:space="preserve">Give </w:t></w:r><w:del><w:r><w:delText>twice </w:delText></w:r></w:del><w:r><w:t>once</w:t><w:tab/><w:t>daily &amp; slowly.</w:t><w:br/><w:t>Then wait.</w:t></w:r></w:p>`+
			`<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden words</w:t></w:r></w:p>`+
			`<w:p><w:pPr><w:pStyle w:val="TOC1"/></w:pPr><w:r><w:t>Dosing 1</w:t></w:r></w:p>`+
			`<w:p><w:pPr><w:pStyle w:val="Heading"/></w:pPr><w:r><w:t>No level</w:t></w:r></w:p>`+
			`<w:p><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>first item</w:t></w:r></w:p>`+
			`<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>`+wordParagraph("in a box")+
			`</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>`+wordParagraph("in a box")+
			`</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>`+
			`<w:tbl><w:tr><w:tc>`+wordParagraph("drug")+`</w:tc><w:tc>`+wordParagraph("dose | day")+`</w:tc></w:tr><w:tr><w:tc>`+
			wordParagraph("a")+wordParagraph("b")+`</w:tc><w:tc>`+wordParagraph("5 mg")+`</w:tc></w:tr></w:tbl>`+
			wordParagraph("After it."),
		entry{"word/footnotes.xml", `<w:footnotes xmlns:w="x"><w:footnote w:type="separator">` + wordParagraph("---") +
			`</w:footnote><w:footnote>` + wordParagraph("A note.") + `</w:footnote></w:footnotes>`},
		entry{"word/comments.xml", `<w:comments xmlns:w="x">` + wordParagraph("a comment") + `</w:comments>`},
	))
	require.Equal(t, corpus.Word, file.Format)
	require.Equal(
		t, "## Dosing\n\nGive once daily & slowly.\nThen wait.\n\n# No level\n\n- first item\n\n"+
			"in a box\n\n| drug | dose \\| day |\n"+
			"|---|---|\n| a b | 5 mg |\n\nAfter it.\n\nA note.", text)
}

func TestODT(t *testing.T) {
	text, file := one(t, "a.odt", odtOf(
		`<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:table-of-content><text:p>Dosing 1</text:p></text:table-of-content>`+
			`<text:h text:outline-level="2">Dosing</text:h>`+
			`<text:p>Give<text:s text:c="3"/>once<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note> daily.<text:line-break/>Then wait.</text:p>`+
			`<text:list><text:list-item><text:p>first item</text:p></text:list-item></text:list>`+
			`<table:table><table:table-row><table:table-cell><text:p>drug</text:p></table:table-cell><table:table-cell><text:p>dose</text:p></table:table-cell></table:table-row>`+
			`<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>5 mg</text:p></table:table-cell></table:table-row></table:table>`+
			`<text:p>After it.<office:annotation><text:p>a comment</text:p></office:annotation></text:p>`))
	require.Equal(t, corpus.ODT, file.Format)
	require.Equal(
		t, "## Dosing\n\nGive once daily.\nThen wait.\n\n- first item\n\n| drug | dose |\n|---|---|\n| a | 5 mg |\n\n"+
			"After it.\n\nA note.", text)

	_, file = one(t, "a.odt", odtOf("<text:p>x</text:p>", entry{"META-INF/manifest.xml", `<manifest:encryption-data/>`}))
	require.Contains(t, file.Reason, "is encrypted")
}

func TestHTML(t *testing.T) {
	text, file := one(t, "a.htm", []byte(`<!doctype html><html><head><title>Title</title><style>p{}</style></head><body>
<nav><ul><li>Home</li></ul></nav><header><h1>Hair &amp; skin</h1></header>
<script>if (a < b) { document.write("<p>x</p>") }</script><!-- a comment -->
<p>One   paragraph
with <b>bold</b> words.<br>A line.<p hidden>Not shown.<p>Another.</p>
<div style="display: none">Nor <div>this</div> one.</div><div aria-hidden="true">nor this</div>
<ul><li><p>first</p></li><li>second</ul>
<pre>  kept
    as it is</pre>
<table><tr><th>drug<th>dose<tr><td>a<td>5 mg<tr><td>b<td><table><tr><td>1<td>2</table></table>
<footer>All rights reserved</footer></body></html>`))
	require.Equal(t, corpus.HTML, file.Format)
	require.Equal(
		t, "# Hair & skin\n\nOne paragraph with bold words.\nA line.\n\nAnother.\n\n- first\n\n- second\n\nkept\n"+
			"    as it is\n\n| drug | dose |\n|---|---|\n| a | 5 mg |\n| b | 1 2 |", text)

	// Hints for dividing words are not letters.
	text, _ = one(t, "a.html", []byte("<p>hyper&shy;sensi\u200Btivity of\u2028the\u00A0skin"))
	require.Equal(t, "hypersensitivity of the skin", text)
	// A part that never ends hides nothing else. A table that is used for layout becomes paragraphs.
	text, _ = one(t, "a.html", []byte(`<nav>Home<p>Kept.`))
	require.Equal(t, "Home\n\nKept.", text)
	text, _ = one(
		t, "a.html", []byte(
			`<body style="visibility: hidden"><table><tr><td>`+strings.Repeat("word ", 200)+`<p>next<td>side</table>`))
	require.Equal(t, strings.TrimSpace(strings.Repeat("word ", 200))+"\n\nnext\n\nside", text)
	_, file = one(t, "a.html", []byte(`<script>only()</script>`))
	require.Equal(t, "holds no text", file.Reason)
}

func TestEPUB(t *testing.T) {
	text, file := one(t, "a.epub", epubOf(nil, "First chapter.", "Second chapter.", ""))
	require.Equal(t, corpus.EPUB, file.Format)
	require.Equal(t, 2, file.Documents)
	require.Equal(t, "First chapter.\n\n====\n\nSecond chapter.", text)

	rights := func(uri string) []entry {
		return []entry{
			{"META-INF/encryption.xml", `<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData><enc:CipherReference URI="` + uri + `"/></enc:CipherData></enc:EncryptedData></encryption>`}}
	}
	_, file = one(t, "a.epub", epubOf(rights("OEBPS/text/chapter%200.xhtml"), "First."))
	require.Contains(t, file.Reason, "is encrypted")
	text, file = one(t, "a.epub", epubOf(rights("OEBPS/text/chapter%200.xhtml"), "First.", "Second."))
	require.Equal(t, "Second.", text)
	require.Len(t, file.Parts, 1)
	text, _ = one(t, "a.epub", epubOf(rights("OEBPS/fonts/a.otf"), "First."))
	require.Equal(t, "First.", text)
	_, file = one(t, "a.epub", zipOf(entry{"mimetype", "application/epub+zip"}))
	require.Contains(t, file.Reason, "META-INF/container.xml is missing")
}

func TestCSV(t *testing.T) {
	want := "| drug | dose |\n|---|---|\n| a, b | 5 mg |\n| c \\| d | 6 \"mg\" |"
	for name, content := range map[string]string{
		"a.csv": "drug,dose\n\"a, b\",5 mg\n,\nc | d,\"6 \"\"mg\"\"\"\n",
		"b.CSV": "\xEF\xBB\xBFdrug;dose\r\na, b;5 mg\r\nc | d;\"6 \"\"mg\"\"\"",
		"c.tsv": "drug\tdose\na, b\t5 mg\nc | d\t6 \"mg\"\n",
	} {
		text, _ := one(t, name, []byte(content))
		require.Equal(t, want, text, name)
	}
	long := strings.TrimSpace(strings.Repeat("long answer ", 60))
	text, _ := one(t, "qa.csv", []byte("question,answer\nWhy?,"+long+"\nHow?,short\n"))
	require.Equal(t, "question: Why?\nanswer: "+long+"\n\nquestion: How?\nanswer: short", text)
	_, file := one(t, "wide.csv", []byte(strings.Repeat("a,", 2000)+"\n"+strings.Repeat("b,", 2000)))
	require.Contains(t, file.Reason, "1000 columns")
	// A quote that never ends takes the rest as one cell, and nothing breaks.
	text, _ = one(t, "open.csv", []byte("drug,dose\na,\"5 mg\nb,6 mg\n"))
	require.Contains(t, text, "5 mg b,6 mg")
}

func TestNotebook(t *testing.T) {
	content := `{"cells": [
{"cell_type": "markdown", "source": ["# Title\n", "Some words."]},
{"cell_type": "code", "source": "print(1)", "outputs": [{"text": ["1"]}]},
{"cell_type": "raw", "source": "raw"},
{"cell_type": "markdown", "source": "More."}], "nbformat": 4}`
	text, file := one(t, "a.ipynb", []byte(content))
	require.Equal(t, "# Title\nSome words.\n\nMore.", text)
	require.Equal(t, []string{"code is left out (cells: 1)"}, file.Notes)
	_, file = one(t, "a.ipynb", []byte(content[:100]))
	require.Contains(t, file.Reason, "is damaged, cut off, or not a notebook")
	_, file = one(t, "a.ipynb", []byte(`{"cells": []}`))
	require.Contains(t, file.Reason, "no cells")
	text, _ = one(
		t, "old.ipynb", []byte(`{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "markdown", "source": "Old."}]}]}`))
	require.Equal(t, "Old.", text)
}

func TestJSONLinesAreReadLineByLine(t *testing.T) {
	long := strings.Repeat("long line ", 600_000) // 6 MB
	text, file := one(
		t, "a.jsonl", []byte(
			"\xEF\xBB\xBF"+`{"text": "one", "title": "First"}`+"\r\n"+`{"text": " "}`+"\n\n"+`{"text": 5}`+"\n"+`not json`+"\n"+
				`{"title": "x"}`+"\n"+`["text"]`+"\n"+fmt.Sprintf(`{"text": %q}`, long)+"\n"+`{"text": "last", "title": 7}`))
	require.Equal(t, corpus.JSONL, file.Format)
	require.Equal(t, "one\n\n====\n\n"+long+"\n\n====\n\nlast", text)
	var places []string
	for _, p := range file.Parts {
		places = append(places, p.Place+" "+p.Reason)
	}
	require.Len(t, places, 5)
	require.Equal(t, `line 2 "text" is empty`, places[0])
	require.Equal(t, `line 4 "text" is not a string`, places[1])
	require.Contains(t, places[2], "line 5 is not JSON")
	require.Equal(t, `line 6 has no "text"`, places[3])
	require.Contains(t, places[4], "line 7 is a list")

	utf16 := "\xFF\xFE" + strings.Join(strings.Split(`{"text": "wide"}`, ""), "\x00") + "\x00"
	text, _ = one(t, "b.ndjson", []byte(utf16))
	require.Equal(t, "wide", text)

	_, file = one(t, "many.jsonl", []byte(`{"text": "x"}`+"\n"+strings.Repeat("no\n", 1500)))
	require.Len(t, file.Parts, 1000)
	require.Equal(t, 500, file.MoreParts)
}

func TestDamagedArchives(t *testing.T) {
	document := wordOf(wordParagraph(good))
	_, file := one(t, "a.docx", document[:len(document)/2])
	require.Contains(t, file.Reason, "is damaged or cut off")
	broken := append([]byte(nil), document...)
	for i := 320; i < 360; i++ {
		broken[i] ^= 0x55
	}
	_, file = one(t, "a.docx", broken)
	require.Contains(t, file.Reason, "is damaged")
	_, file = one(t, "a.docx", zipOf(entry{"word/document.xml", wordHead + "<w:p>"}))
	require.Contains(t, file.Reason, "is damaged or cut off")
	_, file = one(t, "a.docx", lockedZip(entry{"word/document.xml", wordHead}))
	require.Contains(t, file.Reason, "is encrypted")
	_, file = one(t, "a.docx", zipOf(entry{"word/document.xml", wordHead + strings.Repeat("<a>", 5000)}))
	require.Contains(t, file.Reason, "nested more than 1000 deep")
	// Forty megabytes of one letter take forty kilobytes.
	_, file = one(t, "a.docx", wordOf(wordParagraph(strings.Repeat("x", 40<<20))))
	require.Contains(t, file.Reason, "unpacks to more than 32 MiB in one file")
	var many []entry
	for i := range 20_001 {
		many = append(many, entry{fmt.Sprint(i), ""})
	}
	_, file = one(t, "a.docx", zipOf(many...))
	require.Contains(t, file.Reason, "more than 20000 files")
}
