package tokenizer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openledger/openledger/slm/gguf"
)

// The keys of a tokenizer in a GGUF file.
const (
	keyModel    = "tokenizer.ggml.model"
	keyPre      = "tokenizer.ggml.pre"
	keyTokens   = "tokenizer.ggml.tokens"
	keyScores   = "tokenizer.ggml.scores"
	keyTypes    = "tokenizer.ggml.token_type"
	keyMerges   = "tokenizer.ggml.merges"
	keyBOS      = "tokenizer.ggml.bos_token_id"
	keyEOS      = "tokenizer.ggml.eos_token_id"
	keyUnknown  = "tokenizer.ggml.unknown_token_id"
	keyAddBOS   = "tokenizer.ggml.add_bos_token"
	keyAddEOS   = "tokenizer.ggml.add_eos_token"
	keySpace    = "tokenizer.ggml.add_space_prefix"
	keyTemplate = "tokenizer.chat_template"
)

// The kinds of tokens in a GGUF file.
const (
	typeNormal      = 1
	typeUnknown     = 2
	typeControl     = 3
	typeUserDefined = 4
	typeUnused      = 5
	typeByte        = 6
)

// mark stands for a space in SentencePiece vocabularies.
const mark = "\u2581"

// FromGGUF reads the tokenizer of a GGUF file, whose bytes it does not keep: gpt2 with a known tokenizer.ggml.pre, or
// llama with scores.
func FromGGUF(file *gguf.File) (*Tokenizer, error) {
	t := &Tokenizer{unknown: -1}
	model, _ := file.Text(keyModel)
	switch model {
	case "gpt2":
		t.byteLevel = true
		if err := t.readPre(file); err != nil {
			return nil, err
		}
	case "llama":
		t.byteFallback, t.fuseUnknown = true, false
	case "":
		return nil, errors.New("the GGUF file has no tokenizer; use one that was converted with its tokenizer")
	default:
		return nil, fmt.Errorf("%s: %w", keyModel, unsupported(model, "gpt2 and llama"))
	}
	if err := t.readTokens(file); err != nil {
		return nil, err
	}
	var err error
	if t.byteLevel {
		err = t.readGGUFMerges(file)
	} else {
		err = t.readScores(file)
	}
	if err != nil {
		return nil, err
	}
	if err := t.readEnds(file, model == "llama"); err != nil {
		return nil, err
	}
	if template, ok := file.Text(keyTemplate); ok {
		if len(template) > maxTemplateBytes {
			return nil, fmt.Errorf("%s has more than %d bytes", keyTemplate, maxTemplateBytes)
		}
		t.ChatTemplate = template
	}
	return t, nil
}

// pres are further names that files use for the patterns.
var pres = map[string]*pattern{
	"default": gpt2, "llama3": llama3, "llama-v3": llama3, "smaug-bpe": llama3, "deepseek-r1-qwen": qwen2,
}

func (t *Tokenizer) readPre(file *gguf.File) error {
	pre, _ := file.Text(keyPre)
	p := pres[pre]
	for _, known := range patterns {
		if known.name == pre {
			p = known
		}
	}
	if pre == "smollm" {
		p, t.digits = gpt2, true
		t.splitters = append(t.splitters, splitDigits)
	}
	if p == nil {
		return fmt.Errorf("%s: %w", keyPre, unsupported(pre, "gpt-2, smollm, llama-bpe, qwen2 and tekken"))
	}
	t.ignoreMerges = p == llama3 || p == tekken
	return t.usePattern(p)
}

func (t *Tokenizer) readTokens(file *gguf.File) error {
	n, ok := file.Len(keyTokens)
	if !ok || n == 0 || n > maxTokens {
		return fmt.Errorf("%s has %d tokens; it must have 1 to %d", keyTokens, n, maxTokens)
	}
	kinds := make([]int8, n)
	for i := range kinds {
		kinds[i] = typeNormal
	}
	if file.Has(keyTypes) {
		if length, _ := file.Len(keyTypes); length != n {
			return fmt.Errorf("%s has %d elements for %d tokens", keyTypes, length, n)
		}
		err := file.EachInt(keyTypes, func(i int, kind int64) error {
			if kind < 0 || kind > typeByte {
				return fmt.Errorf("%s: unknown type %d", keyTypes, kind)
			}
			kinds[i] = int8(kind)
			return nil
		})
		if err != nil {
			return err
		}
	}
	unknownToken := ""
	err := file.EachText(keyTokens, func(i int, token []byte) error {
		if kinds[i] != typeControl && kinds[i] != typeUserDefined && kinds[i] != typeUnknown {
			return nil
		}
		if len(token) == 0 || len(token) > maxAddedBytes || len(t.added) == maxAdded {
			return fmt.Errorf("%s: a special token must have 1 to %d bytes, and there are at most %d", keyTokens,
				maxAddedBytes, maxAdded)
		}
		t.added = append(t.added, addedToken{id: i, content: string(token), special: kinds[i] != typeUserDefined, raw: true})
		if kinds[i] == typeUnknown {
			unknownToken = string(token)
		}
		return nil
	})
	if err != nil {
		return err
	}
	each := func(use func(id int, token []byte) error) error {
		return file.EachText(keyTokens, func(i int, token []byte) error {
			if len(token) == 0 || kinds[i] != typeNormal && kinds[i] != typeByte {
				return nil
			}
			return use(i, token)
		})
	}
	size, err := t.measure(each)
	if err != nil {
		return err
	}
	size.identifiers = n
	if err := t.fill(size, each); err != nil {
		return err
	}
	return t.setUnknown(unknownToken)
}

func (t *Tokenizer) readGGUFMerges(file *gguf.File) error {
	n, _ := file.Len(keyMerges)
	if n > maxTokens {
		return fmt.Errorf("%s has %d merges; at most %d are read", keyMerges, n, maxTokens)
	}
	t.merges.reset(n)
	return file.EachText(keyMerges, func(_ int, pair []byte) error {
		if err := t.addPair(pair); err != nil {
			return fmt.Errorf("%s: %w", keyMerges, err)
		}
		return nil
	})
}

// readScores reads a SentencePiece vocabulary, whose pairs are merged by the score of what they make.
func (t *Tokenizer) readScores(file *gguf.File) error {
	if n, _ := file.Len(keyScores); n != t.Len() {
		return fmt.Errorf("%s has %d elements for %d tokens", keyScores, n, t.Len())
	}
	t.scores = make([]float32, t.Len())
	err := file.EachFloat(keyScores, func(i int, score float32) error {
		if score != score {
			return fmt.Errorf("%s: the score of token %d is not a number", keyScores, i)
		}
		t.scores[i] = score
		return nil
	})
	if err != nil {
		return err
	}
	begin := ""
	if prefix, ok := file.Bool(keySpace); prefix || !ok {
		begin, t.stripBegin = mark, 1
	}
	t.normalizers = append(t.normalizers, func(text string) string {
		return begin + strings.ReplaceAll(text, " ", mark)
	})
	t.outputs = append(t.outputs, byteOutput, func(text string) string { return strings.ReplaceAll(text, mark, " ") })
	return nil
}

// readEnds reads which tokens stand at the beginning and end of a text.
func (t *Tokenizer) readEnds(file *gguf.File, bosByDefault bool) error {
	for _, end := range []struct {
		key, add string
		standard bool
		text     *string
		tokens   *[]int
	}{
		{keyBOS, keyAddBOS, bosByDefault, &t.BOS, &t.prefix}, {keyEOS, keyAddEOS, false, &t.EOS, &t.suffix},
	} {
		id, ok := file.Uint(end.key)
		if !ok {
			continue
		}
		if id >= uint64(t.Len()) {
			return fmt.Errorf("%s is %d, but there are %d tokens", end.key, id, t.Len())
		}
		*end.text = t.Token(int(id))
		if add, ok := file.Bool(end.add); add || !ok && end.standard {
			*end.tokens = []int{int(id)}
		}
	}
	return nil
}

// GGUF returns the tokenizer and its chat template as metadata of a GGUF file for a model with rows tokens; rows that
// the tokenizer does not know become unused tokens. GGUF files of SentencePiece vocabularies put a space before every
// stretch of text between special tokens, or before none: what a tokenizer does that puts one only at the beginning is
// lost.
func (t *Tokenizer) GGUF(rows int) ([]gguf.Pair, error) {
	if rows < t.Len() {
		return nil, fmt.Errorf("the tokenizer has %d tokens, the model %d rows", t.Len(), rows)
	}
	tokens, kinds := make([]string, rows), make([]int32, rows)
	for id := range tokens {
		tokens[id], kinds[id] = fmt.Sprintf("[PAD%d]", id), typeUnused
		if token := t.Token(id); token != "" {
			tokens[id], kinds[id] = token, typeNormal
		}
		if _, ok := byteToken(tokens[id]); ok && t.byteFallback {
			kinds[id] = typeByte
		}
	}
	for _, a := range t.added {
		if kinds[a.id] = typeUserDefined; a.special {
			kinds[a.id] = typeControl
		}
	}
	pairs := []gguf.Pair{{Key: keyTokens, Value: tokens}, {Key: keyTypes, Value: kinds}}
	if t.unknown >= 0 {
		kinds[t.unknown] = typeUnknown
		pairs = append(pairs, gguf.Pair{Key: keyUnknown, Value: uint32(t.unknown)})
	}
	var err error
	if t.byteLevel {
		pairs, err = t.byteLevelPairs(pairs)
	} else {
		pairs, err = t.scorePairs(pairs, rows)
	}
	if err != nil {
		return nil, err
	}
	for _, end := range []struct {
		text     string
		key, add string
		added    []int
	}{{t.BOS, keyBOS, keyAddBOS, t.prefix}, {t.EOS, keyEOS, keyAddEOS, t.suffix}} {
		id, ok := t.ID(end.text)
		switch {
		case len(end.added) > 1 || len(end.added) == 1 && ok && end.added[0] != id:
			return nil, fmt.Errorf("GGUF cannot say that a text gets the tokens %v", end.added)
		case len(end.added) == 1:
			id, ok = end.added[0], true
		}
		if ok {
			pairs = append(pairs, gguf.Pair{Key: end.key, Value: uint32(id)})
		}
		pairs = append(pairs, gguf.Pair{Key: end.add, Value: len(end.added) > 0})
	}
	if t.ChatTemplate != "" {
		pairs = append(pairs, gguf.Pair{Key: keyTemplate, Value: t.ChatTemplate})
	}
	return pairs, nil
}

func (t *Tokenizer) byteLevelPairs(pairs []gguf.Pair) ([]gguf.Pair, error) {
	if t.pattern == nil {
		return nil, errors.New("GGUF has no name for a byte-level tokenizer without a split pattern")
	}
	pre := t.pattern.name
	switch {
	case t.digits && t.pattern == gpt2:
		pre = "smollm"
	case t.digits || len(t.splitters) > 1:
		return nil, errors.New("GGUF has no name for the way in which this tokenizer splits text")
	}
	return append(pairs, gguf.Pair{Key: keyModel, Value: "gpt2"}, gguf.Pair{Key: keyPre, Value: pre},
		gguf.Pair{Key: keyMerges, Value: t.mergeList()}), nil
}

// mergeList writes the merges in order, "left right".
func (t *Tokenizer) mergeList() []string {
	list := make([]string, len(t.merges.pairs))
	for rank := range list {
		left, right, _ := t.merges.at(rank)
		list[rank] = t.Token(int(left)) + " " + t.Token(int(right))
	}
	return list
}

// isSentencePiece checks that joining any two neighbours whose text is a token, best score first, does what the merges
// do: there is a merge for each way to cut a token in two tokens, and those of one token follow one another.
func (t *Tokenizer) isSentencePiece() error {
	done, last := make([]bool, t.Len()), int32(unknown)
	for rank := range t.merges.pairs {
		_, _, id := t.merges.at(rank)
		if id != last && done[id] {
			return fmt.Errorf("the merges that make %.100q do not follow one another: %s", t.Token(int(id)), notSentencePiece)
		}
		done[id], last = true, id
	}
	for id := range t.Len() {
		if !t.vocabulary.is(id, isOrdinary) {
			continue
		}
		text := t.vocabulary.text(id)
		for cut := range text {
			left, first := t.vocabulary.id(text[:cut])
			right, second := t.vocabulary.id(text[cut:])
			if !first || !second || cut == 0 {
				continue
			}
			if _, _, merged := t.merges.find(left, right); !merged {
				return fmt.Errorf("no merge makes %.100q of %.100q: %s", t.Token(id), text[:cut], notSentencePiece)
			}
		}
	}
	return nil
}

const notSentencePiece = "GGUF has no way to say so, since it keeps scores of tokens and no merges; use the folder"

// scorePairs writes a vocabulary of characters as llama.cpp's SentencePiece: the score of a token is minus the rank of
// the first merge that makes it.
func (t *Tokenizer) scorePairs(pairs []gguf.Pair, rows int) ([]gguf.Pair, error) {
	scores := make([]float32, rows)
	if t.scores != nil {
		copy(scores, t.scores)
	} else if err := t.isSentencePiece(); err != nil {
		return nil, err
	} else {
		for id := range scores {
			scores[id] = -1e9
		}
		for rank := len(t.merges.pairs) - 1; rank >= 0; rank-- {
			_, _, made := t.merges.at(rank)
			scores[made] = -float32(rank)
		}
	}
	return append(pairs, gguf.Pair{Key: keyModel, Value: "llama"}, gguf.Pair{Key: keyPre, Value: "default"},
		gguf.Pair{Key: keyScores, Value: scores}, gguf.Pair{Key: keySpace, Value: t.stripBegin > 0}), nil
}
