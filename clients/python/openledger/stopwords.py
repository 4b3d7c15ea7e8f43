"""The stop words of poa/stopwords.go, which have no weight in an answer by method MEANING."""

STOP_WORDS = """
a about after all also an and any are as at be because been but by can could do does each for from had has
have he her his how i if in into is it its may more most must no not of on one only or other our out over she
should so some such than that the their them then there these they this to under up use used was we were what
when where which while who will with would you your de la le les des et est un une du dans pour par sur que
qui ne pas au aux avec ce ces se sa son ses plus ou sont il elle nous vous je en à été être cette comme mais
leur der die das und ist ein eine einer eines einem einen den dem von zu mit auf für nicht im sich auch es als
an werden wird oder wie bei nach aus aber sind hat ich sie er wir durch wenn kann noch nur über el los las del
y un una unos es por con para su sus lo al más pero como este esta son ha fue ser o si no muy sin sobre entre
también il lo gli i della dei delle di e che per non con una sono del dal nel alla anche più come questo
questa ha si da o ma se os as da do das dos em um uma para com não por mais como mas ao ele ela são foi ser ou
na no nas nos pelo pela het een van en ik je dat die in is niet te zijn op met voor er aan om ook maar bij of
uit naar wordt door als kan och att det som en ett är av för på med den till inte om har de i var jag så men
kan ett från vi og at det som er en et av for på med til ikke den de i har jeg var så men kan fra vi af ja on
ei se että oli hän mutta kun niin myös ovat joka tai sen ole kuin jos i w z na do nie się to jest że jak o po
ale za od przez co tak są dla był czy lub być tego a v na je se že s z do to i o k by jako pro ale za jsou po
byl tak od nebo které která a az és hogy nem egy is ez meg de van volt már csak mint vagy el be ki și în de la
cu pe nu este o un că din a se care pentru sau mai au fost ce ve bir bu da de için ile çok olarak ne gibi daha
var olan ama en o mi değil kadar dan yang di dengan untuk pada ini itu tidak dari dalam adalah akan oleh ke
atau juga karena ada của và là các có được cho trong một không này những người với đã khi để từ ra về cũng như
đó и в не на что с по как это а но к из у за от для о то же так его бы был или все они мы при до ли быть если
уже есть она он я і в не на що з та як це до у за від для про але або є по при бути και το να του η της με που
την για από τα στο είναι δεν τον οι των σε θα ο ένα στη ή μια αυτό في من على إلى أن هذا هذه التي الذي ما لا عن
مع كان كانت أو بين كل ذلك بعد قد لم و هو هي של את על לא זה הוא עם כי אל גם אני היא או אם יש כל אבל מה और के का
की में है से को पर यह नहीं था ने एक कि भी हैं हो जो तो ही या कर इस गया از به در و که این را با است برای آن یک
تا بر هم یا شده می های ها এবং এই যে না ও করে থেকে জন্য হয় একটি তার তা কি আর এক সঙ্গে า ่ ้ ี ั เ ิ ็ ไ แ ะ ู
ุ โ ใ ำ ื ์ 的 一 是 不 了 在 人 有 我 他 这 這 个 個 们 們 中 来 來 上 大 为 為 和 地 到 以 说 說 时 時 要 就 出 会 會 可 也 你 对 對 能 而 子 那 得 于 於 着
著 下 自 之 过 過 后 後 用 所 然 多 么 麼 去 都 同 没 沒 起 看 还 還 其 些 她 它 但 因 只 从 從 并 與 与 或 及 被 把 让 讓 将 將 由 此 很 更 最 已 等 吗 嗎 呢 吧 每
使 该 該 若 则 則 且 の は が を に で と て た し る い な か ら れ も す ま こ り さ う く っ よ き ん そ あ ょ ゃ ゅ け め え み だ ど せ つ わ お げ じ び ー 이
가 은 는 을 를 의 에 서 도 로 으 와 과 하 고 다 한 해 지 기 있 것 수 그 들 만 어 아 여 나 라 니 면 게 리 된 할 인 되 적 、 。 ， ； ： ？ ！ （ ） 「 」 『 』 《 》
""".split()
