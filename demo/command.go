// Package demo tells the whole story on one machine: a chain starts, authors
// contribute text, a model is served, a question is asked, and the authors of
// the words in the answer are paid.
package demo

import (
	"fmt"
	"io"
	"os"
	"slices"

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
	lora       bool
	keep       bool
	json       bool
	result     io.Writer // of the JSON object
	engine     string    // extractive, embedded or openai
	base       string    // of the embedded engine; "" for the one that ships
	model      string    // name at modelURL
	modelURL   string    // of a server that speaks OpenAI's API
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
recomputes the receipts. Where openledgerd-faults is beside this program (make faults),
that of the last one lies, and what becomes of its pay is shown.

With --review panels of bonded reviewers decide what enters the DataNet, spam and
copies among it, and one of them accepts everything unread: who voted how, why texts
were refused, and what reviewers earned and lost is shown.

With --openai-url a language model answers in its own words from what was retrieved:
any server that speaks OpenAI's API. Its answers pay authors for what their words
mean (method MEANING). With --engine embedded it is a small one in the gateway itself, of
a million parameters, which needs nothing else; --base takes another from a folder.

With --lora an adapter of that model is trained on the notes of each of two fields, in less than
a minute, and published with the record of its training. Both are asked at the same time; what
authors earn by the words of answers and by what their notes taught the adapter is shown.
--corpus takes a folder with a sub-folder for each field, which has one for each author.`,
		Example: `openlorad demo
openlorad demo --corpus examples/dermatology
openlorad demo --ask "What does http.Client do with redirects?" --ask "When is a mutex better than a channel?"
openlorad demo --queries 5 --json
openlorad demo --validators 4
openlorad demo --review --corpus examples/dermatology
openlorad demo --keep
openlorad demo --engine embedded
openlorad demo --lora
openlorad demo --openai-url http://127.0.0.1:11434/v1 --openai-model llama3.2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.queries < 0 {
				return fmt.Errorf("--queries must not be negative")
			}
			if opts.validators < 1 || opts.validators > maxValidators || opts.validators > 1 && opts.validators < 4 {
				return fmt.Errorf("--validators must be 1, or 4 to %d: a single liar among two or three stops every verdict",
					maxValidators)
			}
			if opts.model != "" && opts.modelURL == "" {
				return fmt.Errorf("--openai-model names a model at --openai-url: give both")
			}
			if err := opts.checkLora(cmd); err != nil {
				return err
			}
			if err := opts.chooseEngine(); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if opts.json { // which stdout is for
				opts.result, out = out, cmd.ErrOrStderr()
			}
			colour := !opts.noColor && os.Getenv("NO_COLOR") == "" && !opts.json && term.IsTerminal(int(os.Stdout.Fd()))
			return run(cmd.Context(), opts, printer{w: out, colour: colour,
				terminal: term.IsTerminal(int(os.Stderr.Fd()))})
		},
	}
	f := cmd.Flags()
	f.StringVar(
		&opts.corpus, "corpus", "", "folder of text, one sub-folder for each author (default the documentation of Go's "+
			"standard library)")
	f.StringArrayVar(&opts.asks, "ask", nil, "question to ask; repeatable")
	f.IntVar(&opts.queries, "queries", 0, "questions to ask in all, filled up from the built-in list")
	f.IntVar(&opts.validators, "validators", 1,
		fmt.Sprintf("validators of the chain, 1 to %d; with more than one they attest the receipts", maxValidators))
	f.BoolVar(&opts.review, "review", false, "have panels of bonded reviewers decide what is accepted")
	f.BoolVar(&opts.lora, "lora", false, "train adapters on the notes of specialists, publish them, and ask them")
	f.BoolVar(&opts.keep, "keep", false, "leave chain and gateway running, and say how to stop them")
	f.BoolVar(&opts.json, "json", false, "print one JSON object; what happens goes to stderr")
	f.StringVar(
		&opts.engine, "engine", "", "what answers: extractive, embedded or openai (default extractive, or what other "+
			"flags ask for)")
	f.StringVar(
		&opts.base, "base", "", "model of the embedded engine: a Hugging Face folder or a GGUF file (default the small "+
			"one that ships)")
	f.StringVar(&opts.modelURL, "openai-url", "",
		"OpenAI-compatible API of a language model that answers, with its version (default quotes of the text)")
	f.StringVar(&opts.model, "openai-model", "", "name of the model there")
	f.BoolVar(&opts.noColor, "no-color", false, "print without colour")
	return cmd
}

// checkLora refuses what a demo of adapters does not do.
func (o *options) checkLora(cmd *cobra.Command) error {
	if !o.lora {
		return nil
	}
	for _, name := range []string{"review", "validators", "engine", "base", "openai-url", "openai-model"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--lora and --%s do not go together: adapters are trained on the base that ships", name)
		}
	}
	return nil
}

// chooseEngine completes the engine from the flags that only one of them has.
func (o *options) chooseEngine() error {
	if o.engine == "" {
		switch {
		case o.modelURL != "":
			o.engine = engineOpenAI
		case o.base != "":
			o.engine = engineEmbedded
		default:
			o.engine = engineExtractive
		}
	}
	switch {
	case !slices.Contains([]string{engineExtractive, engineEmbedded, engineOpenAI}, o.engine):
		return fmt.Errorf("--engine %q: choose %s, %s or %s", o.engine, engineExtractive, engineEmbedded, engineOpenAI)
	case (o.engine == engineOpenAI) != (o.modelURL != ""):
		return fmt.Errorf("--engine %s and --openai-url belong together", engineOpenAI)
	case o.engine != engineEmbedded && o.base != "":
		return fmt.Errorf("--base is the model of --engine %s", engineEmbedded)
	}
	return nil
}

// Engines of the gateway.
const (
	engineExtractive = "extractive"
	engineEmbedded   = "embedded"
	engineOpenAI     = "openai"
)

// questions returns what to ask: the user's questions, then the corpus's, at
// least one.
func (o options) questions(list []string) []string {
	questions := append([]string(nil), o.asks...)
	for i := 0; len(questions) < max(o.queries, 1); i++ {
		questions = append(questions, list[i%len(list)])
	}
	return questions
}
