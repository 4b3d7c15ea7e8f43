// The stop words of poa/stopwords.go, sorted: they have no weight in an answer by method MEANING.
export const STOP_WORDS = `
a aan aber about ada adalah af after akan al ale all alla als also ama an anche and any ao are as at atau att
au auch auf aus aux av avec az be because been bei bij bir bu but by byl być był can care ce ces cette che cho
co com come comme como con could csak cu czy các có că cũng của da daha dal dalam dan dans dari das dat de dei
del della delle dem den dengan der des det değil di die din dla do does door dos du durch e each een egy ei
ein eine einem einen einer eines el ela ele elle em en entre er es est esta este et ett että ez foi for fost
fra from från fue för für gibi gli ha had har has hat have he her het his hogy how hän i ich if ik ikke il ile
im in ini inte into is ist it its itu için ja jag jak jako je jeg jest joka jos jsou juga k kadar kan kann
karena ke khi không ki která které kuin kun la las le les leur lo los lub là ma maar mai mais mas may med meg
men met mi mint mit more most must mutta muy myös már más một na naar nach nas ne nebo nel nem người như những
nicht nie niet niin no noch non nos not nous nu nur này não o och od oder of og olan olarak ole oleh oli om on
one only ook op or os other ou our out ovat over pada par para pas pe pela pelo pentru per pero più plus po
por pour pro przez på que questa questo qui ra s sa sau se sen ser ses she should si sich sie sin sind się so
sobre som some son sono sont su such sur sus são så są tai tak también te tego than that the their them then
there these they this tidak til till to trong từ uit um uma un una und under une unos untuk up use used v vagy
van var ve vi volt von voor vous và về với w was we wenn werden were what when where which while who wie will
wir wird with wordt would y yang you your z za zijn zu à är çok és été être în über đã đó được để że že și ένα
ή από αυτό για δεν είναι η θα και με μια να ο οι που σε στη στο τα την της το τον του των а або але бути бы
был быть в все від для до его если есть же з за и из или к как ли мы на не но о он она они от по при про с та
так то у уже це что що это я як є і אבל או אל אם אני את גם הוא היא זה יש כי כל לא מה על עם של آن أن أو إلى از
است التي الذي این با بر برای بعد به بين تا در ذلك را شده على عن في قد كان كانت كل لا لم ما مع من می ها های هذا
هذه هم هو هي و که یا یک इस एक और कर का कि की के को गया जो तो था नहीं ने पर भी में यह या से ही है हैं हो আর এই
এক একটি এবং ও করে কি জন্য তা তার থেকে না যে সঙ্গে হয় ะ ั า ำ ิ ี ื ุ ู เ แ โ ใ ไ ็ ่ ้ ์ 、 。 《 》 「 」 『 』 あ い
う え お か が き く け げ こ さ し じ す せ そ た だ っ つ て で と ど な に の は び ま み め も ゃ ゅ ょ よ ら り る れ わ を ん ー 一 上 下 不 与 且 个 中 为 么
之 也 了 于 些 人 从 他 以 们 会 但 你 使 來 個 們 其 出 则 到 則 去 及 只 可 同 后 吗 吧 呢 和 嗎 因 在 地 多 大 她 子 它 对 将 將 對 就 已 并 很 後 得 從 我 或 所
把 於 时 是 時 更 最 會 有 来 此 每 沒 没 為 然 用 由 的 看 着 等 而 能 自 與 若 著 被 要 該 說 讓 让 该 说 起 过 还 这 這 過 還 那 都 麼 가 것 게 고 과 그 기 나 는
니 다 도 되 된 들 라 로 를 리 만 면 서 수 아 어 에 여 와 으 은 을 의 이 인 있 적 지 하 한 할 해 ！ （ ） ， ： ； ？
`;
