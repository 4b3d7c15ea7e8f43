package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The patterns that [Train] can use to split text.
const (
	SplitGPT2   = "gpt-2"
	SplitSmolLM = "smollm" // as GPT-2, but every digit stands alone
	SplitLlama3 = "llama-bpe"
	SplitQwen2  = "qwen2"
)

// A Recipe says what tokenizer to train.
type Recipe struct {
	Tokens   int      // the size of the vocabulary; at least 256 and the special tokens
	Special  []string // special tokens; they get the identifiers 0, 1, …
	BOS, EOS string   // which of them begin and end a text; may be empty
	Split    string   // SplitGPT2, SplitSmolLM, SplitLlama3 or SplitQwen2

	ChatTemplate string
}

// Train makes a byte-level BPE tokenizer from texts. Identifiers are the special tokens, the 256 bytes, then merges: in
// each step the pair of neighbours that is most frequent, and of equally frequent ones the one with the lowest
// identifiers. The result depends on the multiset of texts alone. Fewer tokens than asked for result where nothing
// occurs twice any more.
func Train(texts []string, recipe Recipe) (*Tokenizer, error) {
	t := &Tokenizer{
		unknown: -1, byteLevel: true, BOS: recipe.BOS, EOS: recipe.EOS, ChatTemplate: recipe.ChatTemplate,
	}
	if recipe.Tokens > maxTokens || recipe.Tokens < 256+len(recipe.Special) {
		return nil, fmt.Errorf("a vocabulary of %d tokens; it must have %d (bytes and special tokens) to %d",
			recipe.Tokens, 256+len(recipe.Special), maxTokens)
	}
	if recipe.Split == SplitSmolLM {
		t.digits, t.splitters = true, append(t.splitters, splitDigits)
		recipe.Split = SplitGPT2
	}
	for _, known := range patterns {
		if known.name == recipe.Split {
			t.pattern, t.splitters = known, append(t.splitters, splitPattern(known))
		}
	}
	if t.pattern == nil {
		return nil, fmt.Errorf("%q is no known way to split text", recipe.Split)
	}
	var tokens []string // as a file writes them
	for id, content := range recipe.Special {
		if content == "" || len(content) > maxAddedBytes || slices.Contains(recipe.Special[:id], content) {
			return nil, fmt.Errorf("special token %.100q is empty, too long, or there twice", content)
		}
		t.added = append(t.added, addedToken{id: id, content: content, special: true, raw: true})
		tokens = append(tokens, content)
	}
	for _, end := range []string{recipe.BOS, recipe.EOS} {
		if end != "" && !slices.Contains(recipe.Special, end) {
			return nil, fmt.Errorf("%q is not one of the special tokens", end)
		}
	}
	for b := range 256 {
		tokens = append(tokens, toByteLevel(string([]byte{byte(b)})))
	}
	trainer := newTrainer(t.words(texts), int32(len(recipe.Special)))
	t.merges.reset(recipe.Tokens)
	for len(tokens) < recipe.Tokens {
		pair, ok := trainer.best()
		if !ok {
			break
		}
		id := int32(len(tokens))
		tokens = append(tokens, tokens[pair[0]]+tokens[pair[1]])
		t.merges.add(pair[0], pair[1], id)
		trainer.join(pair, id)
	}
	each := func(use func(id int, token []byte) error) error {
		for id, token := range tokens {
			if err := use(id, []byte(token)); err != nil {
				return err
			}
		}
		return nil
	}
	size, err := t.measure(each)
	if err != nil {
		return nil, err
	}
	return t, t.fill(size, each)
}

// words counts the pieces of texts, sorted.
func (t *Tokenizer) words(texts []string) []word {
	counts := map[string]int{}
	for _, text := range texts {
		t.split(t.splitters, text, true, func(piece string) { counts[piece]++ })
	}
	words := make([]word, 0, len(counts))
	for text, count := range counts {
		words = append(words, word{text: text, count: count})
	}
	slices.SortFunc(words, func(a, b word) int { return strings.Compare(a.text, b.text) })
	return words
}

type word struct {
	text  string
	count int
	ids   []int32
}

// trainer counts the pairs of neighbours in words, and keeps the counts while pairs are joined.
type trainer struct {
	words  []word
	counts map[[2]int32]int
	where  map[[2]int32]map[int32]struct{} // the words in which a pair was seen
	heap   []counted
}

// counted is a pair with a count that it had once; it is passed over when it has another one by now.
type counted struct {
	count int
	pair  [2]int32
}

func (a counted) before(b counted) bool {
	return a.count > b.count || a.count == b.count && slices.Compare(a.pair[:], b.pair[:]) < 0
}

func newTrainer(words []word, firstByte int32) *trainer {
	tr := &trainer{words: words, counts: map[[2]int32]int{}, where: map[[2]int32]map[int32]struct{}{}}
	for i := range words {
		w := &words[i]
		w.ids = make([]int32, len(w.text))
		for j := range len(w.text) {
			w.ids[j] = firstByte + int32(w.text[j])
		}
		tr.count(int32(i), +1)
	}
	for pair, count := range tr.counts {
		tr.heap = append(tr.heap, counted{count, pair})
	}
	slices.SortFunc(tr.heap, func(a, b counted) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return tr
}

// count adds the pairs of a word, or takes them away.
func (tr *trainer) count(index int32, sign int) {
	w := &tr.words[index]
	for j := 1; j < len(w.ids); j++ {
		pair := [2]int32{w.ids[j-1], w.ids[j]}
		tr.counts[pair] += sign * w.count
		if tr.where[pair] == nil {
			tr.where[pair] = map[int32]struct{}{}
		}
		tr.where[pair][index] = struct{}{}
	}
}

// best returns the pair to join next, unless none occurs twice.
func (tr *trainer) best() ([2]int32, bool) {
	for len(tr.heap) > 0 {
		top := tr.pop()
		switch count := tr.counts[top.pair]; {
		case count == top.count && count > 1:
			return top.pair, true
		case count > 1 && count != top.count:
			tr.push(counted{count, top.pair})
		}
	}
	return [2]int32{}, false
}

// join makes one token of a pair wherever it occurs.
func (tr *trainer) join(pair [2]int32, id int32) {
	changed := map[[2]int32]struct{}{}
	for index := range tr.where[pair] {
		w := &tr.words[index]
		tr.count(index, -1)
		out := w.ids[:0]
		for j := 0; j < len(w.ids); j++ {
			if j+1 < len(w.ids) && w.ids[j] == pair[0] && w.ids[j+1] == pair[1] {
				out = append(out, id)
				j++
				continue
			}
			out = append(out, w.ids[j])
		}
		w.ids = out
		tr.count(index, +1)
		for j := 1; j < len(out); j++ {
			if out[j-1] == id || out[j] == id {
				changed[[2]int32{out[j-1], out[j]}] = struct{}{}
			}
		}
	}
	delete(tr.where, pair)
	delete(tr.counts, pair)
	for p := range changed {
		tr.push(counted{tr.counts[p], p})
	}
}

func (tr *trainer) push(c counted) {
	tr.heap = append(tr.heap, c)
	i := len(tr.heap) - 1
	for i > 0 && c.before(tr.heap[(i-1)/2]) {
		tr.heap[i] = tr.heap[(i-1)/2]
		i = (i - 1) / 2
	}
	tr.heap[i] = c
}

func (tr *trainer) pop() counted {
	top, last := tr.heap[0], tr.heap[len(tr.heap)-1]
	tr.heap = tr.heap[:len(tr.heap)-1]
	i, n := 0, len(tr.heap)
	for n > 0 {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && tr.heap[child+1].before(tr.heap[child]) {
			child++
		}
		if !tr.heap[child].before(last) {
			break
		}
		tr.heap[i] = tr.heap[child]
		i = child
	}
	if n > 0 {
		tr.heap[i] = last
	}
	return top
}

// JSON returns the text of a tokenizer.json of a byte-level tokenizer, which transformers reads.
func (t *Tokenizer) JSON() ([]byte, error) {
	if !t.byteLevel || t.pattern == nil || len(t.normalizers) > 0 {
		return nil, errors.New("only byte-level tokenizers without a normaliser are written as tokenizer.json")
	}
	byteLevel := func(prefixSpace, useRegex bool) map[string]any {
		return map[string]any{
			"type": "ByteLevel", "add_prefix_space": prefixSpace, "trim_offsets": true, "use_regex": useRegex,
		}
	}
	var steps []any
	if t.digits {
		steps = append(steps, map[string]any{"type": "Digits", "individual_digits": true})
	}
	if t.pattern == gpt2 {
		steps = append(steps, byteLevel(false, true))
	} else {
		steps = append(steps, map[string]any{
			"type": "Split", "pattern": map[string]string{"Regex": t.pattern.regex}, "behavior": "Isolated", "invert": false,
		}, byteLevel(false, false))
	}
	added := []any{}
	outside := map[int]bool{}
	for _, a := range t.added {
		outside[a.id] = outside[a.id] || a.outside
		added = append(added, map[string]any{
			"id": a.id, "content": a.content, "single_word": a.singleWord, "lstrip": a.stripLeft, "rstrip": a.stripRight,
			"normalized": !a.raw, "special": a.special,
		})
	}
	vocabulary := make(map[string]int, t.Len())
	for id := range t.Len() {
		token := t.Token(id)
		if token != "" && !outside[id] {
			vocabulary[token] = id
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added, "normalizer": nil,
		"pre_tokenizer":  map[string]any{"type": "Sequence", "pretokenizers": steps},
		"post_processor": t.template(), "decoder": byteLevel(true, true),
		"model": map[string]any{
			"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
			"fuse_unk": false, "byte_fallback": false, "ignore_merges": t.ignoreMerges, "vocab": vocabulary,
			"merges": t.mergeList(),
		},
	})
	return out.Bytes(), err
}

// template is the post-processor that puts the tokenizer's prefix and suffix around a text.
func (t *Tokenizer) template() any {
	if len(t.prefix)+len(t.suffix) == 0 {
		return nil
	}
	var single []any
	special := map[string]any{}
	token := func(ids []int) {
		for _, id := range ids {
			text := t.Token(id)
			single = append(single, map[string]any{"SpecialToken": map[string]any{"id": text, "type_id": 0}})
			special[text] = map[string]any{"id": text, "ids": []int{id}, "tokens": []string{text}}
		}
	}
	token(t.prefix)
	single = append(single, map[string]any{"Sequence": map[string]any{"id": "A", "type_id": 0}})
	token(t.suffix)
	pair := append(slices.Clone(single), map[string]any{"Sequence": map[string]any{"id": "B", "type_id": 0}})
	return map[string]any{"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}
}

// Settings returns the text of a tokenizer_config.json, which tells transformers the special tokens and the chat
// template.
func (t *Tokenizer) Settings() ([]byte, error) {
	settings := map[string]any{
		"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false,
		"bos_token": nil, "eos_token": nil,
	}
	if t.BOS != "" {
		settings["bos_token"] = t.BOS
	}
	if t.EOS != "" {
		settings["eos_token"] = t.EOS
	}
	if t.ChatTemplate != "" {
		settings["chat_template"] = t.ChatTemplate
	}
	return json.MarshalIndent(settings, "", "  ")
}
