package corpus

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxXMLDepth bounds the nesting of elements.
const maxXMLDepth = 1000

// xmlVisitor receives the content of an XML file, in order.
type xmlVisitor interface {
	start(e xml.StartElement)
	end(name string)
	chars(text string)
	// full reports whether there is more text than a file may give.
	full() bool
}

// walkXML reads an XML file element by element.
func walkXML(ctx context.Context, data []byte, v xmlVisitor) error {
	text, err := decodeText(data)
	if err != nil {
		return err
	}
	d := newXMLDecoder(text)
	depth := 0
	for n := 1; ; n++ {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("is damaged or cut off: %w", err)
		}
		if n%4096 == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if v.full() {
				return errTooMuchText
			}
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxXMLDepth {
				return fmt.Errorf("is damaged: its elements are nested more than %d deep", maxXMLDepth)
			}
			v.start(token)
		case xml.EndElement:
			depth--
			v.end(token.Name.Local)
		case xml.CharData:
			v.chars(string(token))
		}
	}
}

// newXMLDecoder returns a decoder for text that is UTF-8, whatever encoding its first line names.
func newXMLDecoder(text []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
}

// attribute returns the value of an attribute, by its name without prefix.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// headingPrefix returns the mark of a heading. Levels begin with 1.
func headingPrefix(level int) string { return strings.Repeat("#", min(max(level, 1), 6)) + " " }
