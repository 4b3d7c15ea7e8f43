package audit

import (
	"encoding/hex"
	"fmt"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Status of a step.
type Status string

// Statuses. A skipped step needs data that were not given; the results of the other steps are valid without it.
const (
	Passed  Status = "ok"
	Failed  Status = "FAIL"
	Skipped Status = "skip"
)

// Step is one comparison.
type Step struct {
	// Name is stable, for programs.
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Text says what was compared, for people.
	Text string `json:"text"`
	// Computed and Recorded are the two values in full, where there are two.
	Computed string `json:"computed,omitempty"`
	Recorded string `json:"recorded,omitempty"`
	// Leaf of the segment that the step follows to a root.
	Leaf string `json:"leaf,omitempty"`
}

// Facts are what the chain recorded.
type Facts struct {
	Batch        uint64 `json:"batch"`
	Height       int64  `json:"height"`
	Provider     string `json:"provider"`
	ProviderSeq  uint64 `json:"provider_seq"`
	Model        uint64 `json:"model"`
	ModelVersion uint32 `json:"model_version"`
	InputTokens  uint32 `json:"input_tokens"`
	OutputTokens uint32 `json:"output_tokens"`
	// Fee is in aopen.
	Fee          string `json:"fee"`
	Acknowledged bool   `json:"acknowledged"`
	Commitment   string `json:"commitment"`
	BatchRoot    string `json:"batch_root"`
	EvidenceRoot string `json:"evidence_root"`
	PayloadHash  string `json:"payload_hash"`
}

func recorded(r attributiontypes.Receipt, b attributiontypes.Batch) Facts {
	return Facts{
		Batch: b.Id, Height: b.Height, Provider: b.Provider, ProviderSeq: b.ProviderSeq,
		Model: r.ModelId, ModelVersion: r.ModelVersion, InputTokens: r.InputTokens, OutputTokens: r.OutputTokens,
		Fee: r.Fee.String(), Acknowledged: r.Acknowledged, Commitment: hex.EncodeToString(r.Commitment),
		BatchRoot: hex.EncodeToString(b.Root), EvidenceRoot: hex.EncodeToString(b.EvidenceRoot),
		PayloadHash: hex.EncodeToString(b.PayloadHash),
	}
}

// Entry is what one contribution weighs, and what that earned.
type Entry struct {
	Rank        uint64 `json:"rank"`
	DataNet     uint64 `json:"datanet"`
	Contributor string `json:"contributor"`
	WeightPPM   uint32 `json:"weight_ppm"`
	// LoraPPM is the part of WeightPPM that the contribution gets for training the adapter, by method LORA.
	LoraPPM uint32 `json:"lora_ppm,omitempty"`
	// DataShare of the contributor is in aopen, without bonus and without what
	// the owner of the DataNet takes.
	DataShare string `json:"data_share"`
}

// Run is a run of words of the answer that one segment explains.
type Run struct {
	// Position is the first word in the answer, Length the number of words.
	Position uint32 `json:"position"`
	Length   uint32 `json:"length"`
	Rank     uint64 `json:"rank"`
	Segment  uint32 `json:"segment"`
	// Offset is the first word in the segment.
	Offset uint32 `json:"offset"`
	// ScoreBits of the best alignment through the run.
	ScoreBits float64 `json:"score_bits"`
	// Text is that of the segment: the answer has the same words, perhaps in
	// other case and with other punctuation.
	Text string `json:"text"`
}

// Report says what was recomputed, step by step.
type Report struct {
	ID       string `json:"id"`
	OK       bool   `json:"ok"`
	Recorded Facts  `json:"recorded"`
	Steps    []Step `json:"steps"`
	// Entries are those of the receipt as recorded.
	Entries         []Entry `json:"entries"`
	UnattributedPPM uint32  `json:"unattributed_ppm"`
	// Runs are recomputed.
	Runs []Run `json:"runs,omitempty"`
}

// Failed counts the failed steps.
func (r Report) Failed() int {
	failed := 0
	for _, step := range r.Steps {
		if step.Status == Failed {
			failed++
		}
	}
	return failed
}

func (a *audit) add(step Step) bool {
	a.report.Steps = append(a.report.Steps, step)
	return step.Status == Passed
}

// same adds a step that compares two values.
func (a *audit) same(name, what, computed, recorded string) bool {
	if computed == recorded {
		return a.add(
			Step{Name: name, Status: Passed, Text: fmt.Sprintf("%s %s", what, short(computed)), Computed: computed,
				Recorded: recorded})
	}
	return a.add(Step{
		Name: name, Status: Failed, Computed: computed, Recorded: recorded,
		Text: fmt.Sprintf("%s %s, recorded %s", what, short(computed), short(recorded)),
	})
}

// truth adds a step with one text for each outcome.
func (a *audit) truth(name string, ok bool, passed, failed string) bool {
	if ok {
		return a.add(Step{Name: name, Status: Passed, Text: passed})
	}
	return a.add(Step{Name: name, Status: Failed, Text: failed})
}

// skip adds a step that needs data that were not given.
func (a *audit) skip(name, why string) { a.add(Step{Name: name, Status: Skipped, Text: why}) }

// short cuts a hash for people; the full one is in the step.
func short(value string) string {
	if len(value) == 64 {
		return value[:16] + "…"
	}
	return value
}
