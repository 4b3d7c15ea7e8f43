package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// cellSource is the text of a notebook's cell: a string or a list of strings.
type cellSource string

// UnmarshalJSON reads either form.
func (c *cellSource) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*c = cellSource(one)
		return nil
	}
	var lines []string
	if err := json.Unmarshal(data, &lines); err != nil {
		return err
	}
	*c = cellSource(strings.Join(lines, ""))
	return nil
}

// decodeNotebook takes the prose of a Jupyter notebook, and its code if wanted.
// What the code printed is left out.
func decodeNotebook(_ context.Context, s *source) error {
	text, err := decodeText(s.data)
	if err != nil {
		return err
	}
	type cell struct {
		Kind   string     `json:"cell_type"`
		Source cellSource `json:"source"`
		Input  cellSource `json:"input"` // code in version 3
	}
	var notebook struct {
		Cells      []cell `json:"cells"`
		Worksheets []struct {
			Cells []cell `json:"cells"`
		} `json:"worksheets"`
	}
	if err := json.Unmarshal(text, &notebook); err != nil {
		return fmt.Errorf("is damaged, cut off, or not a notebook: %w", err)
	}
	cells := notebook.Cells
	for _, sheet := range notebook.Worksheets {
		cells = append(cells, sheet.Cells...)
	}
	if len(cells) == 0 {
		return errors.New("is not a notebook: it has no cells")
	}
	var out bytes.Buffer
	code := 0
	for _, c := range cells {
		content := strings.TrimSpace(string(c.Source))
		switch c.Kind {
		case "markdown", "heading":
		case "code":
			if content == "" {
				content = strings.TrimSpace(string(c.Input))
			}
			if content == "" {
				continue
			}
			if !s.code {
				code++
				continue
			}
			content = "```\n" + content + "\n```"
		default:
			continue
		}
		if content == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n\n")
		}
		out.WriteString(content)
	}
	if code > 0 {
		s.file.note("code is left out (cells: %d)", code)
	}
	return s.add("", out.Bytes())
}
