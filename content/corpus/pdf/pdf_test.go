package pdf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/stretchr/testify/require"
)

// writer builds PDF files object by object.
type writer struct {
	out     bytes.Buffer
	offsets []int
}

func (w *writer) object(body string) int {
	if w.out.Len() == 0 {
		w.out.WriteString("%PDF-1.5\n")
	}
	w.offsets = append(w.offsets, w.out.Len())
	fmt.Fprintf(&w.out, "%d 0 obj\n%s\nendobj\n", len(w.offsets), body)
	return len(w.offsets)
}

func (w *writer) stream(extra, content string) int {
	return w.object(fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(content), extra, content))
}

func packed(content string) string {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write([]byte(content))
	_ = z.Close()
	return out.String()
}

func (w *writer) finish(root int) []byte {
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, at := range w.offsets {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&w.out, "trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, root, start)
	return w.out.Bytes()
}

// file builds a PDF of content streams. fonts are objects, of which the first is /F1. objects are written before them,
// from number 1 on.
func file(objects, fonts []string, pages ...string) []byte {
	var w writer
	for _, o := range objects {
		if content, ok := strings.CutPrefix(o, "stream "); ok {
			w.stream("", content)
			continue
		}
		w.object(o)
	}
	var resources strings.Builder
	for i, f := range fonts {
		fmt.Fprintf(&resources, "/F%d %d 0 R ", i+1, w.object(f))
	}
	tree := len(w.offsets) + 2*len(pages) + 1
	var kids []string
	for _, content := range pages {
		stream := w.stream("/Filter /FlateDecode", packed(content))
		kids = append(
			kids, fmt.Sprintf(
				"%d 0 R", w.object(fmt.Sprintf("<< /Type /Page /Parent %d 0 R /Contents %d 0 R >>", tree, stream))))
	}
	w.object(fmt.Sprintf(
		"<< /Type /Pages /Count %d /Kids [%s] /Resources << /Font << %s >> /XObject << /X1 1 0 R >> >> >>", len(pages),
		strings.Join(kids, " "), resources.String()))
	return w.finish(w.object(fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", tree)))
}

const helvetica = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"

// shown returns a content stream that shows lines from the top of a page on.
func shown(lines ...string) string {
	var out strings.Builder
	out.WriteString("BT /F1 10 Tf 72 700 Td 12 TL\n")
	for _, l := range lines {
		fmt.Fprintf(&out, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l))
	}
	return out.String() + "ET\n"
}

func read(t *testing.T, data []byte) *Text {
	t.Helper()
	text, err := Read(context.Background(), data)
	require.NoError(t, err)
	return text
}

func paragraphsIn(t *testing.T, content ...string) []string {
	t.Helper()
	return read(t, file(nil, []string{helvetica}, content...)).Paragraphs
}

func TestLinesBecomeParagraphs(t *testing.T) {
	require.Equal(t, []string{
		"The hair bulb is the part of the skin in which the shaft of the hair is formed.",
		"It is a hypersensitivity that well-known authors describe in a two-step way. Others who are well-known too do.",
	}, paragraphsIn(t, shown(
		"The hair bulb is the part of the skin in which the",
		"shaft of the hair is formed.",
		"",
		"It is a hypersensi-",
		"tivity that well-",
		"known authors describe in a two-step way. Others who are well-known too do.",
	), shown("")))
	// Both parts are words of the file: the hyphen stays.
	require.Equal(t, []string{"A pattern that is dense is pattern-dense for us."},
		paragraphsIn(t, shown("A pattern that is dense is pattern-", "dense for us.")))
	require.Equal(t, []string{"The disease is Hailey-Hailey disease."},
		paragraphsIn(t, shown("The disease is Hailey-", "Hailey disease.")))
	require.Equal(t, []string{"A hypersensitivity of the skin."},
		paragraphsIn(t, shown("A hyper\xADsensi\xAD", "tivity of the skin.")))
	require.Equal(t, []string{"Doses are 10-20 mg."}, paragraphsIn(t, shown("Doses are 10-", "20 mg.")))
	require.Equal(t, []string{"It goes on over the page and ends here."},
		paragraphsIn(t, shown("It goes on over the page"), shown("and ends here.")))
	require.Equal(t, []string{"A list:", "• one item", "• another item", "1. a number"},
		paragraphsIn(t, shown("A list:", "\x95 one item", "\x95 another item", "1. a number")))
}

func TestHeadingsAndIndentsBegin(t *testing.T) {
	require.Equal(t, []string{"Heading", "Text under the heading ends."}, paragraphsIn(t,
		"BT /F1 16 Tf 72 700 Td (Heading) Tj /F1 10 Tf 0 -14 Td (Text under the heading ends.) Tj ET"))
	require.Equal(
		t, []string{"The first paragraph ends at the right edge here.",
			"The next one begins a little to the right and goes on."}, paragraphsIn(t,
			"BT /F1 10 Tf 72 700 Td (The first paragraph ends at the right edge here.) Tj 12 -12 Td (The next one begins a "+
				"little to the right) Tj -12 -12 Td (and goes on.) Tj ET"))
}

func TestOperatorsAndSpaces(t *testing.T) {
	for content, want := range map[string]string{
		"BT /F1 10 Tf 72 700 Td [(W) 80 (ords) -300 (apart) 20 ( and) -250( a) -5000 (cell)] TJ ET":                                "Words apart and a cell",
		"BT /F1 1 Tf 10 0 0 10 72 700 Tm (Scaled) Tj 4 0 Td (text) Tj ET":                                                          "Scaled text",
		"BT /F1 10 Tf 72 700 Td 2 Tw 0 Tc (one two) Tj 12 TL (three) ' 1 0 (four) \" ET":                                           "one two three four",
		"BT /F1 10 Tf 72 700 Td (H) Tj /F1 6 Tf -2 Ts (2) Tj 0 Ts /F1 10 Tf (O is water) Tj ET":                                    "H2O is water",
		"BT /F1 10 Tf 72 700 Td <48656C6C6F> Tj ET":                                                                                "Hello",
		"BT /F1 10 Tf 72 700 Td (a \\(b\\) \\101\\n\\\nc) Tj ET":                                                                   "a (b) A c",
		"BT /F1 10 Tf 72 700 Td (twice) Tj ET BT /F1 10 Tf 72.2 700 Td (twice) Tj ET":                                              "twice",
		"q 0.5 0 0 0.5 10 10 cm BT /F1 20 Tf 0 0 Td (small) Tj ET Q BI /W 1 /H 1 ID \x00EI\x01 EI BT /F1 10 Tf 90 10 Td (x) Tj ET": "small x",
		"/Artifact <</Type /Pagination>> BDC BT /F1 10 Tf 72 700 Td (page 1) Tj ET EMC /P BMC BT /F1 10 Tf 72 600 Td " +
			"(kept) Tj ET EMC": "kept",
		"BT /F1 10 Tf 72 700 Td (caf\xE9 \x96 \x93quoted\x94 \x80 5) Tj ET":                       "café – “quoted” € 5",
		"BT /F1 10 Tf 0 10 -10 0 72 700 Tm (turned) Tj ET BT /F1 10 Tf 72 700 Td (upright) Tj ET": "upright",
	} {
		require.Equal(t, []string{want}, paragraphsIn(t, content), content)
	}
}

func TestRunningHeadsAndPageNumbersAreLeftOut(t *testing.T) {
	var pages []string
	for i := range 6 {
		var lines []string
		lines = append(lines, "Journal of Hair, volume 12", "")
		for n := range 12 {
			lines = append(lines, fmt.Sprintf("Sentence %d of page %c is here and it is long enough", n, 'a'+i), "to be one.",
				"")
		}
		pages = append(pages, shown(append(lines, fmt.Sprint(i+1))...))
	}
	text := read(t, file(nil, []string{helvetica}, pages...))
	require.Equal(t, 12, text.Repeated)
	require.Len(t, text.Paragraphs, 72)
	require.NotContains(t, strings.Join(text.Paragraphs, "\n"), "Journal")
	// Rows of numbers are not page numbers, even if they are alone on a page.
	var rows []string
	for i := range 6 {
		rows = append(rows, shown(fmt.Sprintf("Patient %d had %d mg", 17*i, 5*i), "", fmt.Sprintf("%d %d %d", 3*i, 5*i, 7*i)))
	}
	text = read(t, file(nil, []string{helvetica}, rows...))
	require.Zero(t, text.Repeated)
	// Two pages are too few to say what repeats.
	text = read(t, file(nil, []string{helvetica}, pages[:2]...))
	require.Zero(t, text.Repeated)
	_, err := Read(context.Background(), file(nil, []string{helvetica}, shown("1"), shown("2"), shown("3")))
	require.ErrorIs(t, err, ErrRepeats)
}

func TestColumnsThatAreShownLineByLine(t *testing.T) {
	var content strings.Builder
	content.WriteString(
		"BT /F1 10 Tf 1 0 0 1 72 720 Tm (A title over both of the columns that is as wide as the page is, or nearly so.) Tj ET\n")
	for i := range 8 {
		y := 690 - 12*i
		fmt.Fprintf(
			&content, "BT /F1 10 Tf 1 0 0 1 72 %d Tm (left column line number %d goes on) Tj ET BT /F1 10 Tf 1 0 0 1 320 %d "+
				"Tm (right column line number %d goes on) Tj ET\n", y, i, y, i)
	}
	got := strings.Join(paragraphsIn(t, content.String()), "\n")
	require.Less(t, strings.Index(got, "left column line number 7"), strings.Index(got, "right column line number 0"))
	require.Contains(t, got, "left column line number 0 goes on left column line number 1")
}

func TestFonts(t *testing.T) {
	cmap := "stream /CIDInit /ProcSet findresource begin 1 begincodespacerange <0000> <FFFF> endcodespacerange\n" +
		"2 beginbfrange <0001> <0003> <0041> <0010> <0011> [<00660069> <D83DDE00>] endbfrange 1 beginbfchar <0020> <00E9> endbfchar"
	composite := "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 1 0 R /DescendantFonts " +
		"[<< /Type /Font /Subtype /CIDFontType2 /DW 600 /W [1 [500 500] 3 4 700] >>] >>"
	require.Equal(t, []string{"ABCfi😀é"},
		read(t, file([]string{cmap}, []string{composite},
			"BT /F1 10 Tf 72 700 Td <000100020003001000110020> Tj ET")).Paragraphs)

	differences := "<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+CMR10 /Encoding << /Differences [1 /fi /uni00E9 " +
		"/Gamma 10 /emdash /f_f_i /eacute /a.sc] >> /FirstChar 1 /Widths [556 500 500 500 500 500 500 500 500 1000 800 " +
		"500 500] >>"
	require.Equal(t, []string{"fiéΓ—ffiéa"},
		read(t, file(nil, []string{differences}, "BT /F1 10 Tf 72 700 Td <010203 0A0B0C0D> Tj ET")).Paragraphs)

	symbol := "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"
	require.Equal(
		t, []string{"β≤α"}, read(t, file(nil, []string{symbol}, "BT /F1 10 Tf 72 700 Td (b\xA3a) Tj ET")).Paragraphs)

	program := "stream %!PS-AdobeFont-1.0: X\n/Encoding 256 array 0 1 255 {1 index exch /.notdef put} for\n" +
		"dup 1 /A put\ndup 2 /ampersand put\nreadonly def\ncurrentfile eexec"
	own := "<< /Type /Font /Subtype /Type1 /BaseFont /X /FontDescriptor << /FontFile 1 0 R >> >>"
	require.Equal(
		t, []string{"A&"}, read(t, file([]string{program}, []string{own}, "BT /F1 10 Tf 72 700 Td <0102> Tj ET")).Paragraphs)

	wide := "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /UniGB-UTF16-H /DescendantFonts [<< /DW 1000 >>] >>"
	require.Equal(
		t, []string{"红斑"}, read(t, file(nil, []string{wide}, "BT /F1 10 Tf 72 700 Td <7EA26591> Tj ET")).Paragraphs)

	silent := "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [<< /DW 1000 >>] >>"
	_, err := Read(context.Background(), file(nil, []string{silent}, "BT /F1 10 Tf 72 700 Td <000100020003> Tj ET"))
	require.ErrorIs(t, err, ErrNoLetters)
}

func TestFormsAreRead(t *testing.T) {
	var w writer
	w.stream("/Type /XObject /Subtype /Form /Matrix [1 0 0 1 0 -100] /Resources << /Font << /F1 2 0 R >> /XObject << "+
		"/X1 1 0 R >> >>", "BT /F1 10 Tf 72 700 Td (inside) Tj ET /X1 Do")
	w.object(helvetica)
	content := w.stream("", "BT /F1 10 Tf 72 700 Td (before) Tj ET q /X1 Do Q BT /F1 10 Tf 72 300 Td (After) Tj ET")
	pageObject := w.object(
		fmt.Sprintf("<< /Type /Page /Contents [%d 0 R] /Resources << /Font << /F1 2 0 R >> /XObject << /X1 1 0 R >> >> >>",
			content))
	tree := w.object(fmt.Sprintf("<< /Type /Pages /Kids [%d 0 R 5 0 R] /Count 1 >>", pageObject)) // 5 is the tree itself
	text := read(t, w.finish(w.object(fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", tree))))
	joined := strings.Join(text.Paragraphs, " ")
	require.Contains(t, joined, "before")
	require.Contains(t, joined, "inside")
	require.Contains(t, joined, "After")
	require.Equal(t, 1, text.Pages)
}

func TestBoundsHold(t *testing.T) {
	ctx := context.Background()
	// A small stream that unpacks to very many spaces.
	_, err := Read(ctx, file(nil, []string{helvetica}, strings.Repeat(" ", maxDecodedBytes+1)))
	require.Error(t, err)
	// Forms that show each other ten times at each of twelve levels.
	var w writer
	for i := range 12 {
		w.stream(fmt.Sprintf("/Subtype /Form /Resources << /XObject << /X1 %d 0 R >> >>", min(i+2, 12)),
			strings.Repeat("/X1 Do ", 1000))
	}
	content := w.stream("", "/X1 Do")
	w.object(fmt.Sprintf("<< /Type /Page /Contents %d 0 R /Resources << /XObject << /X1 1 0 R >> >> >>", content))
	w.object("<< /Type /Pages /Kids [14 0 R] /Count 1 >>")
	d := newDocument(ctx)
	d.operations = maxOperations - 100_000 // most of it is used
	_, err = d.read(w.finish(w.object("<< /Type /Catalog /Pages 15 0 R >>")))
	require.ErrorIs(t, err, errBudget)
	// Nested brackets.
	deep := strings.Repeat("[", 1<<20)
	require.Equal(t, []string{"text"}, read(t, file([]string{deep}, []string{helvetica}, shown("text"))).Paragraphs)
	_, err = Read(ctx, file(nil, []string{helvetica}, deep+shown("text")))
	require.ErrorIs(t, err, ErrNoText)
	// More objects than the file can hold are not made.
	_, err = Read(
		ctx, []byte(
			"%PDF-1.5\n1 0 obj\n<< /Type /XRef /Size 2000000000 /W [1 4 2] /Index [0 2000000000] /Root 2 0 R /Length 0 >>\n"+
				"stream\n\nendstream\nendobj\nstartxref\n9\n%%EOF"))
	require.Error(t, err)
}

func TestReadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Read(ctx, file(nil, []string{helvetica}, shown("text")))
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzContent(f *testing.F) {
	f.Add([]byte(shown("some text", "and more")))
	f.Add([]byte("q 1 0 0 1 0 0 cm [(a) -200 <6263>] TJ /F1 10 Tf BI ID x EI Q Q Q EMC ] >> ("))
	f.Fuzz(func(_ *testing.T, content []byte) {
		d := &document{ctx: context.Background()}
		in := &interpreter{d: d, state: state{ctm: identity, stretch: 1}, tm: identity, tlm: identity}
		in.state.font = &font{encoding: winEncoding, width: 500}
		_ = in.run(content)
		in.finishPiece()
		paragraphsOf([][]line{linesOf(in.pieces)})
	})
}

func FuzzCharMap(f *testing.F) {
	f.Add([]byte(
		"begincodespacerange <00> <FF> endcodespacerange beginbfrange <00> <FFFF> <0041> <00> <FF> [<41>] endbfrange " +
			"beginbfchar <01> <42> endbfchar"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m := parseCharMap(data); len(m.chars) > maxMappings {
			t.Fatal("too many characters")
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(file(nil, []string{helvetica}, shown("some text", "and more")))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if len(data) < 1<<16 {
			_, _ = Read(context.Background(), data)
		}
	})
}

// TestPasswords reads files that the library encrypts, as other programs do.
func TestPasswords(t *testing.T) {
	plain := file(nil, []string{helvetica}, shown("some text that is secret"))
	encrypt := func(user string, aes bool, bits int) []byte {
		conf := &model.Configuration{
			Reader15: true, ValidationMode: model.ValidationRelaxed, Offline: true, Limits: model.DefaultResourceLimits(),
			Cmd:    model.ENCRYPT,
			UserPW: user, OwnerPW: "owner", EncryptUsingAES: aes, EncryptKeyLength: bits, Permissions: model.PermissionsAll,
			Eol: "\n",
		}
		parsed, err := pdfcpu.Read(bytes.NewReader(plain), conf)
		require.NoError(t, err)
		require.NoError(t, parsed.EnsurePageCount())
		var out bytes.Buffer
		parsed.Write.Writer = bufio.NewWriter(&out)
		require.NoError(t, pdfcpu.WriteContext(parsed))
		require.NoError(t, parsed.Write.Flush())
		require.Contains(t, out.String(), "/Encrypt")
		return out.Bytes()
	}
	for _, c := range []struct {
		aes  bool
		bits int
	}{{false, 40}, {false, 128}, {true, 128}, {true, 256}} {
		_, err := Read(context.Background(), encrypt("user", c.aes, c.bits))
		require.ErrorIs(t, err, ErrEncrypted, "%+v", c)
		// A file that needs no password to open it can be read by everybody.
		require.Equal(t, []string{"some text that is secret"}, read(t, encrypt("", c.aes, c.bits)).Paragraphs, "%+v", c)
	}
}
