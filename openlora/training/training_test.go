package training

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/checkpoint"
)

func openBase(t testing.TB) *Base {
	t.Helper()
	b, err := OpenBase("", 2)
	require.NoError(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

// notes returns n contributions of a text each.
func notes(n int) []Contribution {
	var all []Contribution
	for i := range n {
		text := fmt.Sprintf("Ware number %d comes from the valley of the %d rivers and is sold in the market there.", i, i*i)
		all = append(all, Contribution{
			Name: "note", Rank: uint64(3*i + 2), Tokens: 20, Segments: [][]byte{[]byte(text)},
			Derived: func(uint32) []poa.Derivation { return nil },
		})
	}
	return all
}

func quick() Settings {
	s := Defaults()
	s.Epochs, s.Rank, s.Alpha, s.BatchTokens, s.ContextTokens = 2, 2, 4, 128, 128
	return s
}

// A training that is stopped and continued writes the same files as one that is not, with any number of threads.
func TestRunGoesOn(t *testing.T) {
	b, s := openBase(t), quick()
	whole, err := Run(context.Background(), b, s, notes(9), Options{Folder: t.TempDir(), Threads: 1})
	require.NoError(t, err)
	require.Less(t, whole.Last, whole.First)
	require.Equal(t, uint32(9), whole.Record.Rows)

	folder, rounds := t.TempDir(), 0
	var result *Result
	for ; result == nil; rounds++ {
		ctx, cancel := context.WithCancel(context.Background())
		seen := 0
		result, err = Run(ctx, b, s, notes(9), Options{Folder: folder, Threads: 2, Report: func(Progress) {
			if seen++; seen == 2 && rounds < 3 {
				cancel()
			}
		}})
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	require.Greater(t, rounds, 2)
	for _, name := range []string{ArtifactFile, InfluenceFile, RecordFile} {
		want, err := os.ReadFile(filepath.Join(whole.Folder, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	_, err = os.Stat(filepath.Join(folder, stateFile))
	require.ErrorIs(t, err, os.ErrNotExist)

	data, err := os.ReadFile(filepath.Join(folder, InfluenceFile))
	require.NoError(t, err)
	rows, err := poa.UnmarshalInfluence(data)
	require.NoError(t, err)
	require.Equal(t, whole.Rows, rows)
	opened, err := adapter.Open(filepath.Join(folder, ArtifactFile))
	require.NoError(t, err)
	defer opened.Close()
	require.Equal(t, 2, opened.Rank)
	for _, target := range opened.Targets {
		require.Equal(t, checkpoint.BF16, target.A.DType)
		require.Equal(t, checkpoint.BF16, target.B.DType)
	}
	record, err := ReadRecord(filepath.Join(folder, RecordFile))
	require.NoError(t, err)
	require.Equal(t, whole.Record, record)
}

func TestRunRefusesAnotherState(t *testing.T) {
	b, folder := openBase(t), t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Run(ctx, b, quick(), notes(9), Options{Folder: folder, Report: func(Progress) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	_, err = Run(context.Background(), b, quick(), notes(8), Options{Folder: folder})
	require.ErrorContains(t, err, "another folder")
	_, err = Run(context.Background(), b, quick(), nil, Options{Folder: folder})
	require.ErrorContains(t, err, "0 contributions")
}

func TestSettings(t *testing.T) {
	s := quick()
	s.Seed = 1<<64 - 1
	text, err := s.Canonical()
	require.NoError(t, err)
	read, err := ParseSettings(text)
	require.NoError(t, err)
	require.Equal(t, s, read)
	for _, bad := range []string{
		"", "null", "[]", `{"rank":8}`, text + " ", `{"more":1,` + text[1:], text[:len(text)-1],
	} {
		_, err := ParseSettings(bad)
		require.Error(t, err, bad)
	}
	require.NoError(t, s.Merge([]byte("epochs: 7\nformat: qa # answers\ntargets: [q_proj]\n")))
	require.Equal(t, 7, s.Epochs)
	require.Equal(t, FormatAnswers, s.Format)
	require.Equal(t, []string{"q_proj"}, s.Targets)
	require.NoError(t, s.Merge([]byte(`{"rank": 4}`)))
	require.NoError(t, s.Merge(nil))
	require.Equal(t, 4, s.Rank)
	require.ErrorContains(t, s.Merge([]byte("epoch: 7")), "epoch")
	require.Error(t, s.Merge([]byte("epochs: 7\nepochs: 8")))
	s.EvalPart = 0.1
	require.ErrorContains(t, s.Validate(), "evalPart")
}

func TestQuestions(t *testing.T) {
	before, pairs := questions("Of bread.\nQ: Why does rye rise slowly?\nA: It ferments.\nIn a cellar.\n\nHow hot?\n" +
		"And how long?\nAn hour.\n")
	require.Equal(t, "Of bread.\nHow hot?", before)
	require.Equal(t, []pair{
		{"Why does rye rise slowly?", "It ferments.\nIn a cellar."}, {"And how long?", "An hour."},
	}, pairs)
	before, pairs = questions("No question here.")
	require.Equal(t, "No question here.", before)
	require.Empty(t, pairs)
	before, pairs = questions("What?")
	require.Equal(t, "What?", before)
	require.Empty(t, pairs)
}

// Only the answer of a pair is learned, and text never becomes a special token.
func TestExamples(t *testing.T) {
	b := openBase(t)
	all, err := b.examples(context.Background(), FormatAnswers, "Intro.\nWhat is <|end|>?\nA mark <|end|> of the end.")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "A mark <|end|> of the end.", b.Tokenizer.Decode(all[1].Tokens[all[1].From:len(all[1].Tokens)-1], true))
	for i, token := range all[1].Tokens {
		if end, _ := b.Tokenizer.ID(b.Tokenizer.EOS); token == end {
			require.Equal(t, len(all[1].Tokens)-1, i)
		}
	}
	all, err = b.examples(context.Background(), FormatText, "  \n")
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestFromFolder(t *testing.T) {
	all, err := FromFolder(context.Background(), "../../examples/dermatology/amara-okafor")
	require.NoError(t, err)
	require.Len(t, all, 18)
	for i, c := range all {
		require.Equal(t, uint64(i+1), c.Rank)
		require.NotZero(t, c.Tokens)
	}
	_, err = FromFolder(context.Background(), t.TempDir())
	require.Error(t, err)
}

func TestVerify(t *testing.T) {
	b, s, ctx := openBase(t), quick(), context.Background()
	made, err := Run(ctx, b, s, notes(9), Options{Folder: t.TempDir()})
	require.NoError(t, err)
	published := Published{
		Artifact: made.Artifact, Record: made.Record, ArtifactPath: filepath.Join(made.Folder, ArtifactFile),
		InfluencePath: filepath.Join(made.Folder, InfluenceFile),
	}
	verify := func(p Published, n int) (*Comparison, error) {
		return Verify(ctx, b, p, notes(n), Options{Folder: t.TempDir()})
	}
	same, err := verify(published, 9)
	require.NoError(t, err)
	require.True(t, same.Equal())

	// Other text, and a seed that differs by one.
	other, err := verify(published, 8)
	require.NoError(t, err)
	require.False(t, other.Equal())
	require.Contains(t, fmt.Sprint(other.Differences), "first at layer 0, q_proj, lora_A, number ")
	require.Contains(t, fmt.Sprint(other.Differences), "8 contributions, 9 were recorded")
	require.Contains(t, fmt.Sprint(other.Differences), "first at contribution 2:")

	// A lie in one row, with the digest and roots that fit it.
	rows, err := poa.UnmarshalInfluence(read(t, published.InfluencePath))
	require.NoError(t, err)
	rows[3].Sketch.Packed[7]++
	rows[4].SharePPM--
	lied := published
	folder := t.TempDir()
	lied.Record, err = newRecord(b, s, rows, folder)
	require.NoError(t, err)
	lied.InfluencePath = filepath.Join(folder, InfluenceFile)
	found, err := verify(lied, 9)
	require.NoError(t, err)
	require.True(t, found.SameArtifact)
	require.False(t, found.SameInfluence)
	require.Contains(t, fmt.Sprint(found.Differences), "first at contribution 11:")
	require.Contains(t, fmt.Sprint(found.Differences), "the sketches are the same: false")

	for change, want := range map[string]func(r *Record){
		"engine version 2":         func(r *Record) { r.EngineVersion = 2 },
		"the record's seed is 5":   func(r *Record) { r.Seed = "5" },
		"the record's settings":    func(r *Record) { r.Settings = "{}" },
		"made on a base with the ": func(r *Record) { r.BaseDigest = make([]byte, 32) },
	} {
		spoiled := published
		want(&spoiled.Record)
		_, err := verify(spoiled, 9)
		require.ErrorContains(t, err, change)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}
