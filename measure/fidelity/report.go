package main

import "math"

// report is the last line of the output.
type report struct {
	// Span is measured on the folder of --corpus or else on prose, Code on Go source.
	Span SpanFigures  `json:"span"`
	Code *SpanFigures `json:"code,omitempty"`
	RAG  RAGFigures   `json:"rag"`
	// ForeignPaid is the share of the weight paid on answers of foreign text, of the first corpus; Code's is beside it.
	ForeignPaid     Number  `json:"foreign_paid"`
	ForeignPaidCode *Number `json:"foreign_paid_code,omitempty"`
	// RAGCode are the figures of method RAG on Go source.
	RAGCode *RAGFigures    `json:"rag_code,omitempty"`
	Stolen  StolenFigures  `json:"stolen"`
	Capture CaptureFigures `json:"captured"`
	// Meaning are the figures of method MEANING.
	Meaning MeaningFigures `json:"meaning"`
	// Violations counts all kinds, also where Index and Attribute disagree; IndexDisagreements are only those.
	Violations         int      `json:"violations"`
	IndexDisagreements int      `json:"index_disagreements"`
	Worlds             int      `json:"worlds"`
	Attribute500       Number   `json:"attribute_500_us"`
	Meaning500         Number   `json:"meaning_500_us"`
	IndexRate          Number   `json:"index_tokens_per_s"`
	BytesPerToken      Number   `json:"bytes_per_token"`
	IndexedTokens      int      `json:"indexed_tokens"`
	DisputeMicros      Number   `json:"dispute_us_max"`
	DisputeBytes       Number   `json:"dispute_bytes_max"`
	Corpus             string   `json:"corpus"`
	Seed               int64    `json:"seed"`
	Segments           int      `json:"segments"`
	Answers            int      `json:"answers"`
	Notes              []string `json:"notes,omitempty"`
}

func newReport(o options) *report {
	r := &report{
		Span: noSpanFigures(), RAG: noRAGFigures(), ForeignPaid: missing,
		Stolen: StolenFigures{missing, missing, missing, missing}, Capture: noCaptureFigures(), Meaning: noMeaningFigures(),
		DisputeMicros: missing, DisputeBytes: missing,
		Corpus: o.corpus, Seed: o.seed, Answers: o.answers,
	}
	if o.corpus == "" {
		r.Corpus = "prose"
	}
	return r
}

func (r *report) count(c worldCounts) {
	r.Violations, r.IndexDisagreements, r.Worlds = c.span.Violations(), c.index, c.span.Worlds
}

// measure runs everything that is measured per corpus. It returns nil if no answers can be planted in it.
func (r *report) measure(s *setting) (*bench, error) {
	if len(s.clean) == 0 {
		return nil, nil
	}
	figures, b, foreign, err := measureSpan(s)
	if err != nil {
		return nil, err
	}
	if figures.TVSlope, figures.SlopeSizes, err = measureSlope(s); err != nil {
		return nil, err
	}
	if figures.LDS, err = measureLDS(s); err != nil {
		return nil, err
	}
	stolen, err := measureStolen(s)
	if err != nil {
		return nil, err
	}
	paraphrases, err := measureParaphrase(s)
	if err != nil {
		return nil, err
	}
	if s.name == "code" {
		foreignCode := Number(foreign)
		r.Code, r.ForeignPaidCode, r.RAGCode = &figures, &foreignCode, &paraphrases.rag
		r.Meaning.ParaphrasesCode = &paraphrases.meaning
	} else {
		r.Span, r.ForeignPaid, r.RAG = figures, Number(foreign), paraphrases.rag
		r.Meaning.Paraphrases = &paraphrases.meaning
		r.Segments = min(s.options.segments, len(s.clean))
	}
	r.Stolen = worse(r.Stolen, stolen)
	r.Capture = r.Capture.worse(paraphrases.capture)
	r.Stolen.NearRetrievalMax = r.Capture.Near
	r.Meaning.capture(paraphrases.meaningCapture)
	return b, nil
}

// worse keeps the larger loss of two corpora.
func worse(a, b StolenFigures) StolenFigures {
	return StolenFigures{
		larger(a.Copies16, b.Copies16), larger(a.Split8, b.Split8), larger(a.NearRetrievalMax, b.NearRetrievalMax),
		larger(a.Near1in5Quote, b.Near1in5Quote),
	}
}

func larger(a, b Number) Number {
	if math.IsNaN(float64(a)) || b > a {
		return b
	}
	return a
}
