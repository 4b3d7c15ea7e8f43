package poa

// latinLetters gives Latin letters for what has no decomposition into them, and for Greek and Cyrillic.
var latinLetters = map[uint32]string{
	'ø': "o", 'æ': "ae", 'œ': "oe", 'ß': "ss", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h", 'ŋ': "n",
	'ə': "e", 'ʼ': "",
	'α': "a", 'β': "b", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l",
	'μ': "m", 'ν': "n",
	'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "h", 'ψ': "ps",
	'ω': "o",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ж': "zh", 'з': "z", 'и': "i", 'к': "k", 'л': "l",
	'м': "m", 'н': "n",
	'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "c", 'ч': "ch", 'ш': "sh",
	'щ': "sh", 'ъ': "",
	'ы': "y", 'ь': "", 'э': "e", 'ю': "u", 'я': "a", 'є': "e", 'і': "i", 'ґ': "g", 'ђ': "d", 'ј': "i", 'љ': "l", 'њ': "n",
	'ћ': "c", 'џ': "d",
}

// latinise writes a folded token into x.name in small Latin letters without marks, if it has letters of Latin, Greek or
// Cyrillic only.
func (x *interpreter) latinise(word []byte) bool {
	x.name = x.name[:0]
	for i := 0; i < len(word); {
		c, size := uint32(word[i]), 1
		if c >= 0x80 {
			c, size = decodeRune(word[i:])
		}
		if size == 0 {
			return false
		}
		i += size
		if c >= 'a' && c <= 'z' {
			x.name = append(x.name, byte(c))
			continue
		}
		if c < 0x80 {
			return false
		}
		x.points = unicodeV2.decompose(x.points[:0], c)
		for _, p := range x.points {
			if p >= 'a' && p <= 'z' {
				x.name = append(x.name, byte(p))
				continue
			}
			letters, ok := latinLetters[p]
			if !ok && unicodeV2.of(p).class != classMark {
				return false
			}
			x.name = append(x.name, letters...)
		}
	}
	return true
}

// spellings are what languages write differently for one sound, in the order in which they are tried at a letter.
var spellings = [...][2]string{
	{"ph", "f"}, {"th", "t"}, {"ck", "k"}, {"ae", "e"}, {"oe", "e"}, {"qu", "k"}, {"x", "ks"}, {"c", "k"}, {"y", "i"},
	{"z", "s"}, {"h", ""},
}

// respell writes one spelling for the forms that a word has in several languages, and a doubled letter once. It changes
// stem.
func respell(stem []byte) []byte {
	out := make([]byte, 0, len(stem)+2)
	add := func(c byte) {
		if n := len(out); n == 0 || out[n-1] != c {
			out = append(out, c)
		}
	}
	for i := 0; i < len(stem); {
		size := 0
		for _, s := range spellings {
			if len(stem)-i >= len(s[0]) && string(stem[i:i+len(s[0])]) == s[0] {
				for _, c := range []byte(s[1]) {
					add(c)
				}
				size = len(s[0])
				break
			}
		}
		if size == 0 {
			add(stem[i])
			size = 1
		}
		i += size
	}
	return out
}

// semiticBefore are articles and particles that Arabic and Hebrew write as one word with the next, semiticBehind
// endings; longer ones stand first.
var (
	semiticBefore = [...]string{"وال", "بال", "كال", "فال", "لل", "ال"}
	semiticBehind = [...]string{"ات", "ون", "ين", "ان", "ها", "ية", "ة", "ه", "ي"}
)

// bareSemitic cuts one particle and one ending of an Arabic word that stays three letters long or more; any other word
// stays.
func bareSemitic(word []byte) []byte {
	const least = 6 // bytes: three letters
	for _, p := range semiticBefore {
		if len(word) >= len(p)+least && string(word[:len(p)]) == p {
			word = word[len(p):]
			break
		}
	}
	for _, s := range semiticBehind {
		if len(word) >= len(s)+least && string(word[len(word)-len(s):]) == s {
			return word[:len(word)-len(s)]
		}
	}
	return word
}
