// Package demo shows the whole product on one machine: it starts a chain, contributes text of several authors, serves a
// model, asks a question, and shows how the authors of the words in the answer are paid.
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
passages shaped the answers and what their authors earned. Nothing is left running
or on the disk unless --keep is given.

By default the text is the documentation of Go's standard library on this machine, or the
notes of specialists that ship with the program if Go is not installed.
--corpus takes a folder with a sub-folder of .md, .txt or .jsonl files for each author;
questions.txt in it holds questions, one a line.

With --validators N the chain has N validators, each with an attestor that fetches and
recomputes the receipts. If openledgerd-faults is beside this program (make faults), the
attestor of the last validator lies, and the demo shows how it loses its pay.

With --review panels of bonded reviewers decide what enters the DataNet. Spam and copies
are among the texts, and one reviewer accepts everything unread. The demo shows the votes,
the reasons of refusals, and what reviewers earned and lost.

With --openai-url a language model answers in its own words from the retrieved passages:
any server that speaks OpenAI's API. Its answers pay authors by the meaning of words
(method MEANING). With --engine embedded the gateway itself runs a small model of a
million parameters, which needs nothing else; --base takes another model from a folder.

With --lora the demo trains adapters of that model on the notes of two fields, in less than
a minute, and publishes them with their training records. It asks both at the same time, and
shows what authors earn by the words of answers and by what their notes taught the adapters.
--corpus takes a folder with a sub-folder for each field, with a sub-folder for each author.`,
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
			if opts.json { // stdout is for the JSON object
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

// checkLora returns an error for options that a demo of adapters does not support.
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
