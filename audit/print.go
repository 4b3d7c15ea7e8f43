package audit

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"cosmossdk.io/math"
)

// WriteText prints a report for people; contents adds the text of each run.
func (r Report) WriteText(w io.Writer, contents bool) error {
	p := &printer{w: w}
	p.facts(r)
	for _, step := range r.Steps {
		p.printf("%-4s %s\n", step.Status, step.Text)
	}
	p.entries(r)
	if contents {
		p.runs(r.Runs)
	}
	return p.err
}

// printer keeps the first error of writing.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) facts(r Report) {
	f := r.Recorded
	p.printf("receipt       %s\n", r.ID)
	p.printf("batch         %d at height %d, number %d of %s\n", f.Batch, f.Height, f.ProviderSeq, f.Provider)
	p.printf("model         %d, version %d\n", f.Model, f.ModelVersion)
	p.printf("tokens        %d input, %d output\n", f.InputTokens, f.OutputTokens)
	p.printf("fee           %s OPEN, acknowledged: %t\n", openText(f.Fee), f.Acknowledged)
	p.printf("commitment    %s\n", f.Commitment)
	p.printf("batch root    %s\n", f.BatchRoot)
	p.printf("evidence      %s\n", f.EvidenceRoot)
	p.printf("payload hash  %s\n\n", f.PayloadHash)
}

func (p *printer) entries(r Report) {
	if len(r.Entries) == 0 {
		return
	}
	p.printf("\n")
	table := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "rank\tDataNet\tweight %\tdata share OPEN\tcontributor\t")
	for _, entry := range r.Entries {
		fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%s\t\n", entry.Rank, entry.DataNet, percent(entry.WeightPPM),
			openText(entry.DataShare), entry.Contributor)
	}
	fmt.Fprintf(table, "\t\t%s\t\tunattributed\t\n", percent(r.UnattributedPPM))
	if err := table.Flush(); p.err == nil {
		p.err = err
	}
}

// runs quotes the text: what a stranger wrote must not steer the terminal.
func (p *printer) runs(runs []Run) {
	for _, run := range runs {
		p.printf("\nwords %d to %d of the answer: segment %d of contribution %d, words %d to %d, %.1f bits\n  %s\n",
			run.Position+1, run.Position+run.Length, run.Segment, run.Rank, run.Offset+1, run.Offset+run.Length, run.ScoreBits,
			strconv.Quote(strings.Join(strings.Fields(run.Text), " ")))
	}
}

// percent prints parts per million.
func percent(ppm uint32) string { return fmt.Sprintf("%d.%04d", ppm/10_000, ppm%10_000) }

// openText prints aopen, given in digits, as OPEN.
func openText(aopen string) string {
	amount, ok := math.NewIntFromString(aopen)
	if !ok {
		return aopen + " aopen"
	}
	return open(amount)
}

// trimZeros shortens a decimal fraction without changing it.
func trimZeros(text string) string {
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
