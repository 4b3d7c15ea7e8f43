// Package answers pays answers that a language model wrote in its own words, each sentence marked with the passages
// whose content it carries, and lets thieves have a try at them.
package answers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"unicode/utf8"

	"github.com/openledger/openledger/poa"
)

// Set are answers and the passages that were registered when they were written.
type Set struct {
	Name     string
	Passages []Passage
	Items    []Item
}

// Passage is one registered text. The document of a passage is its ID up to the last slash.
type Passage struct {
	ID     string `json:"id"`
	Author string `json:"author"`
	Text   string `json:"text"`
}

// Item is an answer.
type Item struct {
	ID        string     `json:"id"`
	Language  string     `json:"lang"`
	Question  string     `json:"question"`
	Retrieved []string   `json:"retrieved"` // the passages that the model was shown
	Sentences []Sentence `json:"answer"`    // joined, they are the answer as it was shown
	OffTopic  bool       `json:"off_topic"` // no passage answers the question
}

// Sentence of an answer.
type Sentence struct {
	Text string `json:"text"`
	// Sources are the passages that hold what the sentence says, any of them; none for what stands in no passage.
	Sources []string `json:"sources"`
}

// Text returns the answer as it was shown.
func (t *Item) Text() string {
	var b bytes.Buffer
	for _, s := range t.Sentences {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Document returns the document of a passage.
func Document(id string) string { return path.Dir(id) }

// Parse reads a set from two files of JSON lines. Errors name the file and the line.
func Parse(name, answersName string, answers []byte, sourcesName string, sources []byte) (*Set, error) {
	s := &Set{Name: name}
	known := map[string]bool{}
	err := eachLine(sourcesName, sources, func(line []byte) error {
		var p Passage
		if err := json.Unmarshal(line, &p); err != nil {
			return err
		}
		switch {
		case p.ID == "":
			return fmt.Errorf("a passage without id")
		case known[p.ID]:
			return fmt.Errorf("passage %q stands there twice", p.ID)
		case len(poa.TokenIDs([]byte(p.Text))) == 0:
			return fmt.Errorf("passage %q has no words", p.ID)
		}
		known[p.ID] = true
		s.Passages = append(s.Passages, p)
		return nil
	})
	if err == nil && len(s.Passages) == 0 {
		err = fmt.Errorf("%s: no passages", sourcesName)
	}
	if err != nil {
		return nil, err
	}
	err = eachLine(answersName, answers, func(line []byte) error {
		var item Item
		if err := json.Unmarshal(line, &item); err != nil {
			return err
		}
		if err := item.check(known); err != nil {
			return err
		}
		s.Items = append(s.Items, item)
		return nil
	})
	if err == nil && len(s.Items) == 0 {
		err = fmt.Errorf("%s: no answers", answersName)
	}
	return s, err
}

func (t *Item) check(known map[string]bool) error {
	text := t.Text()
	switch n := len(poa.TokenIDs([]byte(text))); {
	case n == 0:
		return fmt.Errorf("an answer without words")
	case n > poa.MaxAnswerTokens:
		return fmt.Errorf("an answer of %d tokens; at most %d are attributed", n, poa.MaxAnswerTokens)
	case len(t.Retrieved) > poa.MaxWindowSegments:
		return fmt.Errorf("%d retrieved passages; at most %d are considered", len(t.Retrieved), poa.MaxWindowSegments)
	}
	for i, id := range t.Retrieved {
		if !known[id] {
			return fmt.Errorf("retrieved passage %q is not among the sources", id)
		}
		if slices.Contains(t.Retrieved[:i], id) {
			return fmt.Errorf("passage %q is retrieved twice", id)
		}
	}
	for _, s := range t.Sentences {
		for _, id := range s.Sources {
			if !known[id] {
				return fmt.Errorf("source %q of a sentence is not among the sources", id)
			}
		}
	}
	return nil
}

// eachLine visits the lines of a file that are not empty.
func eachLine(name string, data []byte, visit func(line []byte) error) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for n := 1; len(data) > 0; n++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !utf8.Valid(line) {
			return fmt.Errorf("%s:%d: not UTF-8", name, n)
		}
		if err := visit(line); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return nil
}
