package corpus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// skippedTags are elements without text for readers.
var skippedTags = map[string]bool{
	"script": true, "style": true, "noscript": true, "template": true, "svg": true, "canvas": true, "iframe": true,
	"object": true, "select": true, "button": true, "textarea": true, "audio": true, "video": true, "dialog": true,
}

// furnitureTags are elements that repeat on every page of a site.
var furnitureTags = map[string]bool{"head": true, "nav": true, "footer": true}

// blockTags begin and end a paragraph.
var blockTags = map[string]bool{
	"address": true, "article": true, "aside": true, "blockquote": true, "body": true, "center": true, "dd": true,
	"details": true,
	"div":     true, "dl": true, "dt": true, "fieldset": true, "figcaption": true, "figure": true, "form": true,
	"h1": true, "h2": true,
	"h3": true, "h4": true, "h5": true, "h6": true, "header": true, "hr": true, "html": true, "li": true, "main": true,
	"ol": true,
	"p":  true, "pre": true, "section": true, "summary": true, "ul": true, "caption": true, "tfoot": true, "thead": true,
	"tbody": true,
}

// optionalEnd are tags whose end tag is often left out: a hidden one ends at the next one.
var optionalEnd = map[string]bool{"p": true, "li": true, "dd": true, "dt": true, "tr": true, "td": true, "th": true,
	"option": true}

// voidTags have no end tag.
var voidTags = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true,
	"link": true,
	"meta": true, "source": true, "track": true, "wbr": true,
}

func decodeHTML(ctx context.Context, s *source) error {
	text, err := decodeText(s.data)
	if err != nil {
		return err
	}
	content, err := htmlText(ctx, text)
	if err != nil {
		return err
	}
	return s.add("", content)
}

// htmlText takes the text of a web page or a chapter of an e-book. It reads tag
// by tag and builds no tree, so that memory does not depend on the nesting.
func htmlText(ctx context.Context, text []byte) ([]byte, error) {
	page := htmlPage{skip: true}
	if err := page.read(ctx, text); err != nil {
		return nil, err
	}
	if page.open != "" && !skippedTags[page.open] {
		// A skipped part that never ends would take the rest of the page with it.
		page = htmlPage{}
		if err := page.read(ctx, text); err != nil {
			return nil, err
		}
	}
	return page.out.bytes(), nil
}

// htmlPage is a web page while it is read.
type htmlPage struct {
	out   paragraphs
	skip  bool   // leave out navigation and hidden elements
	open  string // tag of the skipped element, "" outside of one
	depth int    // open elements of that tag inside of it
	pre   int
}

func (p *htmlPage) read(ctx context.Context, text []byte) error {
	z := html.NewTokenizer(bytes.NewReader(text))
	z.SetMaxBuf(maxTextBytes)
	for n := 1; ; n++ {
		kind := z.Next()
		if kind == html.ErrorToken {
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("is damaged: %w", err)
			}
			return nil
		}
		if n%4096 == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if p.out.tooLong() {
				return errTooMuchText
			}
		}
		switch kind {
		case html.TextToken:
			if p.open == "" {
				p.write(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag, conceals := string(name), false
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				conceals = conceals || hides(string(key), string(value))
			}
			closed := kind == html.SelfClosingTagToken
			if closed {
				z.NextIsNotRawText() // XHTML writes <script src="…"/>
			}
			p.start(tag, conceals, closed)
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(string(name))
		}
	}
}

// hides reports whether an attribute hides its element from readers.
func hides(key, value string) bool {
	switch key {
	case "hidden":
		return value != "until-found"
	case "aria-hidden":
		return value == "true"
	case "role":
		return value == "navigation"
	case "style":
		style := strings.ReplaceAll(strings.ToLower(value), " ", "")
		return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
	}
	return false
}

func (p *htmlPage) write(s string) {
	if p.pre > 0 {
		p.out.addExact(strings.ReplaceAll(s, "\r\n", "\n"))
		return
	}
	p.out.addWords(s)
}

func (p *htmlPage) start(tag string, conceals, closed bool) {
	if p.open != "" {
		switch {
		case tag == p.open && optionalEnd[tag]:
			p.open = ""
		case tag == p.open && !closed:
			p.depth++
			return
		case tag == "body" && p.open == "head":
			p.open = ""
		default:
			return
		}
	}
	conceals = conceals && tag != "html" && tag != "body" // a script may show a page that is hidden at first
	if skippedTags[tag] || p.skip && (conceals || furnitureTags[tag]) && !voidTags[tag] {
		if !closed {
			p.open, p.depth = tag, 0
		}
		return
	}
	switch tag {
	case "br":
		p.out.breakLine()
	case "table":
		p.out.beginTable()
	case "tr":
		p.out.beginRow()
	case "td", "th":
		p.out.beginCell()
	case "h1", "h2", "h3", "h4", "h5", "h6":
		p.out.end(strings.Repeat("#", int(tag[1]-'0')) + " ")
	case "li":
		p.out.end("- ")
	case "pre":
		p.out.end("")
		if !closed {
			p.pre++
		}
	case "p", "div":
		// The first paragraph of a list item stays on the line of its mark.
		if p.out.line.Len() > 0 || p.out.prefix == "" {
			p.out.end("")
		}
	default:
		if blockTags[tag] {
			p.out.end("")
		}
	}
}

func (p *htmlPage) end(tag string) {
	if p.open != "" {
		if tag == p.open {
			if p.depth--; p.depth < 0 {
				p.open, p.depth = "", 0
			}
		}
		return
	}
	switch tag {
	case "table":
		p.out.endTable()
	case "pre":
		p.pre = max(0, p.pre-1)
		p.out.end("")
	case "p", "div":
		if p.out.line.Len() > 0 || p.out.prefix == "" {
			p.out.end("")
		}
	default:
		if blockTags[tag] {
			p.out.end("")
		}
	}
}
