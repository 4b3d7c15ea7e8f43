package engine

import "unicode"

// silences are the sentences which say that the sources say nothing about a question: for each script, in the language
// that most people write in it.
var silences = []struct {
	script *unicode.RangeTable
	text   string
}{
	{unicode.Hiragana, "このモデルの資料には、それについての記述がありません。"},
	{unicode.Katakana, "このモデルの資料には、それについての記述がありません。"},
	{unicode.Hangul, "이 모델의 자료에는 그것에 대한 내용이 없습니다."},
	{unicode.Han, "该模型的资料中没有与此相关的内容。"},
	{unicode.Thai, "แหล่งข้อมูลของแบบจำลองนี้ไม่ได้กล่าวถึงเรื่องนั้น"},
	{unicode.Arabic, "لا تذكر مصادر هذا النموذج شيئًا عن ذلك."},
	{unicode.Devanagari, "इस मॉडल के स्रोत इस बारे में कुछ नहीं कहते।"},
	{unicode.Cyrillic, "Источники этой модели ничего об этом не говорят."},
	{unicode.Greek, "Οι πηγές αυτού του μοντέλου δεν λένε τίποτα για αυτό."},
}

const silence = "The sources of this model say nothing about that."

// Silence returns the fixed sentence which says that the sources say nothing. It is in the script of most of the
// question's letters, else in English.
func Silence(question string) string {
	var counts [16]int
	latin := 0
	for _, r := range question {
		if unicode.Is(unicode.Latin, r) {
			latin++
		}
		for i, s := range silences {
			if unicode.Is(s.script, r) {
				counts[i]++
			}
		}
	}
	// Any kana means Japanese, not Chinese.
	if kana := counts[0] + counts[1]; kana > 0 {
		counts[0], counts[3] = kana+counts[3], 0
	}
	best := -1
	for i := range silences {
		if counts[i] > 0 && (best < 0 || counts[i] > counts[best]) {
			best = i
		}
	}
	if best < 0 || latin > 3*counts[best] {
		return silence
	}
	return silences[best].text
}
