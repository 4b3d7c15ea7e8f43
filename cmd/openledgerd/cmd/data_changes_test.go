package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/corpus"
)

// dressed is a folder with a text of each kind of change, and names and text that would take over a terminal.
func dressed(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dressed")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, text := range map[string]string{
		"a.txt": "The der\u00adma\u00adto\u00adlogist looks at the ﬁbroma and at the hair\u00ad\nbulb of the skin.\r\n" +
			"A dose of 5\u00a0mg is given\u202ftwice to the cafe\u0301 owner.\r\n" +
			"It is the \uff21\uff22\uff23 of the \U0001d400 that is told\u200b to all.",
		"b.txt": "The word co\u00adoperate, said once, is all that was wrong with the text of this file.",
		"c.txt": "There is nothing that has to be put right in the text of this file.",
		"d.txt": "The \x1b[31mred\u00adness of the skin is a sign that \u202eis turned round\u202c by the " +
			"hand of the devil.",
		"e\u202e\x1b[2J.txt": "The skin of the hand is the place where the rash is seen first of all.",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// harmless fails if a terminal would do more than show a text.
func harmless(t *testing.T, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("U+%04X at byte %d of %q", r, i, text)
		}
	}
}

func TestPrepareShowsWhatIsPutRight(t *testing.T) {
	dir := dressed(t)
	out, said, err := prepare(t, dir)
	require.NoError(t, err)
	harmless(t, out+said)
	require.Contains(
		t, said, "            put right: 4 soft hyphens, 1 invisible sign, 1 separate accent, 1 ligature, 3 full- or "+
			"half-width letters, 1 other letter form, 2 spaces, 2 line ends\n"+
			`              der\u{ad}ma\u{ad}to\u{ad}logist -> dermatologist`+"\n"+
			`              told\u{200b} -> told`+"\n"+
			`              cafe\u{301} -> café`+"\n"+
			"              … and more; --show-changes N shows them\n")
	require.Contains(t, said, "            put right: 1 soft hyphen\n"+`              co\u{ad}operate, -> cooperate,`+"\n")
	require.Contains(t, said, "            put right: 1 soft hyphen, 2 invisible signs\n")
	require.Contains(t, said, `\u{1b}[31mred\u{ad}ness -> \u{1b}[31mredness`)
	require.Equal(t, 1, strings.Count(said, "… and more; --show-changes"), "of one file")

	_, said, err = prepare(t, dir, "--show-changes", "20")
	require.NoError(t, err)
	harmless(t, said)
	for _, shown := range []string{
		`\u{fb01}broma -> fibroma`, `hair\u{ad}\nbulb -> hairbulb`, `5\u{a0}mg -> 5 mg`, `given\u{202f}twice -> given twice`,
		`\u{ff21}\u{ff22}\u{ff23} -> ABC`,
		`\u{1d400} -> A`, `\r\n -> \n`,
	} {
		require.Contains(t, said, "              "+shown+"\n")
	}
	_, said, err = prepare(t, dir, "--show-changes", "-1")
	require.NoError(t, err)
	require.Contains(t, said, "put right: 1 soft hyphen\n")
	require.NotContains(t, said, " -> ")
}

func TestPrepareShowsWhatIsPutRightAsJSON(t *testing.T) {
	dir := dressed(t)
	out, said, err := prepare(t, dir, "--json", "--show-changes", "20", "--report", "report.jsonl")
	require.NoError(t, err)
	require.Empty(t, said)
	harmless(t, out)
	var report struct{ Files []corpus.File }
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	files := make(map[string]corpus.File)
	for _, file := range report.Files {
		files[file.Path] = file
	}
	require.Equal(t, []corpus.ChangeCount{{Kind: corpus.SoftHyphen, Count: 1}}, files["b.txt"].Changed)
	require.Equal(
		t, []corpus.Change{
			{Kind: corpus.SoftHyphen, Document: "b.txt", Offset: 9, From: "co\u00adoperate,", To: "cooperate,"}},
		files["b.txt"].Changes)
	require.Empty(t, files["c.txt"].Changed)
	require.Contains(t, files, "e\u202e\x1b[2J.txt", "another parser reads the name as it is")

	lines, err := os.ReadFile("report.jsonl")
	require.NoError(t, err)
	harmless(t, string(lines))
	var same []corpus.File
	for line := range strings.Lines(string(lines)) {
		var file corpus.File
		require.NoError(t, json.Unmarshal([]byte(line), &file))
		same = append(same, file)
	}
	require.Equal(t, report.Files, same)
}

// TestCheckShowsNamesOnly: the names of files that text is compared with are those of strangers.
func TestCheckShowsNamesOnly(t *testing.T) {
	dir := dressed(t)
	for _, flags := range [][]string{nil, {"--json"}} {
		out, said, err := checkFiles(t, append([]string{dir, "--against", dir}, flags...)...)
		require.ErrorContains(t, err, "are duplicates")
		harmless(t, out+said+err.Error())
		require.Contains(t, out, "202e")
	}
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.MkdirAll(empty, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(empty, "\x1b[2J.doc"), []byte("x\x00"), 0o600))
	_, _, err := checkFiles(t, dir, "--against", empty)
	require.ErrorContains(t, err, "holds no text that can be read")
	harmless(t, err.Error())
}

// checkFiles runs `data check` in a directory of its own.
func checkFiles(t *testing.T, args ...string) (out, said string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	cmd := dataCheckCmd()
	var stdout, stderr strings.Builder
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}
