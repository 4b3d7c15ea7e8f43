package corpus

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/openledger/openledger/poa"
)

// Format is a format of files that can be read.
type Format string

// The formats, by their usual extension.
const (
	Text     Format = "txt"
	Markdown Format = "md"
	JSONL    Format = "jsonl"
	CSV      Format = "csv"
	TSV      Format = "tsv"
	HTML     Format = "html"
	Notebook Format = "ipynb"
	PDF      Format = "pdf"
	Word     Format = "docx"
	ODT      Format = "odt"
	EPUB     Format = "epub"
)

// Extensions lists what can be read, for people.
const Extensions = ".txt, .md, .pdf, .docx, .odt, .html, .epub, .csv, .tsv, .ipynb, .jsonl"

// byExtension maps extensions, in small letters, to formats. The content of a file overrules them.
var byExtension = map[string]Format{
	".txt": Text, ".text": Text,
	".md": Markdown, ".markdown": Markdown, ".mdown": Markdown,
	".jsonl": JSONL, ".ndjson": JSONL,
	".csv": CSV, ".tsv": TSV, ".tab": TSV,
	".html": HTML, ".htm": HTML, ".xhtml": HTML,
	".ipynb": Notebook,
	".pdf":   PDF,
	".docx":  Word, ".docm": Word, ".dotx": Word,
	".odt": ODT, ".ott": ODT,
	".epub": EPUB,
}

// advice says what to do with files of formats that are not read.
var advice = map[string]string{
	".doc":  "is an old Word file: save it as .docx",
	".rtf":  "is rich text: save it as .docx",
	".xls":  "is an Excel workbook: save each sheet as .csv",
	".xlsx": "is an Excel workbook: save each sheet as .csv",
	".ods":  "is a spreadsheet: save each sheet as .csv",
	".ppt":  "is a presentation: save it as .pdf",
	".pptx": "is a presentation: save it as .pdf",
	".odp":  "is a presentation: save it as .pdf",
	".tex":  "is LaTeX source: contribute the .pdf it makes",
	".rst":  "is reStructuredText: convert it to .md or .html",
	".json": `is JSON: write one object {"text": "…"} a line and call it .jsonl`,
	".xml":  "is XML: save its text as .txt, .md or .html",
}

type decoder func(context.Context, *source) error

var decoders = map[Format]decoder{
	Text: decodePlain, Markdown: decodePlain, JSONL: decodeLines, CSV: decodeCSV, TSV: decodeCSV, HTML: decodeHTML,
	Notebook: decodeNotebook, PDF: decodePDF, Word: decodeWord, ODT: decodeODT, EPUB: decodeEPUB,
}

// names are the names of formats in sentences.
var names = map[Format]string{
	Text: "plain text", Markdown: "Markdown", JSONL: "JSON lines", CSV: "a table", TSV: "a table", HTML: "a web page",
	Notebook: "a notebook", PDF: "a PDF", Word: "a Word document", ODT: "an OpenDocument text", EPUB: "an e-book",
}

// detect finds the format by content and extension. If they differ, the content decides, and a note says so. Text with
// an extension that is not listed is refused: it may be anything, also a key or a setting.
func (s *source) detect() (decoder, error) {
	extension := strings.ToLower(filepath.Ext(s.file.Path))
	claimed := byExtension[extension]
	found, err := s.sniff(claimed)
	if err != nil {
		return nil, err
	}
	if found == "" {
		if hint, ok := advice[extension]; ok {
			return nil, errors.New(hint)
		}
		if _, err := decodeText(s.data); err != nil {
			return nil, fmt.Errorf("is not of a kind that is read (%s)", Extensions)
		}
		return nil, fmt.Errorf("is not of a kind that is read (%s): rename it to .txt if it is text for people", Extensions)
	}
	s.file.Format = found
	if found != claimed {
		if extension == "" {
			s.file.note("is %s without an extension", names[found])
		} else {
			s.file.note("is %s, although it is called %s", names[found], extension)
		}
	}
	return decoders[found], nil
}

// sniff returns the format of the content, or "" if neither content nor extension tells it. It fails for content that
// is not read, whatever its extension.
func (s *source) sniff(claimed Format) (Format, error) {
	data := s.data
	switch {
	case isPDF(data, claimed):
		return PDF, nil
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return sniffArchive(data)
	case poa.IsSegmentFile(data):
		return "", errors.New("is a segment file, which is prepared already")
	}
	for _, list := range [][]magic{textMagics, binaryMagics} {
		for _, m := range list {
			if len(data) >= m.at && bytes.HasPrefix(data[m.at:], []byte(m.bytes)) {
				return "", errors.New(m.reason)
			}
		}
		if looksLikeText(data) {
			break // a text may begin with letters such as ID3
		}
	}
	if bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")) {
		return "", compoundReason(data)
	}
	switch claimed {
	case PDF, Word, ODT, EPUB, "":
		text, err := decodeText(data)
		if err != nil {
			if claimed == "" {
				return "", nil
			}
			return "", fmt.Errorf("is not %s, nor text: it is damaged, encrypted or of another kind", names[claimed])
		}
		if found := sniffText(text); found != "" || claimed == "" {
			return found, nil
		}
		return Text, nil
	case Notebook:
		if text, err := decodeText(data); err == nil && sniffText(text) == HTML {
			return HTML, nil
		}
		return Notebook, nil
	case Text, Markdown, CSV, TSV:
		if text, err := decodeText(data); err == nil {
			if found := sniffText(text); found == HTML || found == Notebook {
				return found, nil
			}
		}
	}
	return claimed, nil
}

// isPDF reports whether the content is a PDF. As other readers do, it accepts some bytes before the PDF, but not a text
// about PDFs.
func isPDF(data []byte, claimed Format) bool {
	at := bytes.Index(data[:min(len(data), 1024)], []byte("%PDF-"))
	return at == 0 || at > 0 && (claimed == PDF || !looksLikeText(data))
}

// looksLikeText reports whether a file begins like text in UTF-8.
func looksLikeText(data []byte) bool {
	head := data[:min(len(data), 4096)]
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	at := invalidUTF8(head)
	return at < 0 || !utf8.FullRune(head[at:])
}

// sniffText recognises text formats by how they begin, or returns "".
func sniffText(text []byte) Format {
	head := bytes.ToLower(bytes.TrimSpace(text[:min(len(text), 4096)]))
	if bytes.HasPrefix(head, []byte("<?xml")) {
		if end := bytes.Index(head, []byte("?>")); end >= 0 {
			head = bytes.TrimSpace(head[end+2:])
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return HTML
	case bytes.HasPrefix(head, []byte("{")) && bytes.Contains(text, []byte(`"nbformat"`)) &&
		bytes.Contains(text, []byte(`"cells"`)):
		return Notebook
	}
	return ""
}

// magic is a sequence of bytes that identifies a format that is not read.
type magic struct {
	at     int
	bytes  string
	reason string
}

const (
	encrypted = "is encrypted: save it without a password"
	picture   = "is a picture: text in pictures is not read"
	archive   = "is an archive: unpack it"
	media     = "is sound or film: only text is read"
	program   = "is a program"
)

// textMagics are at the beginning of files that are text, too.
var textMagics = []magic{
	{0, "-----BEGIN PGP MESSAGE", encrypted},
	{0, "-----BEGIN AGE ENCRYPTED FILE", encrypted},
	{0, "age-encryption.org/", encrypted},
	{0, "$ANSIBLE_VAULT;", encrypted},
	{0, "-----BEGIN OPENSSH PRIVATE KEY", "is a private key: what is contributed is public"},
	{0, "-----BEGIN PRIVATE KEY", "is a private key: what is contributed is public"},
	{0, "-----BEGIN RSA PRIVATE KEY", "is a private key: what is contributed is public"},
	{0, "-----BEGIN EC PRIVATE KEY", "is a private key: what is contributed is public"},
	{0, "-----BEGIN ENCRYPTED PRIVATE KEY", "is a private key: what is contributed is public"},
	{0, "-----BEGIN TENDERMINT PRIVATE KEY", "is a private key: what is contributed is public"},
	{0, `{\rtf`, "is rich text: save it as .docx"},
	{0, "%!PS", "is PostScript: save it as .pdf"},
}

// binaryMagics are at the beginning of files that are not text.
var binaryMagics = []magic{
	{0, "\x00GITCRYPT", encrypted}, {0, "Salted__", encrypted},
	{0, "\x89PNG\r\n", picture}, {0, "\xFF\xD8\xFF", picture}, {0, "GIF8", picture}, {0, "II*\x00", picture},
	{0, "MM\x00*", picture}, {8, "WEBP", picture}, {4, "ftypheic", picture}, {4, "ftypavif", picture},
	{0, "AT&TFORM", picture},
	{0, "\x1F\x8B", archive}, {0, "7z\xBC\xAF\x27\x1C", archive}, {0, "Rar!\x1A\x07", archive}, {0, "BZh", archive},
	{0, "\xFD7zXZ\x00", archive}, {0, "\x28\xB5\x2F\xFD", archive}, {257, "ustar", archive},
	{0, "ID3", media}, {4, "ftyp", media}, {0, "OggS", media}, {0, "fLaC", media}, {0, "\x1A\x45\xDF\xA3", media},
	{8, "WAVE", media},
	{0, "\x7FELF", program}, {0, "MZ\x90\x00", program}, {0, "\xCA\xFE\xBA\xBE", program},
	{0, "\xCF\xFA\xED\xFE", program},
	{0, "SQLite format 3\x00", "is a database: export it as .csv"},
	{60, "BOOKMOBI", "is a Kindle book: convert it to .epub"},
}

// compoundReason says what a file of Microsoft's old container format is: a new document with a password, or an old
// document.
func compoundReason(data []byte) error {
	wide := func(name string) []byte {
		var out []byte
		for _, c := range []byte(name) {
			out = append(out, c, 0)
		}
		return out
	}
	switch {
	case bytes.Contains(data, wide("EncryptedPackage")):
		return errors.New(encrypted)
	case bytes.Contains(data, wide("WordDocument")):
		return errors.New(advice[".doc"])
	case bytes.Contains(data, wide("Workbook")):
		return errors.New(advice[".xls"])
	case bytes.Contains(data, wide("PowerPoint Document")):
		return errors.New(advice[".ppt"])
	}
	return errors.New("is an old Office file: save it as .docx")
}

// sniffArchive returns the format of a document that is a zip archive.
func sniffArchive(data []byte) (Format, error) {
	a, err := openArchive(data)
	if err != nil {
		return "", err
	}
	mimetype, _ := a.read("mimetype")
	has := func(prefix string) bool {
		return a.find(func(f *zip.File) bool { return strings.HasPrefix(f.Name, prefix) }) != nil
	}
	switch kind := strings.TrimSpace(string(mimetype)); {
	case strings.HasPrefix(kind, "application/vnd.oasis.opendocument.text"):
		return ODT, nil
	case kind == "application/epub+zip", has("META-INF/container.xml"):
		return EPUB, nil
	case strings.HasPrefix(kind, "application/vnd.oasis.opendocument.spreadsheet"):
		return "", errors.New(advice[".ods"])
	case strings.HasPrefix(kind, "application/vnd.oasis.opendocument.presentation"):
		return "", errors.New(advice[".odp"])
	case has("word/document"):
		return Word, nil
	case has("xl/"):
		return "", errors.New(advice[".xlsx"])
	case has("ppt/"):
		return "", errors.New(advice[".pptx"])
	case a.encrypted():
		return "", errors.New("is an encrypted archive: unpack it with its password")
	}
	return "", errors.New(archive)
}
