package sentence_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/openledger/openledger/content/sentence"
)

// cut returns the sentences of a text.
func cut(text string) []string {
	var out []string
	for _, s := range sentence.Sentences([]byte(text)) {
		out = append(out, text[s.Start:s.End])
	}
	return out
}

// TestSentences: in the cases, | is where one sentence ends; it is not part of the text.
func TestSentences(t *testing.T) {
	for name, cases := range map[string][]string{
		"English": {
			"The dose is 3.5 mg a day. |Take it, e.g. with water, i.e. not with tea. |Ask Dr. Smith or Mr. J. K. Brown!",
			"See Fig. 3 and No. 5. |“Why?” he asked. |“Because,” she said, “it rains.” |Then (it was late.) they left.",
			"He came at 5 p.m. |The shop was shut. |It sells pens, ink, etc. |Paper is elsewhere. |The U.S. Army came... |It " +
				"left the U.S. |The end. |Nobody knew.",
			"It is due to a lack of vitamin C. |Patients bleed. |J. Smith et al. showed it in 2019. |The rest is known.",
			"go to example.com. |see v1.2.3 of it. |really?! |yes",
			"Yahoo! |Is it dead? |Wait… what? |It ended **here.** |Next.",
			"No end\nat a line break\nof prose. |But here",
		},
		"German": {
			"Das gilt z. B. für Dr. Müller und d. h. für alle. |Am 3. Mai kam er. |Er sagte: „Ich gehe. Du bleibst.“ |Dann " +
				"ging er usw. |Alle blieben.",
			"Man nimmt ca. 5 mg, vgl. Abb. 2 bzw. Tab. 3. |Das reicht.",
		},
		"French":  {"Voir p. ex. M. Dupont. |Est-ce vrai ? |« Oui. » |Bien sûr !"},
		"Spanish": {"¿Qué es? |¡Es la Sra. López! |Vive en la pág. 5."},
		"Russian": {"Это видно на рис. 5, т. е. в XIX в. и т. д. |Потом пришёл А. С. Пушкин. |Где он? |Там."},
		"Greek":   {"Τι είναι αυτό; |Είναι π.χ. ο κ. Παπάς. |Τέλος."},
		"Turkish": {
			"Prof. Dr. Ayşe Kaya 19. yüzyıl ve 3. Mayıs hakkında yazdı. |Bkz. sayfa 5. |Elma, armut vb. |Hepsi var."},
		"Polish":    {"Np. prof. Nowak ul. Długa 5. |To jest np. tak."},
		"Chinese":   {"他来了。|她说：“我走。你留下。”|真的吗？|“是。”|“不！”|剂量是3.5毫克。|完"},
		"Japanese":  {"彼は「はい。行きます。」と言った。|それは本当ですか？|３．５ミリです。|終わり"},
		"Korean":    {"그는 왔다. |정말인가요? |약은 3.5mg이다.|끝났다."},
		"Arabic":    {"ما هذا؟ |هذا كتاب د. أحمد. |انتهى!"},
		"Urdu":      {"یہ کتاب ہے۔ |وہ آیا۔ |کیوں؟"},
		"Hindi":     {"यह डॉ. शर्मा की किताब है। |क्या यह सच है? |हाँ॥ |अंत।"},
		"Armenian":  {"Նա եկավ։ |Նա գնաց։"},
		"Amharic":   {"እሱ መጣ። |እሷ ሄደች፡፡ |አበቃ።"},
		"Khmer":     {"គាត់មក។ |នាងទៅ។"},
		"Burmese":   {"သူလာသည်။ |သူမသွားသည်။"},
		"Tibetan":   {"ཁོང་ཕེབས་སོང་། |དེ་རིང་ཡིན། |"},
		"Thai":      {"โรคผิวหนังชนิดนี้พบได้บ่อยในเด็กเล็กและผู้สูงอายุ| การรักษาต้องใช้เวลานาน", "สั้น มาก\n|บรรทัดใหม่"},
		"nothing":   {"", " "},
		"no letter": {"... |1. 2. |!"},
	} {
		for _, c := range cases {
			var want []string
			for part := range strings.SplitSeq(c, "|") {
				if part = strings.TrimSpace(part); part != "" {
					want = append(want, part)
				}
			}
			if got := cut(strings.ReplaceAll(c, "|", "")); !slices.Equal(got, want) {
				t.Errorf("%s:\n got  %q\n want %q", name, got, want)
			}
		}
	}
}

// TestEveryMarkEndsASentence: so does every character that Unicode calls one, except for the Burmese comma.
func TestEveryMarkEndsASentence(t *testing.T) {
	missing := 0
	for r := rune(0); r < unicode.MaxRune; r++ {
		if !unicode.Is(unicode.STerm, r) || r == 0x104A {
			continue
		}
		if got := cut("Abc" + string(r) + " Def"); len(got) != 2 {
			missing++
			t.Errorf("U+%04X %c: %q", r, r, got)
		}
	}
	if missing > 0 {
		t.Errorf("%d marks are missing", missing)
	}
}

// TestSentencesLoseNothing: sentences are in order, do not overlap and are not empty. Each is the same if limit is its
// end. Only white space is between them.
func TestSentencesLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(drawn(t))
		at := 0
		for _, s := range sentence.Sentences(text) {
			if s.Start < at || s.End <= s.Start || len(strings.TrimSpace(string(text[at:s.Start]))) > 0 {
				t.Fatalf("%v behind %d in %q", s, at, text)
			}
			if end := sentence.End(text, s.Start, s.End); end != s.End {
				t.Fatalf("%v ends at %d in %q", s, end, text)
			}
			at = s.End
		}
		if rest := string(text[at:]); strings.TrimSpace(rest) != "" {
			t.Fatalf("%q is lost of %q", rest, text)
		}
	})
}

func drawn(t *rapid.T) string {
	pieces := []string{
		"word", "Word", "e.g.", "Dr.", "z. B.", ".", "!", "?", "…", "。", "？", "」", "「", "“", "”", "(", ")", "؟", "।", "ไทย",
		"นาน ", " ", "\n", "\n\n",
		"3", "3.5", "J.", "\xff", "\xe3\x80", "# ", "- ", "1. ", "```", "```go", "~~~~", "    ", "\t", "|", "|---|", "===",
		"文字", "한국", ";", "Τι;",
	}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(t, "pieces"), "")
}

func TestCut(t *testing.T) {
	for text, want := range map[string]string{
		"one two, three four":   "one two,",
		"one two three four":    "one two",
		"一二三四五六，七八九十":           "一二三",
		"一二，三四五六七八九十":           "一二，",
		"nothing":               "nothing",
		"nothingthatcouldbecut": "nothingtha",
	} {
		limit := 10
		for limit > 0 && limit < len(text) && !utf8.RuneStart(text[limit]) {
			limit--
		}
		if got := strings.TrimSpace(text[:sentence.Cut([]byte(text), limit)]); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzSentences(f *testing.F) {
	for _, s := range []string{"One. Two", "他说：“我走。”", "```\ncode\n", "| a |\n|---|", "ไทย ไทย", "\xff.\xe3\x80 A",
		"Dr."} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		at := 0
		for _, b := range sentence.Blocks(text) {
			if b.Start < at || b.End <= b.Start || len(strings.TrimSpace(string(text[at:b.Start]))) > 0 {
				t.Fatalf("%v behind %d", b, at)
			}
			within := b.Start
			for _, s := range b.Sentences(text) {
				if s.Start < within || s.End <= s.Start || s.End > b.End {
					t.Fatalf("%v in %v", s, b)
				}
				within = s.End
			}
			at = b.End
		}
		if len(strings.Trim(string(text[at:]), " \t\n\r\v\f\u0085\u00a0")) > 0 &&
			len(strings.TrimSpace(string(text[at:]))) > 0 {
			t.Fatal("text is lost")
		}
		if len(text) > 0 {
			if at := sentence.Cut(text, 1+len(text)/2); at < 1 || at > len(text) {
				t.Fatal("cut")
			}
		}
	})
}
