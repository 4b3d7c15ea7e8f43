package corpus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/poa"
)

// samples are one small good file of each format, by extension.
func samples() map[string][]byte {
	sentence := func(format string) string {
		return good + " This copy of it stands in a file of the kind " + format + "."
	}
	utf16 := "\xFF\xFE"
	for _, c := range sentence("utf16") {
		utf16 += string([]byte{byte(c), 0})
	}
	return map[string][]byte{
		"txt":   []byte(sentence("txt")),
		"md":    []byte("# Hair\n\n" + sentence("md")),
		"jsonl": []byte(fmt.Sprintf("{\"text\": %q}\n", sentence("jsonl"))),
		"csv":   []byte("part,what is said of it\nbulb,\"" + sentence("csv") + "\"\n"),
		"tsv":   []byte("part\twhat is said of it\nbulb\t" + sentence("tsv") + "\n"),
		"html":  []byte("<!doctype html><title>t</title><p>" + sentence("html") + "</p>"),
		"ipynb": []byte(
			fmt.Sprintf(`{"cells": [{"cell_type": "markdown", "source": [%q]}], "nbformat": 4}`, sentence("ipynb"))),
		"pdf":  pdfOf(pdfLines(strings.SplitAfter(sentence("pdf"), "the shaft ")...)),
		"docx": wordOf(wordParagraph(sentence("docx"))),
		"odt":  odtOf("<text:p>" + sentence("odt") + "</text:p>"),
		"epub": epubOf(nil, sentence("epub")),
		"wide": []byte(utf16),
	}
}

// encryptedSamples are files of the formats that need a password, as programs
// make them. Formats without passwords are encrypted as a whole.
func encryptedSamples() map[string][]byte {
	compound := []byte(
		"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 504) +
			"E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	encrypted := map[string][]byte{
		"pdf":  lockedPDF(pdfLines(good)),
		"docx": compound,
		"odt":  odtOf("\x00", entry{"META-INF/manifest.xml", "<manifest:encryption-data/>"}),
		"epub": epubOf(
			[]entry{{"META-INF/encryption.xml", `<encryption><EncryptedData><CipherData><CipherReference URI="OEBPS/text/chapter%200.xhtml"/></CipherData></EncryptedData></encryption>`}}, "\x01\x02"),
	}
	for i, extension := range []string{"txt", "md", "jsonl", "csv", "tsv", "html", "ipynb"} {
		encrypted[extension] = [][]byte{
			[]byte("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n"), []byte("age-encryption.org/v1\n-> X25519\n\xFF\x00"),
			append([]byte("Salted__"), random(500)...),
		}[i%3]
	}
	return encrypted
}

func random(n int) []byte {
	out := make([]byte, n)
	rand.New(rand.NewSource(int64(n))).Read(out)
	return out
}

func TestEveryFormatWholeAndBroken(t *testing.T) {
	dir := t.TempDir()
	want := make(map[string]string) // path: "taken", or a part of the reason
	good := samples()
	for extension, content := range good {
		if extension == "wide" {
			write(t, dir, "whole/wide.txt", string(content))
			want["whole/wide.txt"] = "taken"
			continue
		}
		write(t, dir, "whole/a."+extension, string(content))
		want["whole/a."+extension] = "taken"
		write(t, dir, "upper/A."+strings.ToUpper(extension),
			string(bytes.ReplaceAll(content, []byte("kind"), []byte("Kind"))))
		want["upper/A."+strings.ToUpper(extension)] = "taken"
		write(t, dir, "cut/a."+extension, string(content[:len(content)*2/3]))
		switch extension {
		case "txt", "md", "csv", "tsv", "html": // what is there is text
			want["cut/a."+extension] = "taken"
		default:
			want["cut/a."+extension] = "damaged"
		}
		if extension == "jsonl" {
			want["cut/a.jsonl"] = "line 1: is not JSON"
		}
		for other := range good {
			if other != extension && other != "wide" && (other == "pdf" || other == "txt" || other == "docx") {
				name := "wrong/" + extension + "-in-fact." + other
				write(t, dir, name, string(content))
				want[name] = "taken"
			}
		}
	}
	for extension, content := range encryptedSamples() {
		write(t, dir, "locked/a."+extension, string(content))
		want["locked/a."+extension] = "encrypted"
	}
	write(t, dir, "noise/random.pdf", string(random(3000)))
	want["noise/random.pdf"] = "is not a PDF"
	write(t, dir, "noise/random.docx", "PK\x03\x04"+string(random(3001)))
	want["noise/random.docx"] = "damaged"
	write(t, dir, "noise/empty.epub", "")
	want["noise/empty.epub"] = "is empty"

	prepared, err := corpus.Import(context.Background(), dir, corpus.Options{}, poa.SegmentRules{AllowFewStopWords: true})
	require.NoError(t, err)
	require.Len(t, prepared.Files, len(want), "a line for every file")
	for _, f := range prepared.Files {
		switch reason, ok := want[f.Path]; {
		case !ok:
			t.Errorf("%s was not asked for", f.Path)
		case reason == "taken":
			if !f.Taken() || f.Documents == 0 || f.Segments+f.Repeated+f.Refused == 0 {
				t.Errorf("%s gave nothing: %+v", f.Path, f)
			}
		case f.Taken() || !strings.Contains(f.Reason, reason):
			t.Errorf("%s: want %q in the reason, got %q, %d documents", f.Path, reason, f.Reason, f.Documents)
		}
	}
	// The words of each whole file are there, whatever its name.
	text := string(bytes.Join(prepared.File.Segments, []byte("\n")))
	for extension := range good {
		name := extension
		if extension == "wide" {
			name = "utf16"
		}
		require.Contains(t, text, "cells that divide. This copy of it stands in a file of the kind "+name+".")
	}
	// The same folder gives the same segment file.
	again, err := corpus.Import(context.Background(), dir, corpus.Options{}, poa.SegmentRules{AllowFewStopWords: true})
	require.NoError(t, err)
	require.Equal(t, prepared, again)
}

// TestTruncationAnywhere cuts each sample at many places, and changes bytes.
func TestTruncationAnywhere(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	good := samples()
	dir := t.TempDir()
	for extension, content := range good {
		for i := range 30 {
			broken := bytes.Clone(content)
			if i%2 == 0 {
				broken = broken[:r.Intn(len(broken))]
			} else {
				for range 1 + r.Intn(20) {
					broken[r.Intn(len(broken))] = byte(r.Intn(256))
				}
			}
			write(t, dir, fmt.Sprintf("%s-%d.%s", extension, i, extension), string(broken))
		}
	}
	prepared, err := corpus.Import(context.Background(), dir, corpus.Options{}, poa.SegmentRules{})
	require.NoError(t, err)
	require.Len(t, prepared.Files, 30*len(good))
	for _, f := range prepared.Files {
		require.NotContains(t, f.Reason, "its decoder failed", f.Path)
	}
}

// importInChild imports a folder in a new process. It returns the peak of its memory, in bytes, and its report.
func importInChild(t *testing.T, dir string) (peak int, files []corpus.File) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.Command(os.Args[0], "-test.run", "^TestImportChild$")
	cmd.Env = append(os.Environ(), "CORPUS_IMPORT="+dir, "CORPUS_REPORT="+report)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	data, err := os.ReadFile(report)
	require.NoError(t, err)
	var got struct {
		Peak  int
		Files []corpus.File
	}
	require.NoError(t, json.Unmarshal(data, &got))
	return got.Peak, got.Files
}

// TestImportChild is the child of importInChild.
func TestImportChild(t *testing.T) {
	dir := os.Getenv("CORPUS_IMPORT")
	if dir == "" {
		t.Skip("runs for the tests of memory only")
	}
	debug.SetMemoryLimit(320 << 20) // as data prepare does
	var files []corpus.File
	paths := []string{dir}
	if os.Getenv("CORPUS_EACH") != "" { // each file is a contribution
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		paths = nil
		for _, entry := range entries {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	for _, path := range paths {
		began := time.Now()
		prepared, err := corpus.Import(context.Background(), path, corpus.Options{},
			poa.SegmentRules{AllowFewStopWords: true})
		require.NoError(t, err)
		for i := range prepared.Files {
			prepared.Files[i].Notes = append(prepared.Files[i].Notes, time.Since(began).String())
		}
		files = append(files, prepared.Files...)
	}
	encoded, err := json.Marshal(map[string]any{"Peak": peakMemory(), "Files": files})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(os.Getenv("CORPUS_REPORT"), encoded, 0o600))
}

// peakMemory returns the peak of this process's memory in bytes, or 0 if the system does not tell.
func peakMemory() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.Atoi(fields[0])
	return kib << 10
}

func TestTwentyMegabytesOfEachFormat(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 250 MB")
	}
	const size = 20 << 20
	dir := t.TempDir()
	// prose puts about so many bytes of different sentences between two strings.
	prose := func(bytes int, before, after string) string {
		var out strings.Builder
		out.Grow(bytes + 200)
		for n := 0; out.Len() < bytes; n++ {
			out.WriteString(before)
			out.WriteString("The patient of case ")
			out.WriteString(strconv.Itoa(n))
			out.WriteString(" was seen in the week before and the dose was then changed.")
			out.WriteString(after)
		}
		return out.String()
	}
	write(t, dir, "a.txt", prose(size, "", "\n\n"))
	write(t, dir, "a.md", "| case |  |\n|---|---|\n"+prose(size, "| x | ", " |\n"))
	write(t, dir, "a.csv", "case,text\n"+prose(size, "x,\"", "\"\n"))
	write(t, dir, "narrow.tsv", "a\tb\tc\n"+strings.Repeat("1\t2\t3\n", size/6))
	write(t, dir, "a.jsonl", prose(size, "{\"text\": \"", "\"}\n"))
	write(t, dir, "a.html", "<html><body>"+prose(size, "<p>", "</p>"))
	write(t, dir, "table.html", "<html><body><table>"+strings.Repeat("<tr><td>1<td>2", size/14))
	write(t, dir, "open.html", strings.Repeat("<div>", size/5))
	write(t, dir, "a.ipynb", `{"nbformat": 4, "cells": [`+
		strings.TrimSuffix(prose(size, `{"cell_type": "markdown", "source": ["`, `"]},`), ",")+`]}`)
	write(t, dir, "a.docx", string(
		wordOf(prose(size, "<w:p><w:r><w:t>", "</w:t></w:r></w:p>"), entry{"word/media/picture.png", string(random(size))})))
	write(t, dir, "a.odt", string(
		odtOf(prose(size, "<text:p>", "</text:p>"), entry{"Pictures/picture.png", string(random(size))})))
	write(t, dir, "a.epub", string(
		epubOf([]entry{{"OEBPS/picture.jpg", string(random(size))}}, prose(size/2, "<p>", "</p>"),
			prose(size/2, "<p>", "</p>"))))
	lines := strings.Split(prose(10<<20, "", "\n"), "\n")
	var pages []string
	for len(lines) > 0 {
		n := min(50, len(lines))
		pages, lines = append(pages, pdfLines(lines[:n]...)), lines[n:]
	}
	write(t, dir, "a.pdf", string(append(pdfOf(pages...), random(size/2)...)))
	write(t, dir, "noise.pdf", "%PDF-1.5\n"+string(random(size)))
	write(t, dir, "noise.txt", string(random(size)))
	write(t, dir, "toobig.txt", strings.Repeat("The text is long. ", 4<<20))

	t.Setenv("CORPUS_EACH", "1")
	peak, files := importInChild(t, dir)
	t.Logf("%d files, at most %d MiB", len(files), peak>>20)
	require.Less(t, peak, memoryBound)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, len(entries))
	reasons := map[string]string{
		"noise.pdf": "is damaged", "noise.txt": "binary data", "open.html": "holds no text",
		"toobig.txt": "larger than 64 MiB",
		"narrow.tsv": "more than 32 MiB of text", "table.html": "more than 32 MiB of text",
	}
	for _, f := range files {
		t.Logf("%-12s %7d documents %6d segments %8d tokens %s %v", f.Path, f.Documents, f.Segments, f.Tokens, f.Reason,
			f.Notes)
		if reason, ok := reasons[f.Path]; ok {
			require.Contains(t, f.Reason, reason, f.Path)
			continue
		}
		// Twenty megabytes of text are more than a contribution holds; JSON lines
		// and chapters are taken one by one.
		if f.Taken() {
			require.Greater(t, f.Segments+f.Repeated, 0, f.Path)
		} else {
			require.Contains(t, f.Reason, "does not fit", f.Path)
		}
	}
}

func TestTenThousandFiles(t *testing.T) {
	dir := t.TempDir()
	kinds := samples()
	delete(kinds, "wide")
	var extensions []string
	for extension := range kinds {
		extensions = append(extensions, extension)
	}
	const count = 10_000
	for i := range count {
		extension := extensions[i%len(extensions)]
		content := kinds[extension]
		if i%10 == 9 {
			content = content[:len(content)/2]
		}
		write(t, dir, fmt.Sprintf("%02d/file %d.%s", i%50, i, extension), string(content))
	}
	peak, files := importInChild(t, dir)
	t.Logf("%d files, at most %d MiB", len(files), peak>>20)
	require.Less(t, peak, memoryBound)
	require.Len(t, files, count)
	seen := make(map[string]bool)
	for _, f := range files {
		require.False(t, seen[f.Path])
		seen[f.Path] = true
		require.True(t, f.Reason != "" || f.Segments+f.Repeated+f.Refused > 0, "%+v", f)
	}
}

func TestMoreThanOneContributionHolds(t *testing.T) {
	dir := t.TempDir()
	sentences := []string{
		"The patient of case %d was seen on the ward and the dose of the ointment was changed.",
		"After %d days the rash had faded on both arms, while a small scar stayed behind.",
		"Her sister keeps %d bees and had never been stung before this summer.",
		"We asked for a biopsy because number %d of the series looked like lymphoma at first.",
		"Nobody in the family smokes, and room %d has no carpet or curtain that could hold dust.",
		"The laboratory sent back sample %d since its label could not be read any more.",
		"It is too early to say whether plan %d helps the patient, but he sleeps through the night again.",
		"For travellers of group %d we wrote a letter in simple words about sun and insects.",
	}
	var text strings.Builder
	for i := 0; text.Len() < 9<<20; i++ {
		fmt.Fprintf(&text, sentences[i%len(sentences)]+"\n\n", i)
	}
	write(t, dir, "a.md", text.String())
	write(t, dir, "b.md", strings.ReplaceAll(text.String(), "patient", "child"))
	write(t, dir, "c.md", "And this is the last of the files that are in the folder.")
	prepared, err := corpus.Import(context.Background(), dir, corpus.Options{}, poa.SegmentRules{})
	require.NoError(t, err)
	require.Equal(t, "b.md", prepared.Full)
	require.Len(t, prepared.Files, 3)
	require.True(t, prepared.Files[0].Taken())
	require.Contains(t, prepared.Files[1].Reason, "does not fit")
	require.Contains(t, prepared.Files[2].Reason, "does not fit")
	_, err = prepared.File.MarshalBinary()
	require.NoError(t, err)
}

func TestProgressAndCancel(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.md", good)
	write(t, dir, "b.md", good)
	ctx, cancel := context.WithCancel(context.Background())
	var seen []string
	_, err := corpus.Import(ctx, dir, corpus.Options{Progress: func(done int, path string) {
		seen = append(seen, fmt.Sprint(done, " ", path))
		cancel()
	}}, poa.SegmentRules{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"0 a.md"}, seen)
}

func FuzzDecode(f *testing.F) {
	extensions := []string{"txt", "md", "jsonl", "csv", "tsv", "html", "ipynb", "docx", "odt", "epub", "pdf"}
	all := samples()
	for i, extension := range extensions {
		f.Add(uint8(i), all[extension])
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, kind uint8, content []byte) {
		if len(content) > 1<<20 {
			return
		}
		name := filepath.Join(dir, fmt.Sprintf("a%d.%s", os.Getpid(), extensions[int(kind)%len(extensions)]))
		require.NoError(t, os.WriteFile(name, content, 0o600))
		prepared, err := corpus.Import(context.Background(), name, corpus.Options{}, poa.SegmentRules{})
		require.NoError(t, err)
		require.Len(t, prepared.Files, 1)
		require.NotContains(t, prepared.Files[0].Reason, "its decoder failed")
		for _, s := range prepared.File.Segments {
			require.NoError(t, poa.CheckSegment(s, poa.SegmentRules{}))
		}
	})
}
