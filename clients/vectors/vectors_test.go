// Package vectors writes the values that clients in other languages must compute: go test ./clients/vectors -write. Its
// tests compare the file with the chain's own code.
package vectors

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

var write = flag.Bool("write", false, "write vectors.json")

type vectors struct {
	CallKey  poa.Hash  `json:"call_key"`
	Texts    []textOf  `json:"texts"`
	Session  sessionOf `json:"session"`
	Prices   []priceOf `json:"prices"`
	Merkle   []pathOf  `json:"merkle"`
	Amounts  []sumOf   `json:"amounts"`
	Receipts []proofOf `json:"receipts"`
	Requests []asked   `json:"requests"`
}

// textOf holds the values of a text. IDs of tokens are in hex.
type textOf struct {
	Text    string   `json:"text"`
	IDs     []string `json:"ids"`
	Marks   []int    `json:"marks"`
	Span    poa.Hash `json:"span_root"`
	Meaning poa.Hash `json:"meaning_root"`
	Error   string   `json:"error"` // of CheckText, empty for clean text
}

type sessionOf struct {
	Seed         poa.Hash `json:"seed"`
	Public       poa.Hash `json:"public_key"`
	AnswerSeed   poa.Hash `json:"answer_seed"`
	AnswerKey    poa.Hash `json:"answer_key"`
	ChainID      string   `json:"chain_id"`
	ID           poa.Hash `json:"id"`
	Provider     string   `json:"provider"` // hex
	ModelID      uint64   `json:"model_id"`
	ModelVersion uint32   `json:"model_version"`
	Price        priceIn  `json:"price"`
	Calls        []callOf `json:"calls"`
}

type priceIn struct {
	Input   string `json:"input"`
	Output  string `json:"output"`
	Royalty string `json:"royalty"`
}

// callOf is a call with its outcome, and the voucher that acknowledges the call before it. A gap has no answer.
type callOf struct {
	N             uint64   `json:"n"`
	QueryHash     poa.Hash `json:"query_hash"`
	MaxFee        string   `json:"max_fee"`
	Call          poa.Hash `json:"call"`
	Head          poa.Hash `json:"head"`
	CumulativeMax string   `json:"cumulative_max"`
	SignBytes     string   `json:"sign_bytes"`
	Signature     string   `json:"signature"`
	AnswerRoot    poa.Hash `json:"answer_root"`
	InputTokens   uint32   `json:"input_tokens"`
	OutputTokens  uint32   `json:"output_tokens"`
	Fee           string   `json:"fee"`
	AnswerBytes   string   `json:"answer_bytes"`
	AnswerSigned  string   `json:"answer_signature"`
}

type priceOf struct {
	Price  priceIn `json:"price"`
	Input  uint32  `json:"input_tokens"`
	Output uint32  `json:"output_tokens"`
	Total  string  `json:"total"`
}

type pathOf struct {
	Leaves []poa.Hash `json:"leaves"`
	Index  int        `json:"index"`
	Path   []poa.Hash `json:"path"`
	Root   poa.Hash   `json:"root"`
}

// proofOf is a receipt of a batch with its proof, which leads to the peaks of the chain. Bytes are in hex.
type proofOf struct {
	Record       string   `json:"record"`
	BatchRoot    string   `json:"batch_root"`
	Index        uint32   `json:"index"`
	Receipts     uint32   `json:"receipts"`
	Path         []string `json:"path"`
	Leaf         uint64   `json:"leaf"`
	Siblings     []string `json:"siblings"`
	Count        uint64   `json:"count"`
	Peaks        []string `json:"peaks"`
	Call         uint64   `json:"call"`
	Fee          string   `json:"fee"`
	Weights      []uint32 `json:"weights"`
	Lora         []uint32 `json:"lora"` // the part of the weights by influence
	Unattributed uint32   `json:"unattributed_ppm"`
}

type sumOf struct {
	Text  string `json:"text"`
	Aopen string `json:"aopen"` // empty if it is refused
	Shown string `json:"shown"`
}

type asked struct {
	Request     json.RawMessage `json:"request"`
	InputTokens uint32          `json:"input_tokens"`
}

func hashOf(text string) poa.Hash { return sha256.Sum256([]byte(text)) }

// texts in many scripts, and texts that are refused.
var texts = []string{
	"", "Why?", "Hair grows from the roots of the skin. It falls! Does it? Yes",
	"co-\noperate and well-\nknown, semi- final", "don't stop",
	"Straße, ÅNGSTRÖM, İstanbul, ﬁne, naïve", "Кожа растёт. Волосы тоже.", "Το δέρμα. Ω",
	"TNFα and αSMA, νmax, β-catenin", "皮膚は伸びる。髪も。", "皮肤，头发！",
	"피부가 자랍니다. 머리카락", "ผิวหนังงอก", "त्वचा बढ़ती है। बाल भी।", "الجلد ينمو؟ نعم.", "עור גדל.", "ភាសាខ្មែរ។", "မြန်မာ။",
	"a\u00a0b", "a\u200bb", "a\tb\n\nc\r\nd",
	"pаypal", "α and a", "aα", "Αthens", "e\u0301", "é", "x\u0301\u0302\u0303", "👩‍💻 and ❤️", "क्‍ष", "\u202eabc",
	"\ue000", "\uf0b7 item", "soft\u00adhyphen", "soft\u00ad\nhyphen",
	"ſ and K", "Ⅷ ½ ²", "１２３ ＡＢＣ", "1.5 mm. 2 cm", "end…start", "Wait... what", "I.B.M. Inc.", "i̇", "ǆ", "ᾳ", "q̣̇",
	"Ａ", "가", "각", "한국어 텍스트", "각", "ʼn",
	"ﷺ", "a‐\nb", "a-\n b", "a-\n\nb", "a-\nB",
}

// alphabet of the random texts: some code points of every class.
var alphabet = []rune(
	"aZz09 .,!?\n-\t'éßİıſΑαβγνΩΣςжЖаеоАբ։ךאبقकष्ािी।ไทยกำ漢字かなカナ｡。가각ᄀ\u1161\u11a8\u0301\u0323\u0308\u00ad\u200b\u200c\u200d\ufe0f☺❤👩①½ﬁＡ\u00a0\u2028…᠋ᠠ\ue000Ꭰꭰⲁ",
)

func randomTexts() []string {
	random := rand.New(rand.NewPCG(1, 2))
	var out []string
	for range 400 {
		text := make([]rune, 1+random.IntN(12))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		out = append(out, string(text))
	}
	return out
}

func price(in, out, royalty uint64) (poa.Price, priceIn) {
	p := poa.Price{InputPer1K: poa.NewAmount(in), OutputPer1K: poa.NewAmount(out), Royalty: poa.NewAmount(royalty)}
	return p, priceIn{p.InputPer1K.String(), p.OutputPer1K.String(), p.Royalty.String()}
}

func compute(t *testing.T) vectors {
	v := vectors{CallKey: hashOf("call key")}
	for _, text := range append(append([]string(nil), texts...), randomTexts()...) {
		one := textOf{Text: text, IDs: []string{}, Marks: []int{}}
		for _, id := range poa.TokenIDs([]byte(text)) {
			one.IDs = append(one.IDs, fmt.Sprintf("%016x", uint64(id)))
		}
		for _, mark := range poa.Marks([]byte(text)) {
			one.Marks = append(one.Marks, int(mark))
		}
		one.Span, one.Meaning = poa.TextRoot(
			v.CallKey,
			[]byte(text),
			poa.MethodSPAN,
		), poa.TextRoot(
			v.CallKey,
			[]byte(text),
			poa.MethodMeaning,
		)
		var refused *poa.SegmentError
		if err := poa.CheckText([]byte(text)); errors.As(err, &refused) {
			one.Error = string(refused.Code)
		}
		v.Texts = append(v.Texts, one)
	}
	v.Session = makeSession(t, v.CallKey)
	for _, c := range [][5]uint64{{0, 0, 0, 1, 1}, {1000, 2000, 7, 1, 1}, {1, 1, 0, 1, 999},
		{123456789012345678, 987654321098765432, 200000000000000000, 1234, 777}, {3, 5, 1, 0, 0}} {
		p, in := price(c[0], c[1], c[2])
		total, err := p.Total(uint32(c[3]), uint32(c[4]))
		require.NoError(t, err)
		v.Prices = append(v.Prices, priceOf{in, uint32(c[3]), uint32(c[4]), total.String()})
	}
	for n := 1; n <= 9; n++ {
		leaves := make([]poa.Hash, n)
		for i := range leaves {
			leaves[i] = hashOf(fmt.Sprint("leaf ", i))
		}
		for i := range leaves {
			path, err := poa.MerklePath(leaves, i)
			require.NoError(t, err)
			if path == nil {
				path = []poa.Hash{}
			}
			v.Merkle = append(v.Merkle, pathOf{leaves, i, path, poa.MerkleRoot(leaves)})
		}
	}
	for _, text := range []string{
		"1.5OPEN", "0.000000000000000001OPEN", "1aopen", "0", "1000000000OPEN", "007 open", "1.50 OPEN", "5",
		"1.5aopen", "-1OPEN", ".5OPEN", "0.0000000000000000001OPEN", "1OPEM", "",
	} {
		one := sumOf{Text: text}
		if sum, err := amount.Parse(text); err == nil {
			one.Aopen, one.Shown = sum.String(), amount.Format(sum)
		}
		v.Amounts = append(v.Amounts, one)
	}
	v.Receipts = proofs(t)
	for _, body := range []string{
		`{"messages":[{"role":"user","content":"Why does hair grow?"}]}`,
		`{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Why"},{"type":"text","text":"not?"}]}],"stream":true}`,
		`{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"look_up","arguments":"{\"a\": 1}"}}]},{"role":"tool","tool_call_id":"1","content":"皮膚"}],"tools":[{"type":"function","function":{"name":"look_up","parameters":{"b":1.50,"a":[true,null]}}}],"response_format":{"type":"json_object"}}`,
	} {
		request, err := api.ParseChat([]byte(body))
		require.NoError(t, err)
		v.Requests = append(v.Requests, asked{json.RawMessage(body), request.InputTokens()})
	}
	return v
}

// proofs returns proofs of receipts of the middle one of several batches.
func proofs(t *testing.T) []proofOf {
	records := make([]poa.Record, 5)
	for i := range records {
		records[i] = poa.Record{
			Session: hashOf("session"), N: uint64(i + 1), Commitment: hashOf(fmt.Sprint("receipt ", i)),
			InputTokens: 300, OutputTokens: 7,
			Fee:             poa.NewAmount(uint64(i) * 200_000_000_000_000_000),
			Entries:         []poa.Entry{{Rank: 1 << 40, WeightPPM: 600_000}, {Rank: 3, WeightPPM: 250_000}},
			UnattributedPPM: 150_000, Acknowledged: i%2 == 0, ModelID: 5, ModelVersion: 2, Method: poa.MethodMeaning,
		}
	}
	records[3].Method, records[3].Entries[0].LoraPPM = poa.MethodLora, 120_000
	leaves := make([]poa.Hash, len(records))
	for i, record := range records {
		leaves[i] = record.Leaf()
	}
	var out []proofOf
	for count := 1; count <= 7; count++ {
		roots := make([]poa.Hash, count)
		var mountain poa.MMR
		for i := range roots {
			if roots[i] = hashOf(fmt.Sprint("batch ", i)); i == count/2 {
				roots[i] = poa.MerkleRoot(leaves)
			}
			mountain.Append(roots[i])
		}
		proof, err := attributiontypes.BuildReceiptProof(records, count%len(records), roots, uint64(count/2))
		require.NoError(t, err)
		record := records[count%len(records)]
		one := proofOf{
			Record: fmt.Sprintf("%x", proof.Record), BatchRoot: fmt.Sprintf("%x", proof.BatchRoot), Index: proof.Index,
			Receipts: proof.Receipts,
			Path:     inHex(proof.Path), Leaf: proof.Leaf, Siblings: inHex(proof.Siblings), Count: proof.Count,
			Peaks: []string{},
			Call:  record.N, Fee: record.Fee.String(), Unattributed: record.UnattributedPPM,
		}
		for _, peak := range mountain.Peaks {
			one.Peaks = append(one.Peaks, peak.String())
		}
		for _, entry := range record.Entries {
			one.Weights, one.Lora = append(one.Weights, entry.WeightPPM), append(one.Lora, entry.LoraPPM)
		}
		out = append(out, one)
	}
	return out
}

func inHex(all [][]byte) []string {
	out := []string{}
	for _, one := range all {
		out = append(out, fmt.Sprintf("%x", one))
	}
	return out
}

// makeSession makes calls: an answer, a gap, an answer, and an acknowledgement.
func makeSession(t *testing.T, callKey poa.Hash) sessionOf {
	s := sessionOf{
		Seed: hashOf("session key"), AnswerSeed: hashOf("answer key"), ChainID: "openledger-1", ID: hashOf("session"),
		Provider: "0102030405060708090a0b0c0d0e0f1011121314",
		ModelID:  5, ModelVersion: 2,
	}
	key, answerKey := ed25519.NewKeyFromSeed(s.Seed[:]), ed25519.NewKeyFromSeed(s.AnswerSeed[:])
	copy(s.Public[:], key.Public().(ed25519.PublicKey))
	copy(s.AnswerKey[:], answerKey.Public().(ed25519.PublicKey))
	var provider []byte
	_, err := fmt.Sscanf(s.Provider, "%x", &provider)
	require.NoError(t, err)
	var p poa.Price
	p, s.Price = price(1_000_000, 4_000_000, 200_000)
	var head poa.Hash
	var last poa.Outcome
	var spent poa.Amount
	for n, said := range []string{"Hair grows.", "", "皮膚は伸びる。髪も。", "acknowledged"} {
		c := callOf{N: uint64(n + 1), QueryHash: hashOf(fmt.Sprint("query ", n)), Fee: "0"}
		max := poa.NewAmount(500_000)
		call := poa.Call{QueryHash: c.QueryHash, MaxFee: max}.Hash()
		if said == "acknowledged" {
			max, call, said = poa.Amount{}, poa.AckCall, ""
		}
		cumulative, err := spent.Add(max)
		require.NoError(t, err)
		head = poa.NextHash(head, call, last)
		voucher := poa.Voucher{
			ChainID: s.ChainID, Session: s.ID, Provider: provider, ModelID: s.ModelID, ModelVersion: s.ModelVersion,
			Price: p, N: c.N, Head: head,
			CumulativeMax: cumulative,
		}
		c.MaxFee, c.Call, c.Head, c.CumulativeMax = max.String(), call, head, cumulative.String()
		c.SignBytes, c.Signature = fmt.Sprintf(
			"%x",
			voucher.SignBytes(),
		), fmt.Sprintf(
			"%x",
			ed25519.Sign(key, voucher.SignBytes()),
		)
		last = poa.Outcome{}
		if said != "" {
			last = poa.Outcome{
				AnswerRoot:   poa.TextRoot(callKey, []byte(said), poa.MethodSPAN),
				InputTokens:  4,
				OutputTokens: uint32(len(poa.TokenIDs([]byte(said)))),
			}
			last.Fee, err = p.Total(last.InputTokens, last.OutputTokens)
			require.NoError(t, err)
			spent, err = spent.Add(last.Fee)
			require.NoError(t, err)
			signed := poa.SignedAnswer{ChainID: s.ChainID, Session: s.ID, N: c.N, Outcome: last}
			c.AnswerBytes, c.AnswerSigned = fmt.Sprintf(
				"%x",
				signed.SignBytes(),
			), fmt.Sprintf(
				"%x",
				ed25519.Sign(answerKey, signed.SignBytes()),
			)
		}
		c.AnswerRoot, c.InputTokens, c.OutputTokens, c.Fee = last.AnswerRoot, last.InputTokens, last.OutputTokens,
			last.Fee.String()
		s.Calls = append(s.Calls, c)
	}
	return s
}

// TestVectors: the file holds what the chain's own code computes.
func TestVectors(t *testing.T) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	require.NoError(t, encoder.Encode(compute(t)))
	if *write {
		require.NoError(t, os.WriteFile("vectors.json", encoded.Bytes(), 0o644))
	}
	stored, err := os.ReadFile("vectors.json")
	require.NoError(t, err)
	require.Equal(
		t,
		string(stored),
		encoded.String(),
		"run go test ./clients/vectors -write, and change the clients where the file has changed",
	)
}

// TestTables: the Python client has the chain's table of code points.
func TestTables(t *testing.T) {
	ours, err := os.ReadFile("../../poa/unicode_v2.txt")
	require.NoError(t, err)
	theirs, err := os.ReadFile("../python/openledger/unicode_v2.txt")
	require.NoError(t, err)
	require.Equal(t, ours, theirs)
}
