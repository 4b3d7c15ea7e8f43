package corpus

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openledger/openledger/poa"
)

// ChangeKind is the kind of a change that brings a text into clean form. Quotation marks, dashes and other signs of
// typographers do not change.
type ChangeKind string

// The kinds, in the order in which they are shown. Line ends and spaces come last: a file may have one in each line.
const (
	SoftHyphen ChangeKind = "soft_hyphen" // and the line end behind it
	Invisible  ChangeKind = "invisible"   // zero-width spaces, marks of direction, joiners that no script needs
	Accent     ChangeKind = "accent"      // accents that stand as marks of their own (Unicode's form NFC)
	Ligature   ChangeKind = "ligature"    // and forms of Arabic and Hebrew letters
	Width      ChangeKind = "width"       // full- and half-width letters
	LetterForm ChangeKind = "letter_form" // other forms of letters, such as mathematical ones
	Bullet     ChangeKind = "bullet"      // private signs of word processors
	Space      ChangeKind = "space"       // no-break, narrow and other spaces
	LineEnd    ChangeKind = "line_end"    // other line ends than a line feed
)

// namedKind is a kind with the name of one change of it.
type namedKind struct {
	kind ChangeKind
	name string
}

var changeKinds = []namedKind{
	{SoftHyphen, "soft hyphen"}, {Invisible, "invisible sign"}, {Accent, "separate accent"}, {Ligature, "ligature"},
	{Width, "full- or half-width letter"},
	{LetterForm, "other letter form"}, {Bullet, "private bullet"}, {Space, "space"}, {LineEnd, "line end"},
}

// ChangeCount is the number of changes of a kind in a file.
type ChangeCount struct {
	Kind  ChangeKind `json:"kind"`
	Count int        `json:"count"`
}

// Name returns the name of a kind, for people.
func (k ChangeKind) Name() string {
	for _, c := range changeKinds {
		if c.kind == k {
			return c.name
		}
	}
	return string(k)
}

// Change is a word that changes. Both texts are of strangers, and may hold characters that act on a terminal.
type Change struct {
	Kind     ChangeKind `json:"kind"`
	Document string     `json:"document"`
	Offset   int        `json:"offset"` // of From in the text of the document, in bytes
	From     string     `json:"from"`
	To       string     `json:"to"`
}

// aroundBytes bounds the part of a word that is shown on each side of a change, in bytes.
const aroundBytes = 32

// changes collects the changes in the documents of a file.
type changes struct {
	limit  int
	counts []int           // by place in changeKinds
	shown  [][]Change      // of each kind, one more than limit
	seen   map[string]bool // words that are shown
}

func newChanges(limit int) *changes {
	return &changes{limit: max(limit, 0), counts: make([]int, len(changeKinds)), shown: make([][]Change, len(changeKinds)),
		seen: make(map[string]bool)}
}

// add counts the changes of a document and keeps the first words of each kind.
func (c *changes) add(document Document) {
	shown := 0 // the end of the last word that is shown
	poa.EachChange(document.Text, func(change poa.Change) bool {
		kind := kindOfChange(change)
		c.counts[kind]++
		if len(c.shown[kind]) > c.limit || c.limit == 0 || change.Offset < shown {
			return true
		}
		from, to := wordAround(document.Text, change.Offset, change.Offset+len(change.From))
		word := string(document.Text[from:to])
		if changeKinds[kind].kind == LineEnd {
			from, word = change.Offset, change.From
		}
		if !c.seen[word] {
			c.seen[word] = true
			clean := string(poa.Canonical([]byte(word)))
			c.shown[kind] = append(
				c.shown[kind], Change{Kind: changeKinds[kind].kind, Document: document.Name, Offset: from, From: word, To: clean})
			shown = from + len(word)
		}
		return true
	})
}

// report writes the counts and at most limit words to a file's report: the first word of each kind, then the second
// ones.
func (c *changes) report(file *File) {
	var words []Change
	for kind, n := range c.counts {
		if n > 0 {
			file.Changed = append(file.Changed, ChangeCount{changeKinds[kind].kind, n})
		}
	}
	for turn := 0; len(words) <= c.limit; turn++ {
		before := len(words)
		for _, list := range c.shown {
			if turn < len(list) {
				words = append(words, list[turn])
			}
		}
		if len(words) == before {
			break
		}
	}
	file.Changes, file.MoreChanges = words[:min(len(words), c.limit)], len(words) > c.limit
}

// kindOfChange returns the place of a kind in changeKinds.
func kindOfChange(change poa.Change) int {
	kind := LetterForm
	switch {
	case strings.ContainsRune(change.From, '\u00ad'):
		kind = SoftHyphen
	case strings.ContainsAny(change.From, "\r\v\f\u0085\u2028\u2029"):
		kind = LineEnd
	case change.To == " " && utf8.RuneCountInString(change.From) == 1:
		kind = Space
	case strings.ContainsFunc(
		change.From, func(r rune) bool { return r >= 0xFB00 && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFE }):
		kind = Ligature
	case strings.ContainsFunc(change.From, func(r rune) bool { return r >= 0xFF01 && r <= 0xFFEE }):
		kind = Width
	case change.To == "•":
		kind = Bullet
	case norm.NFC.String(change.From) == change.To:
		kind = Accent
	case utf8.RuneCountInString(change.To) < utf8.RuneCountInString(change.From):
		kind = Invisible
	}
	return slices.IndexFunc(changeKinds, func(c namedKind) bool { return c.kind == kind })
}

// wordAround returns the bounds of the word around text[from:to], as far as it is shown.
func wordAround(text []byte, from, to int) (start, end int) {
	least := max(0, from-aroundBytes)
	if i := bytes.LastIndexAny(text[least:from], " \t\r\n"); i >= 0 {
		least += i + 1
	}
	most := min(len(text), to+aroundBytes)
	if i := bytes.IndexAny(text[to:most], " \t\r\n"); i >= 0 {
		most = to + i
	}
	for least < from && !utf8.RuneStart(text[least]) {
		least++
	}
	for most > to && most < len(text) && !utf8.RuneStart(text[most]) {
		most--
	}
	return least, most
}
