package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/openledger/openledger/slm/internal/jsonscan"
)

// Limits of a vocabulary.
const (
	maxTokens     = 1 << tokenBits
	maxSmallBytes = 1 << 16 // of the parts beside the vocabulary
	spareBytes    = 1 << 16 // that tables may take beyond 1.1 times the file's size
)

// Parse reads the text of a tokenizer.json as Hugging Face's tokenizers writes it. The result takes at most 1.1 times
// the memory of the text, plus 1 MB. A text whose tables would take more is refused. The text is not kept.
func Parse(text []byte) (*Tokenizer, error) {
	parts, err := partsOf(text)
	if err != nil {
		return nil, err
	}
	t := &Tokenizer{unknown: -1}
	for _, step := range []struct {
		key  string
		read func([]byte) error
	}{
		{"normalizer", t.readNormalizer}, {"pre_tokenizer", t.readSplitter}, {"added_tokens", t.readAdded},
		{"model", func(part []byte) error { return t.readModel(part, len(text)) }}, {"decoder", t.readDecoder},
		{"post_processor", t.readPost},
	} {
		part := parts[step.key]
		if part == nil {
			part = []byte("null")
		}
		if step.key != "model" && len(part) > maxSmallBytes && step.key != "added_tokens" {
			return nil, fmt.Errorf("%s has more than %d bytes", step.key, maxSmallBytes)
		}
		if err := step.read(part); err != nil {
			return nil, fmt.Errorf("%s: %w", step.key, err)
		}
	}
	return t, nil
}

func partsOf(text []byte) (map[string][]byte, error) {
	parts := map[string][]byte{}
	scan := jsonscan.New(text)
	err := scan.Object(func(key string) error {
		part, err := scan.Raw()
		if err != nil {
			return err
		}
		switch key {
		case "normalizer", "pre_tokenizer", "added_tokens", "model", "decoder", "post_processor":
			if parts[key] != nil {
				return fmt.Errorf("%s occurs twice", key)
			}
			parts[key] = part
		}
		return nil
	})
	if err == nil {
		err = scan.End()
	}
	return parts, err
}

func null(text []byte) bool { return bytes.Equal(text, []byte("null")) }

// component holds the fields that the parts of the tokenizers library have in common.
type component struct {
	Type          string            `json:"type"`
	Normalizers   []json.RawMessage `json:"normalizers"`
	Pretokenizers []json.RawMessage `json:"pretokenizers"`
	Decoders      []json.RawMessage `json:"decoders"`
	Processors    []json.RawMessage `json:"processors"`

	Pattern struct {
		Text  *string `json:"String"`
		Regex *string `json:"Regex"`
	} `json:"pattern"`
	Content string `json:"content"`

	Behavior         string `json:"behavior"`
	Invert           bool   `json:"invert"`
	AddPrefixSpace   *bool  `json:"add_prefix_space"`
	UseRegex         *bool  `json:"use_regex"`
	IndividualDigits bool   `json:"individual_digits"`
	Replacement      string `json:"replacement"`
	PrependScheme    string `json:"prepend_scheme"`
	Split            *bool  `json:"split"`
	Prepend          string `json:"prepend"`

	Start int `json:"start"`
	Stop  int `json:"stop"`

	Single        []templatePiece `json:"single"`
	SpecialTokens map[string]struct {
		IDs []int `json:"ids"`
	} `json:"special_tokens"`
}

// templatePiece is a step of TemplateProcessing: a token or the text.
type templatePiece struct {
	Token *struct {
		ID string `json:"id"`
	} `json:"SpecialToken"`
	Text *struct {
		ID string `json:"id"`
	} `json:"Sequence"`
}

// maxSteps is the number of steps that a part may have.
const maxSteps = 32

// each calls read with a component, or with those of a Sequence in order.
func each(text []byte, depth int, list func(component) []json.RawMessage, read func(component) error) error {
	if null(text) {
		return nil
	}
	var c component
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	if c.Type != "Sequence" {
		return read(c)
	}
	if depth > 3 || len(list(c)) > maxSteps {
		return fmt.Errorf("a Sequence has more than %d steps or lies too deep", maxSteps)
	}
	for _, step := range list(c) {
		if err := each(step, depth+1, list, read); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tokenizer) readNormalizer(text []byte) error {
	growth := 1
	return each(text, 0, func(c component) []json.RawMessage { return c.Normalizers }, func(c component) error {
		var step normalizer
		switch c.Type {
		case "NFC":
			step = form(norm.NFC)
		case "NFD":
			step = form(norm.NFD)
		case "NFKC":
			step = form(norm.NFKC)
		case "NFKD":
			step = form(norm.NFKD)
		case "Prepend":
			if len(c.Prepend) > 4 {
				return errors.New("the normalizer Prepend is supported with one character only")
			}
			step = func(text string) string { return c.Prepend + text }
		case "Replace":
			if c.Pattern.Text == nil || *c.Pattern.Text == "" || growth*len(c.Content) > 16*len(*c.Pattern.Text) {
				return errors.New(
					"the normalizer Replace is supported with a text only, and may make a text at most 16 times as long")
			}
			growth *= 1 + (len(c.Content)-1)/len(*c.Pattern.Text)
			step = func(text string) string { return strings.ReplaceAll(text, *c.Pattern.Text, c.Content) }
		default:
			return unsupported(c.Type, "none, NFC, NFD, NFKC, NFKD, Prepend and Replace")
		}
		if len(t.normalizers) == maxSteps {
			return fmt.Errorf("more than %d steps", maxSteps)
		}
		t.normalizers = append(t.normalizers, step)
		return nil
	})
}

func unsupported(name, known string) error {
	return fmt.Errorf("%q is not supported; supported are %s", name, known)
}

func (t *Tokenizer) readSplitter(text []byte) error {
	return each(text, 0, func(c component) []json.RawMessage { return c.Pretokenizers }, func(c component) error {
		if t.byteLevel {
			return fmt.Errorf("%q behind ByteLevel is not supported", c.Type)
		}
		switch c.Type {
		case "ByteLevel":
			t.byteLevel = true
			if isTrue(c.AddPrefixSpace, true) {
				t.splitters = append(t.splitters, prefixSpace)
			}
			if isTrue(c.UseRegex, true) {
				return t.usePattern(gpt2)
			}
			return nil
		case "Split":
			return t.readSplit(c)
		case "Digits":
			if !c.IndividualDigits || t.pattern != nil {
				return errors.New("the pre-tokenizer Digits is supported with individual_digits and before other steps only")
			}
			t.digits = true
			t.splitters = append(t.splitters, splitDigits)
			return nil
		case "Metaspace":
			scheme := c.PrependScheme
			if scheme == "" {
				scheme = "never"
				if isTrue(c.AddPrefixSpace, true) {
					scheme = "always"
				}
			}
			if len(c.Replacement) == 0 || len(c.Replacement) > 4 || len(t.splitters) > 0 {
				return errors.New("the pre-tokenizer Metaspace is supported with a replacement of one character and alone only")
			}
			switch scheme {
			case "always", "first", "never":
			default:
				return fmt.Errorf("prepend_scheme %q is unknown", scheme)
			}
			t.splitters = append(t.splitters, metaspace(c.Replacement, scheme, isTrue(c.Split, true)))
			return nil
		}
		return unsupported(c.Type, "none, ByteLevel, Split, Digits and Metaspace")
	})
}

func isTrue(value *bool, missing bool) bool {
	if value == nil {
		return missing
	}
	return *value
}

func (t *Tokenizer) readSplit(c component) error {
	isolated := c.Behavior == "Isolated" && !c.Invert || c.Behavior == "Removed" && c.Invert
	if c.Pattern.Regex == nil || !isolated {
		return fmt.Errorf("the pre-tokenizer Split with behavior %q or a plain text is not supported", c.Behavior)
	}
	for _, known := range patterns {
		if known.regex == *c.Pattern.Regex {
			return t.usePattern(known)
		}
	}
	return fmt.Errorf("the split pattern %.200q is not supported; supported are those of GPT-2, Llama 3, Qwen2 and tekken",
		*c.Pattern.Regex)
}

func (t *Tokenizer) usePattern(p *pattern) error {
	if t.pattern != nil {
		return errors.New("more than one split pattern is not supported")
	}
	t.pattern = p
	t.splitters = append(t.splitters, splitPattern(p))
	return nil
}

func (t *Tokenizer) readAdded(text []byte) error {
	if null(text) {
		return nil
	}
	scan := jsonscan.New(text)
	return scan.Array(func() error {
		if len(t.added) == maxAdded {
			return fmt.Errorf("more than %d added tokens", maxAdded)
		}
		a, normalized := addedToken{id: -1}, false
		err := scan.Object(func(key string) (err error) {
			switch key {
			case "id":
				var id int64
				if id, err = scan.Int(); err == nil && (id < 0 || id >= maxTokens) {
					err = fmt.Errorf("identifier %d is out of range", id)
				}
				a.id = int(id)
			case "content":
				a.content, err = scan.String()
			case "special":
				a.special, err = scan.Bool()
			case "single_word":
				a.singleWord, err = scan.Bool()
			case "lstrip":
				a.stripLeft, err = scan.Bool()
			case "rstrip":
				a.stripRight, err = scan.Bool()
			case "normalized":
				normalized, err = scan.Bool()
			default:
				err = scan.Skip()
			}
			return err
		})
		if err != nil {
			return err
		}
		if a.id < 0 || a.content == "" || len(a.content) > maxAddedBytes {
			return fmt.Errorf("an added token needs an id and a content of 1 to %d bytes", maxAddedBytes)
		}
		a.raw = a.special || !normalized
		t.added = append(t.added, a)
		return nil
	})
}

// place puts added tokens into the finders.
func (t *Tokenizer) place() error {
	total := 0
	for i := range t.added {
		a := &t.added[i]
		content := a.content
		if !a.raw {
			for _, normalize := range t.normalizers {
				content = normalize(content)
			}
		}
		if content == "" {
			return fmt.Errorf("the added token %.100q is empty when it is normalised", a.content)
		}
		if total += len(content); total > maxFinder {
			return fmt.Errorf("the added tokens have more than %d bytes", maxFinder)
		}
		if a.raw {
			t.raw.add(content, i)
		} else {
			t.later.add(content, i)
		}
	}
	return nil
}

// readModel reads the vocabulary and the merges.
func (t *Tokenizer) readModel(text []byte, fileBytes int) error {
	var vocabulary, pairs []byte
	var unknown string
	kind := "BPE" // older files do not say
	scan := jsonscan.New(text)
	err := scan.Object(func(key string) (err error) {
		switch key {
		case "type":
			if kind, err = scan.String(); err == nil && kind != "BPE" {
				err = unsupported(kind, "models of type BPE")
			}
		case "vocab":
			vocabulary, err = scan.Raw()
		case "merges":
			pairs, err = scan.Raw()
		case "unk_token":
			if !scan.Null() {
				unknown, err = scan.String()
			}
		case "byte_fallback":
			t.byteFallback, err = optionalBool(scan)
		case "fuse_unk":
			t.fuseUnknown, err = optionalBool(scan)
		case "ignore_merges":
			t.ignoreMerges, err = optionalBool(scan)
		case "dropout":
			var dropout float64
			if !scan.Null() {
				if dropout, err = scan.Float(); err == nil && dropout != 0 {
					err = errors.New("dropout is not supported: it makes tokens random")
				}
			}
		case "continuing_subword_prefix", "end_of_word_suffix":
			var affix string
			if !scan.Null() {
				if affix, err = scan.String(); err == nil && affix != "" {
					err = fmt.Errorf("%s %q is not supported", key, affix)
				}
			}
		default:
			err = scan.Skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if vocabulary == nil || pairs == nil {
		return errors.New("vocab or merges are missing")
	}
	each := func(use func(id int, token []byte) error) error { return eachToken(vocabulary, use) }
	size, err := t.measure(each)
	if err != nil {
		return err
	}
	if size.merges, err = count(pairs); err != nil {
		return err
	}
	if got, most := size.memory(), fileBytes+fileBytes/10+spareBytes; got > most {
		return fmt.Errorf("the tables of %d tokens and %d merges take %d bytes, which is too much for a file of %d",
			size.tokens, size.merges, got, fileBytes)
	}
	if err := t.fill(size, each); err != nil {
		return err
	}
	if err := t.setUnknown(unknown); err != nil {
		return err
	}
	t.merges.reset(size.merges)
	return t.readMerges(pairs)
}

func optionalBool(scan *jsonscan.Scanner) (bool, error) {
	if scan.Null() {
		return false, nil
	}
	return scan.Bool()
}

// eachToken calls use with the members of a vocabulary.
func eachToken(text []byte, use func(id int, token []byte) error) error {
	scan := jsonscan.New(text)
	return scan.Members(func(token []byte) error {
		id, err := scan.Int()
		if err == nil && (id < 0 || id >= maxTokens) {
			err = fmt.Errorf("identifier %d is out of range", id)
		}
		if err == nil && len(token) == 0 {
			err = fmt.Errorf("the token with identifier %d is empty", id)
		}
		if err != nil {
			return err
		}
		return use(int(id), token)
	})
}

// count returns how many elements an array has.
func count(text []byte) (int, error) {
	scan, n := jsonscan.New(text), 0
	err := scan.Array(func() error {
		if n++; n > maxTokens {
			return fmt.Errorf("more than %d merges", maxTokens)
		}
		return scan.Skip()
	})
	return n, err
}

// byteToken returns the byte of a token such as <0x0A>.
func byteToken(token string) (byte, bool) {
	if len(token) != 6 || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	high, low := strings.IndexByte(upperHex, token[3]), strings.IndexByte(upperHex, token[4])
	return byte(high<<4 | low&15), high >= 0 && low >= 0
}

const upperHex = "0123456789ABCDEF"

// readMerges reads merges: "left right", or [left, right] in newer files. Merges that make a special token are left
// out.
func (t *Tokenizer) readMerges(text []byte) error {
	var left, right []byte
	scan := jsonscan.New(text)
	return scan.Array(func() error {
		if scan.Peek() == jsonscan.String {
			pair, err := scan.Text(nil)
			if err != nil {
				return err
			}
			return t.addPair(pair)
		}
		n := 0
		err := scan.Array(func() error {
			part, err := scan.Text(nil)
			switch {
			case err != nil:
			case n == 0:
				left = append(left[:0], part...)
			case n == 1:
				right = append(right[:0], part...)
			default:
				err = errors.New("a merge has more than two parts")
			}
			n++
			return err
		})
		if err == nil && n != 2 {
			err = errors.New("a merge must have two parts")
		}
		if err != nil {
			return err
		}
		return t.addMerge(left, right)
	})
}

// addPair adds a merge that is written "left right".
func (t *Tokenizer) addPair(pair []byte) error {
	i := bytes.IndexByte(pair, ' ')
	if i <= 0 {
		return fmt.Errorf("the merge %.100q does not have two parts", pair)
	}
	return t.addMerge(pair[:i], pair[i+1:])
}

func (t *Tokenizer) addMerge(left, right []byte) error {
	whole := append(append(make([]byte, 0, 64), left...), right...)
	var ids [3]int32
	for i, token := range [][]byte{left, right, whole} {
		key := token
		if t.byteLevel {
			if raw, ok := appendFromByteLevel(make([]byte, 0, 64), token); ok {
				key = raw
			}
		}
		id, ok := t.vocabulary.id(string(key))
		if !ok {
			for _, text := range [][]byte{left, right, whole} {
				if place, found := t.raw.has(string(text)); found && t.added[place].special {
					return nil
				}
			}
			return fmt.Errorf("the merge of %.100q and %.100q needs the token %.100q, which is not in the vocabulary", left,
				right, token)
		}
		ids[i] = id
	}
	t.merges.add(ids[0], ids[1], ids[2])
	return nil
}

func (t *Tokenizer) readDecoder(text []byte) error {
	if null(text) {
		return errors.New("none is not supported: tokens would be joined by spaces")
	}
	fused := false
	return each(text, 0, func(c component) []json.RawMessage { return c.Decoders }, func(c component) error {
		switch c.Type {
		case "ByteLevel":
			if !t.byteLevel {
				return errors.New("ByteLevel needs the ByteLevel pre-tokenizer")
			}
			return nil
		case "Replace":
			if c.Pattern.Text == nil || *c.Pattern.Text == "" || fused || len(c.Content) > 4 {
				return errors.New("the decoder Replace is supported before Fuse and with short texts only")
			}
			old, new := *c.Pattern.Text, c.Content
			return t.addOutput(func(text string) string { return strings.ReplaceAll(text, old, new) })
		case "ByteFallback":
			return t.addOutput(byteOutput)
		case "Fuse":
			fused = true
			return nil
		case "Strip":
			if !fused || c.Content != " " || c.Stop != 0 || c.Start < 0 || c.Start > 16 {
				return errors.New("the decoder Strip is supported behind Fuse and for spaces at the beginning only")
			}
			t.stripBegin = c.Start
			return nil
		case "Metaspace":
			space := c.Replacement
			if space == "" {
				return errors.New("the decoder Metaspace needs a replacement")
			}
			if err := t.addOutput(func(text string) string { return strings.ReplaceAll(text, space, " ") }); err != nil {
				return err
			}
			if c.PrependScheme != "never" && (c.PrependScheme != "" || isTrue(c.AddPrefixSpace, true)) {
				t.stripBegin = 1
			}
			return nil
		}
		return unsupported(c.Type, "ByteLevel, Replace, ByteFallback, Fuse, Strip and Metaspace")
	})
}

func (t *Tokenizer) readPost(text []byte) error {
	return each(text, 0, func(c component) []json.RawMessage { return c.Processors }, func(c component) error {
		switch c.Type {
		case "ByteLevel":
			return nil
		case "TemplateProcessing":
			return t.readTemplate(c)
		}
		return unsupported(c.Type, "none, ByteLevel and TemplateProcessing")
	})
}

// readTemplate takes the tokens that stand before and behind a single text.
func (t *Tokenizer) readTemplate(c component) error {
	seen := false
	if len(c.Single) > maxSteps {
		return fmt.Errorf("more than %d steps", maxSteps)
	}
	for _, piece := range c.Single {
		if piece.Token == nil {
			if piece.Text == nil || seen {
				return errors.New("a template of a single text must hold it once")
			}
			seen = true
			continue
		}
		for _, id := range c.SpecialTokens[piece.Token.ID].IDs {
			if id < 0 || id >= t.Len() {
				return fmt.Errorf("token %d is not in the vocabulary", id)
			}
			if seen {
				t.suffix = append(t.suffix, id)
			} else {
				t.prefix = append(t.prefix, id)
			}
		}
	}
	return nil
}
