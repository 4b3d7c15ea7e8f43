package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/content/corpus"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	// importMemory is the memory limit of Go's garbage collector while files are read, in bytes.
	importMemory = 320 << 20
	// progressStep is the time between two messages about the progress of a long import.
	progressStep = 3 * time.Second
)

// importFiles reads and splits path. It prints its progress to stderr if that takes long.
func importFiles(cmd *cobra.Command, path string) (corpus.Prepared, error) {
	if os.Getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(importMemory))
	}
	hidden, _ := cmd.Flags().GetBool(flagHidden)
	allow, _ := cmd.Flags().GetBool(flagAllowFewStop)
	var at atomic.Pointer[string]
	changes, _ := cmd.Flags().GetInt(flagShowChanges)
	options := corpus.Options{Hidden: hidden, Changes: changes, Progress: func(done int, path string) {
		now := fmt.Sprintf("reading %s (%d files before it)", printableName(path), done)
		at.Store(&now)
	}}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(progressStep)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				if now := at.Load(); now != nil {
					cmd.PrintErrln(*now)
				}
			}
		}
	}()
	prepared, err := corpus.Import(cmd.Context(), path, options, poa.SegmentRules{AllowFewStopWords: allow})
	close(stop)
	<-stopped
	if err != nil {
		err = printableError{err}
	}
	return prepared, err
}

// printFiles prints what each file gave, for some of those that were taken and some of those that were not.
func printFiles(cmd *cobra.Command, prepared corpus.Prepared) {
	limit, _ := cmd.Flags().GetInt(flagShowFiles)
	limit = max(limit, 0)
	width := 0
	shown := make([]corpus.File, 0, len(prepared.Files))
	taken, others := 0, 0
	for _, file := range prepared.Files {
		count := &others
		if file.Taken() {
			count = &taken
		}
		if *count++; *count <= limit {
			shown = append(shown, file)
			width = max(width, min(len([]rune(printableName(file.Path))), 50))
		}
	}
	for _, file := range shown {
		cmd.PrintErrf("%-10s  %-*s  %s\n", outcome(file), width, printableName(file.Path), summary(file))
		const parts = 5
		for i, part := range file.Parts {
			if i == parts {
				cmd.PrintErrf("            … and %d more parts that were not taken\n", len(file.Parts)-parts+file.MoreParts)
				break
			}
			cmd.PrintErrf("            %s %s\n", printableName(part.Place), printableName(part.Reason))
		}
		printChanges(cmd, file)
	}
	if hidden := max(0, taken-limit) + max(0, others-limit); hidden > 0 {
		cmd.PrintErrf("… and %d more files, %d of them not taken: --%s FILE lists all, --%s %d shows them\n", hidden,
			max(0, others-limit), flagReport, flagShowFiles, max(taken, others))
	}
}

func outcome(file corpus.File) string {
	switch {
	case file.LeftOut:
		return "left out"
	case file.Taken():
		return "taken"
	}
	return "not taken"
}

// summary returns what a file gave, or why it gave nothing.
func summary(file corpus.File) string {
	if !file.Taken() {
		return printableName(strings.Join(append([]string{file.Reason}, file.Notes...), "; "))
	}
	said := []string{
		fmt.Sprintf("%s, %s, %s", plural(file.Documents, "document"), plural(file.Segments, "segment"),
			plural(int(file.Tokens), "token"))}
	if file.Refused > 0 {
		said = append(said, plural(file.Refused, "segment")+" refused")
	}
	if file.Repeated > 0 {
		said = append(said, plural(file.Repeated, "segment")+" read before")
	}
	return printableName(strings.Join(append(said, file.Notes...), "; "))
}

// writeReport writes what each file gave to the file of --report.
func writeReport(cmd *cobra.Command, prepared corpus.Prepared) error {
	name, _ := cmd.Flags().GetString(flagReport)
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("--%s: %w", flagReport, err)
	}
	buffered := bufio.NewWriter(file)
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	for _, f := range prepared.Files {
		line.Reset()
		if err = encoder.Encode(f); err != nil {
			break
		}
		if _, err = buffered.WriteString(visibleJSON(line.Bytes())); err != nil {
			break
		}
	}
	return errors.Join(err, buffered.Flush(), file.Close())
}

// preparedReport is what `data prepare --json` prints. Fields about the segment file are left out when none is written.
type preparedReport struct {
	Error       string          `json:"error,omitempty"`
	Files       []corpus.File   `json:"files"`
	Taken       int             `json:"taken"`
	NotTaken    int             `json:"not_taken"`
	LeftOut     int             `json:"left_out"`
	Documents   int             `json:"documents"`
	Segments    int             `json:"segments"`
	Refused     int             `json:"refused"`
	Repeated    int             `json:"repeated"`
	Tokens      uint64          `json:"tokens"`
	Bytes       int             `json:"bytes,omitempty"`
	Content     string          `json:"content,omitempty"`
	Deposit     string          `json:"deposit_aopen,omitempty"` // at the default parameters
	Root        string          `json:"root,omitempty"`
	WrittenTo   string          `json:"written_to,omitempty"`
	RefusedList []refusedReport `json:"refused_segments,omitempty"`
}

type refusedReport struct {
	Document string `json:"document"`
	Begins   string `json:"begins"`
	Reason   string `json:"reason"`
}

// reportOf returns the report about a segment file that was written.
func reportOf(prepared corpus.Prepared, encoded []byte, output, contributor string) (preparedReport, error) {
	file := prepared.File
	report := preparedReport{
		Bytes: len(encoded), Content: contentHash(encoded).String(), WrittenTo: output,
		Deposit: requiredDeposit(datanettypes.DefaultParams(), file.Tokens()).String(),
	}
	if contributor != "" {
		root, err := rootFor(file, contributor)
		if err != nil {
			return report, err
		}
		report.Root = root.String()
	}
	return report, nil
}

// printPreparedJSON completes a report and prints it.
func printPreparedJSON(cmd *cobra.Command, prepared corpus.Prepared, report preparedReport) error {
	report.Files, report.Taken, report.NotTaken, report.LeftOut = prepared.Files, prepared.Taken(), prepared.NotTaken(),
		prepared.LeftOut()
	report.Documents, report.Segments, report.Tokens = prepared.Documents, len(prepared.File.Segments),
		prepared.File.Tokens()
	report.Refused, report.Repeated = prepared.Refused, prepared.Repeated
	limit, _ := cmd.Flags().GetInt(flagShowSkipped)
	for _, skipped := range prepared.Skipped[:max(0, min(len(prepared.Skipped), limit))] {
		report.RefusedList = append(report.RefusedList,
			refusedReport{Document: skipped.Document, Begins: preview(skipped.Text), Reason: skipped.Reason.Error()})
	}
	encoded, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	cmd.Println(visibleJSON(encoded))
	return nil
}
