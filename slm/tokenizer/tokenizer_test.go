package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/slm/gguf"
)

// hostile draws text of everything that the patterns look at, in long runs and mixed.
func hostile() *rapid.Generator[string] {
	atoms := []string{
		"a", "B", "é", "ß", "ſ", "'", "'s", "'S", "'ll", "'LL", "'ſ", "re", " ", "  ", "\n", "\r\n", "\t", "\u00a0",
		"\u3000", "\u2028", "1", "23", "456", "٣", "Ⅷ", "½", "中", "文", "ㄱ", "й", "ǅ", "ʰ", "\u0301", "\u0e33", "!",
		"?!", "/", "_", "-", "€", "😀", "👩‍👧", "\u200b", "\ufeff", "\ufffd", "\x00", "<s>", "<|end|>", "▁", "\U000e0001",
	}
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(atoms), rapid.StringN(0, 4, -1)), 0, 12).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

// The scanners split like the regular expressions that they stand for.
func TestScannersMatchTheirExpressions(t *testing.T) {
	for _, p := range patterns {
		reference := compile(p.regex)
		rapid.Check(t, func(rt *rapid.T) {
			text := hostile().Draw(rt, "text")
			for len(text) > 0 {
				want := firstMatch(reference, text)
				if got := p.first(text); got != want {
					rt.Fatalf("%s: the first piece of %q has %d bytes, want %d", p.name, text, got, want)
				}
				text = text[want:]
			}
		})
	}
}

func trained(t testing.TB, split string, tokens int) *Tokenizer {
	t.Helper()
	text := strings.Repeat("The quick brown fox jumps over the dog's 1234 fences. Übung macht den Meister; 中文。\n\n", 3) +
		"low lower lowest newer newest wide wider widest they'll we've I'm   spaces\tand\ttabs 10 100 1000"
	tokenizer, err := Train([]string{text}, Recipe{
		Tokens: tokens, Special: []string{"<s>", "<|end|>"}, BOS: "<s>", EOS: "<|end|>", Split: split,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tokenizer
}

// llama makes a SentencePiece-style tokenizer, with a normaliser or with Metaspace.
func llama(t testing.TB, metaspace bool) *Tokenizer {
	t.Helper()
	vocabulary := map[string]int{"<unk>": 0, "<s>": 1, "</s>": 2}
	for b := range 256 {
		vocabulary[fmt.Sprintf("<0x%02X>", b)] = len(vocabulary)
	}
	for _, r := range "▁abcdehlortuw<>/s" {
		vocabulary[string(r)] = len(vocabulary)
	}
	// As converters do it: a merge for each way to cut a token in two, in the order of the tokens.
	merges := []string{}
	for _, token := range []string{
		"ll", "he", "▁w", "▁a", "hell", "▁he", "or", "hello", "▁hello", "▁wor", "▁▁", "<s", "tt",
	} {
		vocabulary[token] = len(vocabulary)
		for cut := range token {
			_, left := vocabulary[token[:cut]]
			if _, right := vocabulary[token[cut:]]; left && right && cut > 0 {
				merges = append(merges, token[:cut]+" "+token[cut:])
			}
		}
	}
	merges = append(merges, "<s >") // a hostile file: this would make the special token out of text
	normalizer := `{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
		{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}`
	splitter := "null"
	if metaspace {
		normalizer, splitter = "null", `{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}`
	}
	vocabularyText, _ := json.Marshal(vocabulary)
	mergesText, _ := json.Marshal(merges)
	tokenizer, err := Parse([]byte(fmt.Sprintf(`{"version":"1.0","added_tokens":[
		{"id":0,"content":"<unk>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
		{"id":1,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},
		{"id":2,"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
		"normalizer":%s,"pre_tokenizer":%s,
		"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
		{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
		"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
		{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
		"model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,
		"fuse_unk":true,"byte_fallback":true,"vocab":%s,"merges":%s}}`, normalizer, splitter, vocabularyText, mergesText)))
	if err != nil {
		t.Fatal(err)
	}
	return tokenizer
}

func all(t testing.TB) map[string]*Tokenizer {
	t.Helper()
	tokenizers := map[string]*Tokenizer{"llama": llama(t, false), "metaspace": llama(t, true)}
	for _, split := range []string{SplitGPT2, SplitSmolLM, SplitLlama3, SplitQwen2} {
		tokenizers[split] = trained(t, split, 400)
	}
	for name, tokenizer := range tokenizers {
		tokenizers[name+" of GGUF"] = throughGGUF(t, tokenizer)
	}
	return tokenizers
}

func throughGGUF(t testing.TB, tokenizer *Tokenizer) *Tokenizer {
	t.Helper()
	pairs, err := tokenizer.GGUF(tokenizer.Len() + 3)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := gguf.Write(&out, pairs, nil); err != nil {
		t.Fatal(err)
	}
	file, err := gguf.Parse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	again, err := FromGGUF(file)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// Text comes back, and no token of it is special.
func TestRoundTrip(t *testing.T) {
	for name, tokenizer := range all(t) {
		rapid.Check(t, func(rt *rapid.T) {
			text := hostile().Draw(rt, "text")
			tokens := tokenizer.Encode(text)
			for _, token := range tokens {
				if tokenizer.Special(token) {
					rt.Fatalf("%s: %q has the special token %q", name, text, tokenizer.Token(token))
				}
			}
			want := text
			if !tokenizer.byteLevel {
				want = strings.ReplaceAll(text, "▁", " ") // SentencePiece cannot tell them apart
				if name == "metaspace" && strings.HasPrefix(want, " ") {
					want = want[1:]
				}
			}
			got := tokenizer.Decode(tokens, false)
			if got != want && !(tokenizer.scores != nil && got == strings.TrimPrefix(want, " ")) {
				rt.Fatalf("%s: %q comes back as %q", name, text, got)
			}
		})
	}
}

// The file formats keep what a tokenizer does.
func TestFormatsAgree(t *testing.T) {
	for _, split := range []string{SplitGPT2, SplitSmolLM, SplitLlama3, SplitQwen2} {
		tokenizer := trained(t, split, 380)
		text, err := tokenizer.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		fromGGUF := throughGGUF(t, tokenizer)
		rapid.Check(t, func(rt *rapid.T) {
			text := hostile().Draw(rt, "text")
			want := tokenizer.Encode(text)
			if got := again.Encode(text); !slices.Equal(got, want) {
				rt.Fatalf("%s: tokenizer.json says %v of %q, want %v", split, got, text, want)
			}
			if got := fromGGUF.Encode(text); !slices.Equal(got, want) && !fromGGUF.ignoreMerges {
				rt.Fatalf("%s: GGUF says %v of %q, want %v", split, got, text, want)
			}
		})
	}
	plain := llama(t, false)
	fromGGUF := throughGGUF(t, plain)
	for _, text := range []string{"hello", "hello world", "  he said: hello\n", "ÄÖ<s>", "llllll", "a  a   a"} {
		if got, want := fromGGUF.Encode(text), plain.Encode(text); !slices.Equal(got, want) {
			t.Errorf("GGUF says %v of %q, want %v", got, text, want)
		}
	}
	if !slices.Equal(fromGGUF.Prefix(), plain.Prefix()) || len(plain.Prefix()) != 1 {
		t.Errorf("prefix %v and %v", fromGGUF.Prefix(), plain.Prefix())
	}
}

// A vocabulary whose merges are not those of scores is not written as GGUF, where it would make other tokens.
func TestGGUFNeedsScores(t *testing.T) {
	for _, merges := range []string{`["a b","b c","ab c"]`, `["a b","b c","a bc"]`, `["a b","ab c","b c","a bc"]`} {
		tokenizer, err := Parse([]byte(`{"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"bc":4,"abc":5},"merges":` +
			merges + `},"decoder":{"type":"Fuse"}}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tokenizer.GGUF(6); err == nil || !strings.Contains(err.Error(), "use the folder") {
			t.Errorf("%s: %v", merges, err)
		}
	}
}

// The heap, the scan of short pieces, and the definition (join the first pair of the lowest rank, again and again)
// agree.
func TestMergingByDefinition(t *testing.T) {
	tokenizers := map[string]*Tokenizer{"bytes": trained(t, SplitGPT2, 400), "llama": llama(t, false)}
	for name, tokenizer := range tokenizers {
		rapid.Check(t, func(rt *rapid.T) {
			letters := rapid.SampledFrom([]string{"lowernt", "helo▁wr", "aaaa"}).Draw(rt, "letters")
			text := rapid.StringOfN(rapid.SampledFrom([]rune(letters)), 1, 60, -1).Draw(rt, "text")
			w := new(work)
			run := func(merge func(string, *work)) []int {
				tokenizer.symbolsOf(text, w)
				merge(text, w)
				return tokenizer.appendSymbols(nil, text, w)
			}
			want := run(func(text string, w *work) {
				for {
					best, ok := candidate{}, false
					for i := int32(0); i >= 0; i = w.symbols[i].next {
						if c, found := tokenizer.pair(text, w.symbols, i); found && (!ok || c.before(best)) {
							best, ok = c, true
						}
					}
					if !ok {
						return
					}
					join(w.symbols, best)
				}
			})
			if got := run(tokenizer.mergeByHeap); !slices.Equal(got, want) {
				rt.Fatalf("%s: heap: %q is %v, want %v", name, text, got, want)
			}
			if got := tokenizer.bpe(nil, text, w); !slices.Equal(got, want) {
				rt.Fatalf("%s: %q is %v, want %v", name, text, got, want)
			}
		})
	}
}

func TestSpecialTokensNeedTrust(t *testing.T) {
	for name, tokenizer := range all(t) {
		end, _ := tokenizer.ID(tokenizer.EOS)
		if tokenizer.EOS == "" {
			end, _ = tokenizer.ID("</s>")
		}
		mark := tokenizer.Token(end)
		count := func(parts ...Part) (n int) {
			for _, token := range tokenizer.EncodeParts(parts) {
				if token == end {
					n++
				}
			}
			return n
		}
		half := len(mark) / 2
		for _, test := range []struct {
			parts []Part
			want  int
		}{
			{[]Part{{mark, true}}, 1},
			{[]Part{{mark, false}}, 0},
			{[]Part{{mark + "x" + mark, true}}, 2},
			{[]Part{{mark[:half], true}, {mark[half:], true}}, 1},
			{[]Part{{mark[:half], true}, {mark[half:], false}}, 0},
			{[]Part{{mark[:half], false}, {mark[half:], true}}, 0},
			{[]Part{{mark[:half], true}, {"", false}, {mark[half:], true}}, 1},
			{[]Part{{mark, true}, {mark, false}, {mark, true}}, 2},
			{[]Part{{"a", false}, {mark, true}, {"b", false}}, 1},
		} {
			if got := count(test.parts...); got != test.want {
				t.Errorf("%s: %v has %d special tokens, want %d", name, test.parts, got, test.want)
			}
		}
	}
}

// What a decoder gives token by token is the text of Decode, and each step is valid UTF-8.
func TestDecoderStreams(t *testing.T) {
	for name, tokenizer := range all(t) {
		rapid.Check(t, func(rt *rapid.T) {
			tokens := rapid.SliceOf(rapid.IntRange(-1, tokenizer.Len())).Draw(rt, "tokens")
			if rapid.Bool().Draw(rt, "real") {
				tokens = tokenizer.Encode(hostile().Draw(rt, "text"))
			}
			d, out := tokenizer.Decoder(true), ""
			for _, token := range tokens {
				if rapid.Bool().Draw(rt, "clone") {
					d = d.Clone()
				}
				step := d.Add(token)
				if !utf8.ValidString(step) {
					rt.Fatalf("%s: %q is not UTF-8", name, step)
				}
				if len(d.pending) > 3 {
					rt.Fatalf("%s: %d bytes are held back", name, len(d.pending))
				}
				out += step
			}
			out += d.Flush()
			if want := tokenizer.Decode(tokens, true); out != want {
				rt.Fatalf("%s: %q, want %q", name, out, want)
			}
		})
	}
}

func TestInvalidUTF8(t *testing.T) {
	for input, want := range map[string]string{
		"a\xffb": "a\ufffdb", "\xe2\x82": "\ufffd", "\xe2\x82A": "\ufffdA", "\xf0\x80\x80": "\ufffd\ufffd\ufffd",
		"\xf0\x9f\x98\x80": "😀", "\xf0\x9f\x98": "\ufffd", "\xed\xa0\x80": "\ufffd\ufffd\ufffd",
	} {
		tokenizer := trained(t, SplitGPT2, 300)
		if got := tokenizer.Decode(tokenizer.Encode(input), false); got != want {
			t.Errorf("%q is decoded to %q, want %q", input, got, want)
		}
	}
}

// A megabyte of one letter, of spaces, or of digits ends: nothing is quadratic.
func TestLongRunsEnd(t *testing.T) {
	for name, tokenizer := range all(t) {
		for _, unit := range []string{"l", " ", "0", "\n", "!", "é", "'s", "<s", "▁", " l"} {
			size := 1 << 16
			if unit == "l" && (name == "llama" || name == SplitGPT2 || name == "llama of GGUF") {
				size = 1 << 20
			}
			text := strings.Repeat(unit, size/len(unit))
			if got := tokenizer.Decode(tokenizer.Encode(text), false); len(got) < len(text)/3-1 {
				t.Errorf("%s: %d bytes of %q come back as %d", name, len(text), unit, len(got))
			}
		}
	}
}

func TestTrainIsDeterministic(t *testing.T) {
	texts := []string{"hug pug pun bun hugs", "hugging the pugs", "bunny puns"}
	recipe := Recipe{Tokens: 280, Special: []string{"<s>"}, Split: SplitGPT2}
	one, err := Train(texts, recipe)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(texts)
	two, err := Train(texts, recipe)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := one.JSON()
	b, _ := two.JSON()
	if string(a) != string(b) {
		t.Fatal("the order of texts changes the tokenizer")
	}
	if merges := one.mergeList()[:3]; !slices.Equal(merges, []string{"u g", "u n", "g s"}) && merges[0] != "u g" {
		t.Fatalf("first merges %q", merges)
	}
}

// Each merge of the trainer is the one that counting from the beginning chooses.
func TestTrainByDefinition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("abc ")), 1, 30, -1), 1, 6).Draw(rt, "texts")
		tokenizer, err := Train(texts, Recipe{Tokens: 270, Split: SplitGPT2})
		if err != nil {
			rt.Fatal(err)
		}
		words := newTrainer(tokenizer.words(texts), 0)
		for _, want := range tokenizer.mergeList() {
			counts := map[[2]int32]int{}
			for _, w := range words.words {
				for j := 1; j < len(w.ids); j++ {
					counts[[2]int32{w.ids[j-1], w.ids[j]}] += w.count
				}
			}
			best := counted{}
			for pair, count := range counts {
				if c := (counted{count, pair}); best.count == 0 || c.before(best) {
					best = c
				}
			}
			if got := tokenizer.Token(int(best.pair[0])) + " " + tokenizer.Token(int(best.pair[1])); got != want || best.count < 2 {
				rt.Fatalf("%q is joined where %q is due", want, got)
			}
			id, _ := tokenizer.ID(strings.ReplaceAll(want, " ", ""))
			for i := range words.words {
				ids := words.words[i].ids
				out := []int32{}
				for j := 0; j < len(ids); j++ {
					if j+1 < len(ids) && [2]int32{ids[j], ids[j+1]} == best.pair {
						out = append(out, int32(id))
						j++
					} else {
						out = append(out, ids[j])
					}
				}
				words.words[i].ids = out
			}
		}
	})
}

func TestFolder(t *testing.T) {
	folder := t.TempDir()
	tokenizer := trained(t, SplitQwen2, 300)
	tokenizer.ChatTemplate = "{{ messages }}"
	text, err := tokenizer.JSON()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := tokenizer.Settings()
	if err != nil {
		t.Fatal(err)
	}
	save := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	save("tokenizer.model", "x")
	if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), "tokenizer.model") {
		t.Fatal(err)
	}
	save("tokenizer.json", string(text))
	save("tokenizer_config.json", string(settings))
	again, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if again.ChatTemplate != "{{ messages }}" || again.BOS != "<s>" || again.EOS != "<|end|>" {
		t.Fatalf("%q %q %q", again.ChatTemplate, again.BOS, again.EOS)
	}
	save("tokenizer_config.json", `{"bos_token": {"content": "<b>"}, "eos_token": null,
		"chat_template": [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "y"}]}`)
	if again, err = Open(folder); err != nil || again.BOS != "<b>" || again.EOS != "" || again.ChatTemplate != "y" {
		t.Fatalf("%+v %v", again, err)
	}
	save("chat_template.jinja", "z")
	if again, err = Open(folder); err != nil || again.ChatTemplate != "z" {
		t.Fatal(err)
	}
}

func TestAddedTokens(t *testing.T) {
	text, err := trained(t, SplitGPT2, 280).JSON()
	if err != nil {
		t.Fatal(err)
	}
	added := func(fields string) *Tokenizer {
		spoiled := strings.Replace(string(text), `"added_tokens": [`, `"added_tokens": [`+fields+`,`, 1)
		tokenizer, err := Parse([]byte(spoiled))
		if err != nil {
			t.Fatal(err)
		}
		return tokenizer
	}
	for _, test := range []struct {
		fields, text string
		want         string // the decoded tokens, joined by |
	}{
		{`{"id":280,"content":"<tool>"}`, "a<tool>b", "a|<tool>|b"},
		{`{"id":280,"content":"<tool>","special":true}`, "<tool>", "<|t|o|o|l|>"},
		{`{"id":280,"content":"<tool>","lstrip":true}`, "a \n<tool> b", "a|<tool>| b"},
		{`{"id":280,"content":"<tool>","rstrip":true}`, "a <tool> \nb", "a| |<tool>|b"},
		{`{"id":280,"content":"zz","single_word":true}`, "zz zza _zz", "zz| |z|z|a| |_|z|z"},
		{`{"id":280,"content":"zz"},{"id":281,"content":"zzz"}`, "zzzzz", "zzz|zz"},
		{`{"id":280,"content":"é"}`, "xé", "x|é"},
		{`{"id":280,"content":"two words","normalized":true}`, "two words", "two words"},
	} {
		tokenizer := added(test.fields)
		var got []string
		for _, token := range tokenizer.Encode(test.text) {
			got = append(got, tokenizer.Decode([]int{token}, true))
		}
		if joined := strings.Join(got, "|"); joined != test.want {
			t.Errorf("%s: %q is %q, want %q", test.fields, test.text, joined, test.want)
		}
	}
}

func TestRefusesByName(t *testing.T) {
	text, err := trained(t, SplitQwen2, 280).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, new, want string }{
		{`"type": "BPE"`, `"type": "Unigram"`, `"Unigram" is not supported`},
		{`"type": "BPE"`, `"type": "WordPiece"`, `"WordPiece" is not supported`},
		{`"normalizer": null`, `"normalizer": {"type": "Lowercase"}`, `"Lowercase" is not supported`},
		{`"normalizer": null`, `"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "` +
			strings.Repeat("b", 17) + `"}`, "16 times"},
		{`"type": "Split"`, `"type": "Whitespace"`, `"Whitespace" is not supported`},
		{`\\p{N}|`, `\\p{N}{1,2}|`, "split pattern"},
		{`"behavior": "Isolated"`, `"behavior": "Removed"`, "behavior"},
		{`"dropout": null`, `"dropout": 0.1`, "dropout"},
		{`"end_of_word_suffix": null`, `"end_of_word_suffix": "</w>"`, "end_of_word_suffix"},
		{`"unk_token": null`, `"unk_token": "<nope>"`, "not in the vocabulary"},
		{`"post_processor": null`, `"post_processor": {"type": "BertProcessing"}`, `"BertProcessing" is not supported`},
		{`"id": 0`, `"id": -1`, "out of range"},
		{`"id": 0`, `"id": 2000000`, "identifiers go up to"},
		{`"id": 0`, `"id": 7`, "same identifier"},
		{`"content": "<s>"`, `"content": ""`, "content of 1 to"},
	} {
		spoiled := strings.Replace(string(text), test.old, test.new, 1)
		if spoiled == string(text) {
			t.Fatalf("%s is not in the file", test.old)
		}
		if _, err := Parse([]byte(spoiled)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: want %q: %v", test.new, test.want, err)
		}
	}
}

// To parse a text takes no more memory than a tenth more than the text has, whatever numbers in it claim. A text whose
// tables would take more is refused.
func TestParseMemoryIsBounded(t *testing.T) {
	text, err := trained(t, SplitGPT2, 2000).JSON()
	if err != nil {
		t.Fatal(err)
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var vocabulary, merges, added []string
	token := func(text string) {
		vocabulary = append(vocabulary, fmt.Sprintf(`"%s":%d`, text, len(vocabulary)))
	}
	file := func() []byte {
		return []byte(`{"model":{"vocab":{` + strings.Join(vocabulary, ",") + `},"merges":[` + strings.Join(merges, ",") +
			`]},"decoder":{"type":"Fuse"}}`)
	}
	for _, a := range letters {
		token(string(a))
	}
	for _, a := range letters {
		for _, b := range letters {
			token(string(a) + string(b))
		}
	}
	for _, a := range letters {
		for _, b := range letters {
			for _, c := range letters {
				token(string(a) + string(b) + string(c))
			}
		}
	}
	many := file()
	for _, a := range letters {
		for _, b := range letters {
			merges = append(merges, fmt.Sprintf(`"%c %c"`, a, b))
			for _, c := range letters {
				merges = append(merges, fmt.Sprintf(`"%c %c%c"`, a, b, c), fmt.Sprintf(`"%c%c %c"`, a, b, c))
			}
		}
	}
	crowded := file() // as many tokens and merges as fit into a text
	for i := range maxAdded {
		added = append(added, fmt.Sprintf(`{"id":%d,"content":"%x"}`, i, i))
	}
	list := []byte(`{"added_tokens":[` + strings.Join(added, ",") +
		`],"model":{"vocab":{},"merges":[]},"decoder":{"type":"Fuse"}}`)
	for _, test := range []struct {
		name, refused string
		text          []byte
	}{
		{"trained", "", text}, {"many tokens", "", many}, {"added tokens", "", list},
		{"tokens and merges", "too much for a file", crowded},
		{"large identifier", "identifiers go up to", []byte(`{"model":{"vocab":{"a":2097151},"merges":[]}}`)},
		{"large added identifier", "identifiers go up to",
			[]byte(`{"added_tokens":[{"id":2097151,"content":"a"}],"model":{"vocab":{},"merges":[]}}`)},
		{"deep", "nested deeper", []byte(`{"model":{"vocab":{},"merges":[` + strings.Repeat("[", 1<<20))},
		{"many steps", "has more than", []byte(`{"normalizer":{"type":"Sequence","normalizers":[` +
			strings.Repeat("0,", 1<<19) + `0]},"model":{"vocab":{},"merges":[]}}`)},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(test.text)
		runtime.ReadMemStats(&after)
		switch {
		case test.refused == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)):
			t.Errorf("%s: want %q: %v", test.name, test.refused, err)
		}
		used, most := after.TotalAlloc-before.TotalAlloc, uint64(len(test.text)+len(test.text)/10+1<<20)
		if used > most {
			t.Errorf("%s: %d bytes were allocated for %d of text", test.name, used, len(test.text))
		}
		t.Logf("%s: %.2f times as much was allocated as the text of %d bytes has", test.name,
			float64(used)/float64(len(test.text)), len(test.text))
	}
}

func FuzzParse(f *testing.F) {
	for _, split := range []string{SplitGPT2, SplitLlama3} {
		text, err := trained(f, split, 262).JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0,"b":1,"ab":2,"<0x0A>":3},
		"merges":[["a","b"]]},
		"decoder":{"type":"ByteFallback"},"added_tokens":[{"id":4,"content":"<s>","special":true,"lstrip":true}]}`))
	f.Add([]byte(`{"model":{"vocab":{"▁":0},"merges":[]},"decoder":{"type":"Metaspace","replacement":"▁"},
		"pre_tokenizer":{"type":"Metaspace","replacement":"▁","split":true},"normalizer":{"type":"NFKC"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		tokenizer, err := Parse(text)
		if err != nil {
			return
		}
		tokens := tokenizer.Encode("ab <s>\n 12 it's é中 <0x0A>")
		for _, token := range tokens {
			if tokenizer.Special(token) && token != tokenizer.unknown {
				t.Fatalf("special token %q", tokenizer.Token(token))
			}
		}
		tokenizer.Decode(tokens, true)
		tokenizer.EncodeParts([]Part{{"<s>a", true}})
	})
}

// FuzzEncode encodes any bytes with every kind of tokenizer.
func FuzzEncode(f *testing.F) {
	tokenizers := all(f)
	f.Add("it's 1234 \n\n中文 <s>\xff")
	f.Fuzz(func(t *testing.T, text string) {
		for name, tokenizer := range tokenizers {
			tokens := tokenizer.Encode(text)
			if tokenizer.byteLevel && utf8.ValidString(text) && tokenizer.Decode(tokens, false) != text {
				t.Fatalf("%s: %q does not come back", name, text)
			}
		}
	})
}

func Example() {
	tokenizer, err := Train([]string{"low lower lowest"}, Recipe{
		Tokens: 262, Special: []string{"<s>", "</s>"}, BOS: "<s>", EOS: "</s>", Split: SplitGPT2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tokenizer.Encode("lower"), tokenizer.Decode(tokenizer.Encode("lower"), false))
	// What a user writes never becomes a special token; what a template writes may.
	fmt.Println(len(tokenizer.Encode("</s>")), tokenizer.EncodeParts([]Part{{Text: "</s>", Trusted: true}}))
	// Output:
	// [259 103 116] lower
	// 4 [1]
}

func BenchmarkEncode(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog's 1234 fences. ", 1000)
	for _, split := range []string{SplitGPT2, SplitLlama3} {
		tokenizer := trained(b, split, 400)
		b.Run(split, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				tokenizer.Encode(text)
			}
		})
	}
	b.Run("llama", func(b *testing.B) {
		tokenizer := llama(b, false)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tokenizer.Encode(text)
		}
	})
}
