//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/openledger/openledger/slm/tokenizer"
)

// encoding is what tokenizers says of a sample.
type encoding struct {
	Trusted []int  // special tokens in the text are recognised
	Whole   []int  // and the tokenizer's prefix and suffix are added
	Plain   []int  // special tokens are ordinary text
	Text    string // decoded
	Short   string // decoded without special tokens
}

// texts are what tokenizers are trained on: this repository's pages and Go's library, which every machine that runs
// this has, and sentences in other scripts.
func texts(t *testing.T) []string {
	var texts []string
	add := func(pattern string, most int) {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no text (%v)", pattern, err)
		}
		for _, file := range files[:min(most, len(files))] {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
	}
	add("../../*.md", 5)
	add("../../docs/*.md", 10)
	add(filepath.Join(runtime.GOROOT(), "src/strings/*.go"), 10)
	return append(texts, strings.Repeat(strings.Join(sentences, "\n"), 5))
}

var sentences = []string{
	"Der schnelle braune Fuchs springt über den faulen Hund; Straße, Übermut und Ärger.",
	"Le cœur a ses raisons que la raison ne connaît point. L'été, c'était déjà fini !",
	"El niño soñó con un pingüino en Año Nuevo: ¿qué más?",
	"Съешь же ещё этих мягких французских булок, да выпей чаю.",
	"Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
	"我能吞下玻璃而不伤身体。今天天气怎么样？",
	"私はガラスを食べられます。それは私を傷つけません。カタカナ",
	"나는 유리를 먹을 수 있어요. 그래도 아프지 않아요",
	"أنا قادر على أكل الزجاج و هذا لا يؤلمني. ١٢٣٤",
	"אני יכול לאכול זכוכית וזה לא מזיק לי.",
	"मैं काँच खा सकता हूँ और मुझे उससे कोई चोट नहीं पहुंचती. १२३",
	"ฉันกินกระจกได้ แต่มันไม่ทำให้ฉันเจ็บ",
	"Tôi có thể ăn thủy tinh mà không hại gì.",
	"Mogę jeść szkło i mi nie szkodzi. Zażółć gęślą jaźń",
	"ಕನ್ನಡ ತಮಿழ் ქართული հայերեն አማርኛ ខ្មែរ မြန်မာ",
}

// samples are hostile, multilingual and long texts.
func samples() []string {
	list := append([]string{
		"", " ", "  ", "\n", "\r\n\r\n", "\t \t", "a", " a", "  a", "a ", "a  ", "a  b", "a \n b", "\n\n\na", "a\n \n",
		" \n  x", "it's we'll THEY'RE I'M don'T 'S 'll'd ''s '", "'ſ 'ſa x'ſ", "1", "12", "123", "1234", "12345 6789012",
		"3.14159e-10", "½⅓Ⅷ١٢٣४५६", "a1b22c333d4444", "!@#$%^&*()_+-=[]{}|;':\",./<>?", "...???!!!", "a.b,c;d",
		"//comment\n/* x */\r\n", "http://example.org/a?b=c&d=%20#e", "x=1;\n\tif (y) {\n\t\treturn;\n\t}\n",
		"\u00a0a\u00a0\u00a0b", "\u3000全角\u3000", "\u2028\u2029\u0085x", "\u200b\u200d\ufeffx",
		"e\u0301 é e\u0301\u0301", "ﬁﬂ ŉ ǆ Ǆ ǅ", "İıSSßẞ", "ʰʱ ـــ ー",
		"👩‍👩‍👧‍👦 👍🏽 🇩🇪 🏴\U000e0067\U000e0062", "\U0001d49c\U00020000\U0010fffd", "\ue000\ufffd", "\x00\x01\x1f\x7f",
		"<|begin|>a<|end|>", "<|begin|> <|end|>\n<|begin|>", "<s>x</s> <unk>", "<tool_call>{\"a\": 1}</tool_call>",
		"a   \nb", "▁ ▁a ▁▁", "Ġ Ċ ĉ", "<0x0A><0xZZ>", strings.Repeat("a", 60), strings.Repeat("ab ", 500),
		strings.Repeat(" ", 300), strings.Repeat("\n", 70), strings.Repeat("9", 1001), strings.Repeat("日本", 200),
		strings.Repeat("é", 99), strings.Repeat("'s", 50), strings.Repeat("!", 200),
	}, sentences...)
	return append(list, strings.Join(sentences, " "), strings.Join(sentences, "\n\n"))
}

// everyCharacter returns texts with the characters of Unicode 15, each between letters, digits and spaces; of the large
// blocks of Chinese characters and Korean syllables each 97th.
func everyCharacter() []string {
	var list []string
	var text strings.Builder
	for r := rune(1); r < 0xe0200; r++ {
		large := r >= 0x3400 && r < 0x9fff || r >= 0xac00 && r < 0xd7a0 || r >= 0x17000 && r < 0x18d00 || r >= 0x20000
		if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C) ||
			unicode.In(r, unicode.Cs, unicode.Co) || large && r%97 != 0 {
			continue
		}
		text.WriteString("a" + string(r) + "b 1" + string(r) + "2 " + string(r) + string(r) + "\n")
		if text.Len() > 1<<10 {
			list = append(list, text.String())
			text.Reset()
		}
	}
	return append(list, text.String())
}

func compare(t *testing.T, name string, tok *tokenizer.Tokenizer, samples []string, want []encoding) {
	t.Helper()
	bad := 0
	for i, sample := range samples {
		w := want[i]
		trusted := tok.EncodeParts([]tokenizer.Part{{Text: sample, Trusted: true}})
		whole := slices.Concat(tok.Prefix(), trusted, tok.Suffix())
		for _, c := range []struct {
			what      string
			got, want []int
		}{{"trusted", trusted, w.Trusted}, {"whole", whole, w.Whole}, {"plain", tok.Encode(sample), w.Plain}} {
			if !slices.Equal(c.got, c.want) {
				at := 0
				for at < len(c.got) && at < len(c.want) && c.got[at] == c.want[at] {
					at++
				}
				from := max(0, at-2)
				show := func(ids []int) (list []string) {
					for _, id := range ids[min(from, len(ids)):min(at+6, len(ids))] {
						list = append(list, tok.Token(id))
					}
					return list
				}
				t.Errorf("%s: %s: %.60q: %q, want %q", name, c.what, sample, show(c.got), show(c.want))
				bad++
			}
		}
		if got := tok.Decode(w.Trusted, true); got != w.Text {
			t.Errorf("%s: decoded to %.80q, want %.80q", name, got, w.Text)
			bad++
		}
		if got := tok.Decode(w.Trusted, false); got != w.Short {
			t.Errorf("%s: decoded to %.80q, want %.80q", name, got, w.Short)
			bad++
		}
		if bad > 20 {
			t.Fatalf("%s: and more", name)
		}
	}
}

func TestTokenizers(t *testing.T) {
	folder := t.TempDir()
	samples, characters := samples(), everyCharacter()
	request := map[string]any{
		"folder": folder, "texts": texts(t), "samples": samples, "characters": characters,
		"kinds": []string{
			"gpt2", "gpt2-prefix", "smollm", "llama3", "qwen2", "tekken", "llama2", "metaspace", "always",
		},
		"patterns": map[string]string{
			"llama3": tokenizer.Llama3Expression, "qwen2": tokenizer.Qwen2Expression, "tekken": tokenizer.TekkenExpression,
		},
	}
	response := map[string][]encoding{}
	python(t, "tokenizers", request, &response)
	for name, want := range response {
		tok, err := tokenizer.Open(filepath.Join(folder, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all := samples
		if len(want) > len(samples) {
			all = append(samples, characters...)
		}
		compare(t, name, tok, all, want)
		t.Logf("%s: %d samples", name, len(all))
	}
}

// tokenizers and transformers load the tokenizers that we train, and make the same tokens.
func TestTransformersReadsOurTokenizers(t *testing.T) {
	samples := samples()
	splits := []string{tokenizer.SplitGPT2, tokenizer.SplitSmolLM, tokenizer.SplitLlama3, tokenizer.SplitQwen2}
	var folders []string
	var toks []*tokenizer.Tokenizer
	for _, split := range splits {
		tok, err := tokenizer.Train(texts(t), tokenizer.Recipe{
			Tokens: 1500, Special: []string{"<|begin|>", "<|end|>"}, BOS: "<|begin|>", EOS: "<|end|>", Split: split,
			ChatTemplate: "{{ messages }}",
		})
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		if err := tok.Write(folder); err != nil {
			t.Fatal(err)
		}
		folders, toks = append(folders, folder), append(toks, tok)
	}
	var responses []struct {
		Encodings    []encoding
		Transformers [][]int
	}
	python(t, "encode", map[string]any{"folders": folders, "samples": samples}, &responses)
	for i, response := range responses {
		compare(t, splits[i], toks[i], samples, response.Encodings)
		for j, want := range response.Encodings {
			if !slices.Equal(response.Transformers[j], want.Trusted) {
				t.Errorf("%s: transformers makes other tokens than tokenizers of %.60q", splits[i], samples[j])
			}
		}
		t.Logf("%s: %d samples", splits[i], len(samples))
	}
}
