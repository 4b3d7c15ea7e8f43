package terms

import "strings"

// askingText holds, by language, the words that ask: questions have them, and they say nothing about what is asked. The
// stop words of package poa are left out in the same way.
const askingText = `
what which who whom whose when where why how does did do is are am was were will would can could should shall may might must has have had
please tell explain describe give show say says said know mean means meaning called call name names define definition many much kind kinds
me my mine your yours i'm there here between during about against without within while per via than then else ever any some every
difference differences different differ differs compare compared good best better way ways thing things example help helps
unterschied unterscheiden unterscheidet différence diferencia fark farkı farkları arasındaki разница отличается отличаются διαφορά الفرق अंतर
it's let lets get gets got make makes made use used uses using happen happens happened need needs needed want wants anyone somebody something anything
was wer wen wem wessen wann wo woher wohin warum wieso weshalb welche welcher welches welchem welchen wozu womit wodurch bitte erkläre erklären beschreibe
bedeutet heißt nennt gibt geht macht man tut soll sollte muss darf viele viel wird wurde wurden dabei zum zur vom beim ins
qu quoi quel quelle quels quelles comment pourquoi où quand combien qui est-ce expliquez fait font peut faut quelqu
qué cuál cuáles cómo cuándo dónde quién quiénes cuánto cuánta cuántos porque hace hacen puede
cosa quale quali quando dove perché chi quanto fa fanno può
qual quais quem onde porquê quanto faz pode
wat welke wie waarom waar wanneer hoe hoeveel
vad vilken vilket vilka varför hur när vem hvad hvordan hvorfor hva
co jak dlaczego kiedy gdzie który która które kto czym ile
ne neden niçin nasıl nerede nereye nereden hangi hangisi kim kimin kaç midir mıdır mudur müdür mi mı mu mü nedir nelerdir nelere nin ın dir dır eder olur edilir işe yarar yarıyor yapılır zaman
apa mengapa bagaimana kapan mana siapa berapa
что какой какая какое какие каких каким какую каков почему зачем как когда где куда откуда кто кого чем чего сколько чей ли во ко со об обо можно нужно надо бывает значит является делает
який яка яке які чому коли де хто скільки
τι ποιος ποια ποιο ποιοι ποιες ποιον πώς πως γιατί πότε πού που πόσο πόσα πόσες κάνει γίνεται σημαίνει ονομάζεται λέγεται πρέπει
ما ماذا من متى أين كيف لماذا هل أي أية كم لم هو هي التي الذي يتم يمكن يجب يسمى تسمى تعني يعني بماذا لمن عند أثناء خلال عندما
क्या कौन कौनसा कौनसी कब कहाँ कहां क्यों कैसे कैसा कितना कितने कितनी किस किसे किसका किसके किसको किन होता होती होते करता करती करते करना करें चाहिए जाता जाती जाते किया लगता सकता सकते सकती रहता
কী কি কেন কখন কোথায় কীভাবে কে কত
چه چیست چرا چگونه کجا کی کدام چند آیا
מה מי מתי איפה איך למה מדוע האם כמה
`

// askingPhrases are those of scripts without spaces, where they are found inside of a run of characters. They include
// common ends of sentences.
const askingPhrases = `
什么 什麼 怎么 怎麼 怎样 怎樣 怎么样 如何 为什么 為什麼 为何 為何 哪里 哪裡 哪儿 哪些 哪个 哪個 哪种 哪種 哪一 何时 何時 谁 誰 多少 多久 多长 多大 是否 请问 請問 请 請 解释 解釋 说明 說明 介绍
可以 应该 應該 需要 能够 能夠 怎 哪 吗 嗎 呢 一个 一個 一种 一種 这个 這個 这些 這些 那些 它们 它們 他们 他們 我们 我們 以及 因为 因為 所以 但是 如果 通常 已经 已經 可能 进行 進行 主要 有关 有關 关于 關於 什 么 麼
区别 區別 差别 不同 違い 違う 차이 다른가요 แตกต่าง ต่างกัน ความแตกต่าง
何 なに なん なぜ どう どの どれ どこ いつ だれ 誰 どのように どうして どうやって どんな いくら いくつ ですか ますか でしょうか ください 教えて です ます でした ました ません する した して される された いる ある あり なる なり
なって ため こと もの よう から まで など として という これ それ この その によって について において ときに とき ばよい れば られ せ
무엇 무슨 어떤 어떻게 어디 언제 누구 누가 얼마 얼마나 왜 어느 몇 입니까 습니까 합니까 됩니까 인가요 나요 까요 은가요 ㄴ가요 하나요 되나요 어떻 뭐 뭔 뭘
습니다 합니다 입니다 됩니다 있습니다 없습니다 하는 하고 하여 해서 하면 되는 되어 되면 되고 에서 에게 으로 이다 이며 이나 까지 부터 보다 처럼 때문 위해 대해 대한 통해 그리고 그러나 또는 있는 있다 없다 한다 된다 것은 것이 수 있
อะไร อย่างไร ยังไง ทำไม เมื่อไร เมื่อไหร่ เมื่อใด ที่ไหน ใคร ใด ไหน เท่าไร เท่าไหร่ กี่ หรือไม่ ไหม มั้ย คือ เป็น อยู่ ที่ และ หรือ ของ ใน นอก กับ แก่ แต่ ให้ ได้ จะ ไม่ มี ไม่มี ความ การ ซึ่ง อัน โดย จาก
ถึง เพื่อ เพราะ เนื่องจาก ว่า นี้ นั้น เหล่านี้ ทำให้ ต้อง ควร อาจ สามารถ ด้วย ทั้ง แล้ว เมื่อ ถ้า หาก จึง กัน ตาม ต่อ ระหว่าง เช่น ทุก บาง หลาย มาก กว่า ที่สุด ช่วย ครับ ค่ะ คะ บอก อธิบาย ทำ ขึ้น ลง ไป มา ไว้ ก็ ยัง เคย ถูก แบบ ชนิด ประเภท
ເປັນ ແມ່ນ ແລະ ຂອງ ທີ່ ໃນ ແນວໃດ ຫຍັງ
`

var (
	askingWords = func() map[string]bool {
		set := make(map[string]bool)
		for _, word := range strings.Fields(normal(askingText)) {
			set[fold(word)] = true
		}
		return set
	}()
	// phrases by their first character.
	phrases = func() map[rune][][]rune {
		set := make(map[rune][][]rune)
		for _, phrase := range strings.Fields(normal(askingPhrases)) {
			runes := []rune(phrase)
			set[runes[0]] = append(set[runes[0]], runes)
		}
		return set
	}()
)

// Endings by script, for cut. Longer endings stand before the shorter ones that they end with.
var (
	latinPlurals = strings.Fields(`
		lerinden larindan lerinin larinin lerine larina lerde larda lerden lardan lerin larin leri lari ler lar s`)
	latinEndings = strings.Fields(`
		ment ing edly ungen ung heiten heit keiten keit ed en er em ern
		inin unun nin nun dan den tan ten lik luk sinin sin si su yi yu ya ye da de ta te in un
		n e a o i u y`)
	latinShort      = strings.Fields("ing ed ie e y") // these may leave less
	cyrillicEndings = strings.Fields(`
		ениями ениях ением ения ению ение ений иями ями ами иях ого его ому ему ыми ими ется ются ится ятся ают яют ует ает яет ешь ить ать ять еть ти ть
		ий ый ой ей ая яя ое ее ие ые ую юю ых их ым им ом ем ам ям ах ях ов ев ью ия ию ии ие
		а я о е у ю ы и ь й`)
	greekEndings  = strings.Fields("ματων ματα ματοσ ονται εται ουμε ουν ησ ασ εσ οσ ουσ ου ον οι ων ει α η ο ι ω υ ε σ")
	arabicBefore  = strings.Fields("وال بال كال فال ولل لل ال و ف ب ل")
	arabicBehind  = strings.Fields("هما ها هم ان ات ون ين يه ية تي ه ة ي ا")
	arabicLetters = strings.NewReplacer("أ", "ا", "إ", "ا", "آ", "ا", "ٱ", "ا", "ى", "ي", "ی", "ي", "ک", "ك", "ة", "ه",
		"ؤ", "و", "ئ", "ي", "ـ", "")
	latinLetters = strings.NewReplacer("ı", "i", "ß", "ss", "ø", "o", "æ", "ae", "œ", "oe", "ł", "l", "đ", "d", "ð", "d",
		"þ", "th", "ς", "σ")
)
