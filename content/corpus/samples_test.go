package corpus_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"fmt"
	"hash/crc32"
	"strings"
)

// entry is a file of a sample archive.
type entry struct{ name, text string }

// zipOf builds an archive. The first entry is stored, as e-books want it.
func zipOf(entries ...entry) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i, e := range entries {
		method := zip.Deflate
		if i == 0 {
			method = zip.Store
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: method})
		if err != nil {
			panic(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// lockedZip is an archive whose files say that they need a password.
func lockedZip(entries ...entry) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Store, Flags: 1, CRC32: crc32.ChecksumIEEE([]byte(e.text))}
		h.CompressedSize64, h.UncompressedSize64 = uint64(len(e.text)), uint64(len(e.text))
		f, err := w.CreateRaw(h)
		if err != nil {
			panic(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

const wordHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>`

// wordOf builds a Word document of the inside of its body.
func wordOf(body string, more ...entry) []byte {
	return zipOf(append([]entry{
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`},
		{"word/document.xml", wordHead + body + `</w:body></w:document>`},
	}, more...)...)
}

func wordParagraph(text string) string {
	return `<w:p><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

const odtHead = `<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:text>`

// odtOf builds an OpenDocument text of the inside of its body.
func odtOf(body string, more ...entry) []byte {
	return zipOf(append([]entry{
		{"mimetype", "application/vnd.oasis.opendocument.text"},
		{"content.xml", odtHead + body + `</office:text></office:body></office:document-content>`},
	}, more...)...)
}

// epubOf builds an e-book with one chapter for each text.
func epubOf(more []entry, chapters ...string) []byte {
	var items, spine strings.Builder
	entries := []entry{
		{"mimetype", "application/epub+zip"},
		{"META-INF/container.xml", `<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`},
	}
	for i, text := range chapters {
		fmt.Fprintf(&items, `<item id="c%d" href="text/chapter%%20%d.xhtml" media-type="application/xhtml+xml"/>`, i, i)
		fmt.Fprintf(&spine, `<itemref idref="c%d"/>`, i)
		entries = append(entries, entry{fmt.Sprintf("OEBPS/text/chapter %d.xhtml", i),
			`<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title><script src="a.js"/></head><body><p>` + text + `</p></body></html>`})
	}
	entries = append(
		entries, entry{
			"OEBPS/book.opf", `<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>` +
				items.String() + `</manifest><spine><itemref idref="nav"/>` + spine.String() + `</spine></package>`})
	return zipOf(append(entries, more...)...)
}

// pdfWriter builds PDF files object by object.
type pdfWriter struct {
	out     bytes.Buffer
	offsets []int
}

func (w *pdfWriter) object(body string) int {
	if w.out.Len() == 0 {
		w.out.WriteString("%PDF-1.5\n%\xE2\xE3\xCF\xD3\n")
	}
	w.offsets = append(w.offsets, w.out.Len())
	fmt.Fprintf(&w.out, "%d 0 obj\n%s\nendobj\n", len(w.offsets), body)
	return len(w.offsets)
}

func (w *pdfWriter) stream(extra, content string, compress bool) int {
	if compress {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		_, _ = z.Write([]byte(content))
		_ = z.Close()
		content, extra = packed.String(), extra+" /Filter /FlateDecode"
	}
	return w.object(fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(content), extra, content))
}

func (w *pdfWriter) finish(root int, trailer string) []byte {
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, at := range w.offsets {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&w.out, "trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, root,
		trailer, start)
	return w.out.Bytes()
}

// pdfOf builds a PDF with one page for each content stream.
func pdfOf(pages ...string) []byte { return pdfWith("", pages...) }

func pdfWith(trailer string, pages ...string) []byte {
	var w pdfWriter
	font := w.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	var kids []string
	tree := 2 + 2*len(pages)
	for i, content := range pages {
		stream := w.stream("", content, i%2 == 0)
		page := w.object(
			fmt.Sprintf(
				"<< /Type /Page /Parent %d 0 R /Contents %d 0 R /Resources << /Font << /F1 %d 0 R >> >> /MediaBox [0 0 612 792] >>",
				tree, stream, font))
		kids = append(kids, fmt.Sprintf("%d 0 R", page))
	}
	w.object(fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(pages), strings.Join(kids, " ")))
	root := w.object(fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", tree))
	return w.finish(root, trailer)
}

// pdfLines is a content stream that shows lines from the top of a page on.
func pdfLines(lines ...string) string {
	var out strings.Builder
	out.WriteString("BT /F1 11 Tf 72 720 Td 14 TL\n")
	for _, l := range lines {
		l = strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l)
		fmt.Fprintf(&out, "(%s) Tj T*\n", l)
	}
	out.WriteString("ET\n")
	return out.String()
}

// lockedPDF names a password that nobody has, in the trailer itself.
func lockedPDF(pages ...string) []byte {
	key := strings.Repeat("5A", 32)
	return pdfWith(
		fmt.Sprintf("/ID [<%s> <%s>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -1 /O <%s> /U <%s> >>", key[:32],
			key[:32], key, key), pages...)
}
