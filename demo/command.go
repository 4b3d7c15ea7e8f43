// Package demo tells the whole story on one machine: a chain starts, authors
// contribute text, a model is served, a question is asked, and the authors of
// the words in the answer are paid.
package demo

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// options of a run.
type options struct {
	corpus     string
	asks       []string
	queries    int
	validators int
	review     bool
	keep       bool
	json       bool
	result     io.Writer // of the JSON object
	model      string    // name at modelURL
	modelURL   string    // of a server that speaks OpenAI's API; "" for the extractive engine
	noColor    bool
}

// NewCommand returns `openlorad demo`.
func NewCommand() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Start a chain, ask a question, and see who is paid",
		Long: `Start a chain of one validator and a gateway on free ports of this machine, have
authors contribute real text by signed transactions, ask questions, and show which
passages shaped the answers and what their authors earned. Nothing is left behind
unless --keep is given.

By default the text is the documentation of Go's standard library on this machine.
--corpus takes a folder with a sub-folder of .md, .txt or .jsonl files for each author;
questions.txt in it holds questions, one a line.

With --validators the chain has as many, each with an attestor that fetches and
recomputes the receipts; that of the last one lies, and what becomes of its pay is
shown.

With --review panels of bonded reviewers decide what enters the DataNet, spam and
copies among it, and one of them accepts everything unread: who voted how, why texts
were refused, and what reviewers earned and lost is shown.

With --openai-url a language model answers in its own words from what was retrieved:
any server that speaks OpenAI's API. Its answers pay authors for what their words
mean (method MEANING).`,
		Example: `openlorad demo
openlorad demo --corpus examples/dermatology
openlorad demo --ask "What does http.Client do with redirects?" --ask "When is a mutex better than a channel?"
openlorad demo --queries 5 --json
openlorad demo --validators 4
openlorad demo --review --corpus examples/dermatology
openlorad demo --keep
openlorad demo --openai-url http://127.0.0.1:11434/v1 --openai-model llama3.2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.queries < 0 {
				return fmt.Errorf("--queries must not be negative")
			}
			if opts.validators < 1 || opts.validators > maxValidators || opts.validators > 1 && opts.validators < 4 {
				return fmt.Errorf("--validators must be 1, or 4 to %d: a single liar among two or three stops every verdict", maxValidators)
			}
			if opts.model != "" && opts.modelURL == "" {
				return fmt.Errorf("--openai-model names a model at --openai-url: give both")
			}
			out := cmd.OutOrStdout()
			if opts.json { // which stdout is for
				opts.result, out = out, cmd.ErrOrStderr()
			}
			colour := !opts.noColor && os.Getenv("NO_COLOR") == "" && !opts.json && term.IsTerminal(int(os.Stdout.Fd()))
			return run(cmd.Context(), opts, printer{w: out, colour: colour})
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.corpus, "corpus", "", "folder of text, one sub-folder for each author (default the documentation of Go's standard library)")
	f.StringArrayVar(&opts.asks, "ask", nil, "question to ask; repeatable")
	f.IntVar(&opts.queries, "queries", 0, "questions to ask in all, filled up from the built-in list")
	f.IntVar(&opts.validators, "validators", 1, fmt.Sprintf("validators of the chain, 1 to %d; with more than one they attest the receipts", maxValidators))
	f.BoolVar(&opts.review, "review", false, "have panels of bonded reviewers decide what is accepted")
	f.BoolVar(&opts.keep, "keep", false, "leave chain and gateway running, and say how to stop them")
	f.BoolVar(&opts.json, "json", false, "print one JSON object; what happens goes to stderr")
	f.StringVar(&opts.modelURL, "openai-url", "", "OpenAI-compatible API of a language model that answers, with its version (default quotes of the text)")
	f.StringVar(&opts.model, "openai-model", "", "name of the model there")
	f.BoolVar(&opts.noColor, "no-color", false, "print without colour")
	return cmd
}

// questions returns what to ask: the user's questions, then the corpus's, at
// least one.
func (o options) questions(list []string) []string {
	questions := append([]string(nil), o.asks...)
	for i := 0; len(questions) < max(o.queries, 1); i++ {
		questions = append(questions, list[i%len(list)])
	}
	return questions
}
