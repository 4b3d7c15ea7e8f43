package main

import (
	"github.com/openledger/openledger/measure/fidelity/answers"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
)

// MeaningFigures are the figures of method MEANING on answers of a language model, over all sets, by bits.
type MeaningFigures struct {
	// Right, RightDocument and Wrong are parts of what English sentences with sources owe: paid to a listed passage, to a
	// passage of a listed document (with the listed passages), and to others. UnsourcedPaid is the part of the bits of the
	// other sentences of these answers that is paid.
	Right         Number `json:"right"`
	RightDocument Number `json:"right_document"`
	Wrong         Number `json:"wrong"`
	UnsourcedPaid Number `json:"unsourced_paid"`
	// OffTopicPaid is the part of answers about something else that is paid, in all languages.
	OffTopicPaid Number `json:"off_topic_paid"`
	// The same as RightDocument for answers that are not in English: all of them, those in Latin and Cyrillic script, and
	// the rest.
	OtherLanguagesRight Number `json:"other_languages_right"`
	LatinCyrillicRight  Number `json:"latin_cyrillic_right"`
	HanKanaArabicRight  Number `json:"han_kana_arabic_right"`
	// ThiefMax is the most that a thief takes of what thief and owner are paid, over all attacks on these answers and on
	// paraphrases, with provenance computed.
	ThiefMax Number `json:"thief_max"`
	// Attacks are the attacks on these answers, and Captured the attacks on paraphrases.
	Attacks  *AttackFigures  `json:"attacks,omitempty"`
	Captured *CaptureFigures `json:"captured,omitempty"`
	// Paraphrases are the figures on paraphrases of prose, or of the folder of --corpus, and ParaphrasesCode those on Go
	// source.
	Paraphrases     *ParaphraseFigures `json:"paraphrases,omitempty"`
	ParaphrasesCode *ParaphraseFigures `json:"paraphrases_code,omitempty"`
}

// ParaphraseFigures are the figures of method MEANING on paraphrased answers.
type ParaphraseFigures struct {
	// Reached is the part of what the owners are owed that reaches them, by level: none, light, heavy, fused.
	Reached [4]Number `json:"reached"`
	// Figures of the worst level.
	Recall Number `json:"recall3"`
	TV     Number `json:"tv"`
	// ReachedSearched is Reached of the worst level if the sources need not be among the segments that are looked at; the
	// better of both searches.
	ReachedSearched Number `json:"reached_searched"`
	// ForeignPaid is the share of the weight that answers of foreign text pay if all their words search for what is looked
	// at. ForeignPaidAsked is the share if only their six rarest words do.
	ForeignPaid      Number `json:"foreign_paid"`
	ForeignPaidAsked Number `json:"foreign_paid_asked"`
}

func noParaphraseFigures() ParaphraseFigures {
	return ParaphraseFigures{[4]Number{missing, missing, missing, missing}, missing, missing, missing, missing, missing}
}

// note stores the figures of a row.
func (f *ParaphraseFigures) note(retrieval paraphrase.Retrieval, row paraphrased) {
	if retrieval != paraphrase.Given {
		f.ReachedSearched = larger(f.ReachedSearched, Number(row.reached))
		return
	}
	for i, reached := range row.levels {
		f.Reached[i] = Number(reached)
	}
	f.Recall, f.TV, f.ForeignPaid, f.ForeignPaidAsked = Number(row.recall), Number(row.tv), Number(row.foreign),
		Number(row.foreignAsked)
}

func noMeaningFigures() MeaningFigures {
	return MeaningFigures{
		Right: missing, RightDocument: missing, Wrong: missing, UnsourcedPaid: missing, OffTopicPaid: missing,
		OtherLanguagesRight: missing, LatinCyrillicRight: missing, HanKanaArabicRight: missing, ThiefMax: missing,
	}
}

// meaningFigures returns the figures of scores by group.
func meaningFigures(by map[answers.Group]answers.Score) MeaningFigures {
	out := noMeaningFigures()
	english, latin, han := by[answers.English], by[answers.Latin], by[answers.Han]
	out.Right, out.RightDocument = ratio(english.Right, english.Owed), ratio(english.Right+english.Document, english.Owed)
	out.Wrong, out.UnsourcedPaid = ratio(english.Wrong, english.Owed), ratio(english.FreePaid, english.Free)
	out.LatinCyrillicRight, out.HanKanaArabicRight = ratio(latin.Right+latin.Document, latin.Owed),
		ratio(han.Right+han.Document, han.Owed)
	others := latin
	others.Add(han)
	out.OtherLanguagesRight = ratio(others.Right+others.Document, others.Owed)
	others.Add(english)
	out.OffTopicPaid = ratio(others.OffTopicPaid, others.OffTopic)
	return out
}

// capture stores the losses of a corpus where they are larger.
func (f *MeaningFigures) capture(c CaptureFigures) {
	if f.Captured != nil {
		c = c.worse(*f.Captured)
	}
	f.Captured = &c
	f.ThiefMax = larger(f.ThiefMax, larger(c.Near, larger(c.Paraphrased, c.Stuffed)))
}

// answers stores the figures on answers of a language model.
func (f *MeaningFigures) answers(a MeaningFigures, attacks AttackFigures) {
	a.Captured, a.Paraphrases, a.ParaphrasesCode = f.Captured, f.Paraphrases, f.ParaphrasesCode
	a.Attacks, a.ThiefMax = &attacks, larger(f.ThiefMax, attacks.thiefMax())
	*f = a
}
