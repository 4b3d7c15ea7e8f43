package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// decodeLines takes the text of JSON lines of the form {"text": "…", "title": "…"}. A line without text is listed with
// its number, and the other lines are taken.
func decodeLines(ctx context.Context, s *source) error {
	text, err := decodeText(s.data)
	if err != nil {
		return err
	}
	for number := 1; len(text) > 0; number++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if number%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		place := fmt.Sprintf("line %d", number)
		title, content, err := decodeLine(line)
		if err != nil {
			s.file.leaveOut(place, "%s", err)
			continue
		}
		if title == "" {
			title = fmt.Sprintf("%s:%d", s.file.Path, number)
		}
		if err := s.addNamed(title, []byte(content)); err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
	}
	return nil
}

func decodeLine(line []byte) (title, text string, err error) {
	if line[0] == '[' {
		return "", "", errors.New(`is a list: write one object {"text": "…"} a line`)
	}
	var row struct {
		Title any     `json:"title"`
		Text  *string `json:"text"`
	}
	if err := json.Unmarshal(line, &row); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			if kind.Field == "text" {
				return "", "", errors.New(`"text" is not a string`)
			}
			return "", "", errors.New(`is not an object {"text": "…"}`)
		}
		return "", "", fmt.Errorf("is not JSON: %w", err)
	}
	switch {
	case row.Text == nil:
		return "", "", errors.New(`has no "text"`)
	case strings.TrimSpace(*row.Text) == "":
		return "", "", errors.New(`"text" is empty`)
	}
	title, _ = row.Title.(string)
	return strings.TrimSpace(title), *row.Text, nil
}
