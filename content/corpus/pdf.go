package corpus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/openledger/openledger/content/corpus/pdf"
)

// decodePDF takes the text of a PDF.
func decodePDF(ctx context.Context, s *source) error {
	text, err := readPDF(ctx, s.data)
	switch {
	case errors.Is(err, pdf.ErrEncrypted):
		return errors.New(encrypted)
	case errors.Is(err, pdf.ErrNoText):
		return errors.New("holds pictures of pages but no text: run text recognition on it first, for example ocrmypdf")
	case errors.Is(err, pdf.ErrRepeats):
		return errors.New("holds only text that repeats on its pages, such as page numbers")
	case errors.Is(err, pdf.ErrNoLetters):
		return errors.New("does not say which letters its fonts show: export it again from its source")
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("is damaged or cut off: %w", err)
	}
	for _, page := range text.Broken {
		s.file.leaveOut(fmt.Sprintf("page %d", page.Number), "%s", page.Err)
	}
	if text.Repeated > 0 {
		s.file.note("%d repeating lines at the edges of pages are left out", text.Repeated)
	}
	if text.Turned > 0 {
		s.file.note("text that is not upright is left out")
	}
	if text.Rows > 0 {
		s.file.note(
			"%d lines look like rows of tables, which are not recognised in PDFs: give tables as .csv, or in a Word document "+
				"or web page", text.Rows)
	}
	if text.Unknown > 0 {
		s.file.note("some fonts do not say which letters they show (characters: %d)", text.Unknown)
	}
	return s.add("", []byte(strings.Join(text.Paragraphs, "\n\n")))
}

// readPDF returns when ctx ends, even if the library does not. What the library does afterwards has no effect.
func readPDF(ctx context.Context, data []byte) (*pdf.Text, error) {
	type result struct {
		text *pdf.Text
		err  error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{err: fmt.Errorf("its decoder failed (%v)", p)}
			}
			done <- r
		}()
		r.text, r.err = pdf.Read(ctx, data)
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
