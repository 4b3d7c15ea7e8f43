package demo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/examples/specialists"
	"github.com/openledger/openledger/poa"
)

// questionsFile in a corpus folder holds one question a line.
const questionsFile = "questions.txt"

// goQuestions are answered by the documentation of Go's standard library.
var goQuestions = []string{
	"How does an HTTP client handle redirects and cookies?",
	"What happens to a goroutine that waits on a context when its deadline passes?",
	"How are struct fields encoded as JSON, and what do the tags mean?",
	"When should a mutex be used instead of a channel?",
	"How does a TLS server choose its certificate?",
	"How do I walk a directory tree without following symbolic links?",
	"What is the difference between errors.Is and errors.As?",
	"How does the garbage collector treat objects with finalizers?",
	"How are time zones loaded and applied to a time?",
	"What does a regular expression match when alternatives overlap?",
	"How does database/sql reuse connections?",
	"How do template actions escape text in HTML?",
	"How does a Scanner split its input into tokens?",
	"What must a type do to log structured values with slog?",
	"How are certificates verified against a pool of roots?",
	"How do fuzz tests find and keep failing inputs?",
}

// contributor is an author of the demo with prepared data.
type contributor struct {
	name     string
	prepared corpus.Prepared
}

// source is the text of a demo and questions about it.
type source struct {
	title        string
	contributors []contributor
	questions    []string
	segments     int
	documents    int
	tokens       uint64
	notTaken     []string // files of the folder, and why
}

// readSource reads the corpus folder. Without one it reads the documentation of Go's standard library, or the notes of
// specialists that ship if Go is not installed.
func readSource(ctx context.Context, dir string) (*source, error) {
	s := &source{title: "Documentation of Go's standard library", questions: goQuestions}
	var read []corpus.Contributor
	var err error
	if dir == "" {
		if read, err = goDocumentation(ctx); errors.Is(err, errNoGo) {
			s.title = notesTitle
			read, s.questions, err = readNotes(ctx)
		}
	} else {
		s.title = filepath.Base(filepath.Clean(dir))
		if read, err = corpus.ReadContributors(ctx, dir); err == nil {
			s.questions, err = readQuestions(dir, read)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the corpus: %w", err)
	}
	for _, author := range read {
		prepared := corpus.Prepare(author.Documents, poa.SegmentRules{})
		if len(prepared.File.Segments) == 0 {
			reason := errors.New("its files hold no words")
			if len(prepared.Skipped) > 0 {
				reason = prepared.Skipped[0].Reason
			}
			return nil, fmt.Errorf("%s has no text that can be contributed: %w", author.Name, reason)
		}
		for _, file := range author.Files {
			if !file.Taken() {
				s.notTaken = append(s.notTaken, fmt.Sprintf("%s/%s: %s", author.Name, file.Path, file.Reason))
			}
		}
		s.contributors = append(s.contributors, contributor{name: author.Name, prepared: prepared})
		s.segments += len(prepared.File.Segments)
		s.documents += prepared.Documents
		s.tokens += prepared.File.Tokens()
	}
	return s, nil
}

// notesTitle names the notes that ship, of all fields.
const notesTitle = "notes of specialists"

// readNotes returns the authors of the notes that ship, and questions about these.
func readNotes(ctx context.Context) (authors []corpus.Contributor, questions []string, err error) {
	folder, err := os.MkdirTemp("", "openledger-notes-")
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := os.CopyFS(folder, specialists.Notes); err != nil {
		return nil, nil, err
	}
	fields, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, field := range fields {
		dir := filepath.Join(folder, field.Name())
		read, err := corpus.ReadContributors(ctx, dir)
		if err != nil {
			return nil, nil, err
		}
		asked, err := readQuestions(dir, read)
		if err != nil {
			return nil, nil, err
		}
		authors, questions = append(authors, read...), append(questions, asked...)
	}
	return authors, questions, nil
}

// readQuestions returns the questions of a corpus folder; without a file of
// questions it asks about the first document of each contributor.
func readQuestions(dir string, contributors []corpus.Contributor) ([]string, error) {
	content, err := os.ReadFile(filepath.Join(dir, questionsFile))
	if errors.Is(err, os.ErrNotExist) {
		var questions []string
		for _, author := range contributors {
			questions = append(questions, questionAbout(author.Documents[0]))
		}
		return questions, nil
	}
	if err != nil {
		return nil, err
	}
	var questions []string
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		if question := strings.TrimSpace(lines.Text()); question != "" {
			questions = append(questions, question)
		}
	}
	if len(questions) == 0 {
		return nil, fmt.Errorf("%s is empty", filepath.Join(dir, questionsFile))
	}
	return questions, nil
}

// questionAbout asks what a document says, in its own first words.
func questionAbout(document corpus.Document) string {
	const words = 12
	fields := strings.Fields(string(document.Text))
	if len(fields) > words {
		fields = fields[:words]
	}
	return "What is known about this: " + strings.TrimLeft(strings.Join(fields, " "), "# ") + "?"
}
