package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/poa"
)

// prepare runs the command in a directory of its own.
func prepare(t *testing.T, args ...string) (out, said string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	cmd := dataPrepareCmd()
	var stdout, stderr bytes.Buffer
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// notes is a folder with files that are taken, are not, and are left out.
func notes(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "notes")
	for name, text := range map[string]string{
		"a.MD":             "The hair bulb is the part of the skin in which the shaft of the hair is formed.",
		"b.csv":            "part,what it is\nbulb,\"the part of the skin in which the hair is formed\"\n",
		"c.doc":            "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00",
		"d\x1b[31m.jsonl":  "{\"text\": \"The sheath of the hair is made of cells that are around it.\"}\nnot json\n",
		"e.txt":            "keratin elastin collagen fibrillin desmin vimentin nestin actin",
		".trash/old.md":    "The patient Jane Doe was seen here and she was told of it.",
		"sub/.obsidian/x":  "x",
		"sub/deep/page.ht": "x",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func TestPrepareNamesEveryFile(t *testing.T) {
	dir := notes(t)
	out, said, err := prepare(t, dir, "--report", "report.jsonl")
	require.NoError(t, err)
	require.Contains(t, out, "files       4 taken, 2 not taken, 2 left out")
	require.Contains(t, out, "documents   4")
	require.Contains(t, out, "segments    3 (1 refused, 0 repeated)")
	require.Contains(t, out, "written to  notes.olseg")
	for _, line := range []string{
		"taken       a.MD ", "taken       b.csv ", "not taken   c.doc ", "taken       e.txt ", "left out    .trash ",
		"left out    sub/.obsidian ",
		"not taken   sub/deep/page.ht ", "is an old Word file: save it as .docx", "hidden folder", "line 2 is not JSON",
		`d\u{1b}[31m.jsonl`, "1 document, 0 segments, 0 tokens; 1 segment refused", "refused: e.txt: \"keratin",
	} {
		require.Contains(t, said, line)
	}
	require.NotContains(t, out+said, "\x1b")

	report, err := os.Open("report.jsonl")
	require.NoError(t, err)
	defer report.Close()
	paths := make(map[string]corpus.File)
	for lines := bufio.NewScanner(report); lines.Scan(); {
		var file corpus.File
		require.NoError(t, json.Unmarshal(lines.Bytes(), &file))
		paths[file.Path] = file
	}
	require.Len(t, paths, 8)
	require.Equal(t, corpus.CSV, paths["b.csv"].Format)
	require.True(t, paths[".trash"].LeftOut)
	require.Equal(t, "line 2", paths["d\x1b[31m.jsonl"].Parts[0].Place)

	encoded, err := os.ReadFile("notes.olseg")
	require.NoError(t, err)
	file, err := poa.ParseSegmentFile(encoded)
	require.NoError(t, err)
	require.NotContains(t, string(bytes.Join(file.Segments, nil)), "Jane Doe")
}

func TestPrepareHiddenStrictAndCaps(t *testing.T) {
	dir := notes(t)
	_, _, err := prepare(t, dir, "--strict")
	require.EqualError(t, err, "2 files were not taken: remove them, or leave out --strict")
	_, err = os.Stat("notes.olseg")
	require.ErrorIs(t, err, os.ErrNotExist)

	out, _, err := prepare(t, dir, "--hidden")
	require.NoError(t, err)
	require.Contains(t, out, "files       5 taken, 3 not taken\n")

	_, said, err := prepare(t, dir, "--show-files", "1")
	require.NoError(t, err)
	require.Contains(
		t, said, "… and 6 more files, 3 of them not taken: --report FILE lists all, --show-files 4 shows them")
	require.Equal(t, 1, strings.Count("\n"+said, "\ntaken "))

	_, _, err = prepare(t, dir, "--contributor", "nobody")
	require.ErrorContains(t, err, "--contributor")
	_, _, err = prepare(t, filepath.Join(dir, "c.doc"))
	require.ErrorContains(t, err, "holds no segment")
	_, _, err = prepare(t, filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestPrepareJSON(t *testing.T) {
	out, said, err := prepare(t, notes(t), "--json")
	require.NoError(t, err)
	require.Empty(t, said)
	var report struct {
		Files    []corpus.File `json:"files"`
		NotTaken int           `json:"not_taken"`
		Segments int           `json:"segments"`
		Deposit  string        `json:"deposit_aopen"`
		Refused  []struct {
			Document, Begins, Reason string
		} `json:"refused_segments"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Len(t, report.Files, 8)
	require.Equal(t, 2, report.NotTaken)
	require.Equal(t, 3, report.Segments)
	require.Equal(t, "100000000000000000", report.Deposit)
	require.Equal(t, "e.txt", report.Refused[0].Document)

	// Without a segment file the report says why.
	out, _, err = prepare(t, notes(t), "--json", "--strict")
	require.Error(t, err)
	var failed map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &failed))
	require.Equal(t, "2 files were not taken: remove them, or leave out --strict", failed["error"])
	require.NotContains(t, failed, "written_to")
}

func TestPrepareOfTooMuchTextNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	sentences := []string{
		"The patient of case %d was seen on the ward and the dose of the ointment was changed.",
		"After %d days the rash had faded on both arms, while a small scar stayed behind.",
		"Her sister keeps %d bees and had never been stung before this summer.",
		"We asked for a biopsy because number %d of the series looked like lymphoma at first.",
		"Nobody in the family smokes, and room %d has no carpet or curtain that could hold dust.",
		"The laboratory sent back sample %d since its label could not be read any more.",
		"It is too early to say whether plan %d helps, but he sleeps through the night again.",
		"For travellers of group %d we wrote a letter in simple words about sun and insects.",
	}
	var text strings.Builder
	for i := 0; text.Len() < 17<<20; i++ {
		fmt.Fprintf(&text, sentences[i%len(sentences)]+"\n\n", i)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "long.md"), []byte(text.String()), 0o600))
	_, said, err := prepare(t, dir)
	require.EqualError(
		t, err, "long.md does not fit: one contribution holds 16 MiB and 65536 segments; prepare the files in parts")
	require.Contains(t, said, "not taken   long.md")
}
