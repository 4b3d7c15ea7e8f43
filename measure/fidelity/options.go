package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/openledger/openledger/measure/fidelity/corpus"
)

// options are the flags of a run.
type options struct {
	corpus   string
	table    string
	seed     int64
	segments int
	answers  int
	worlds   int
	only     bool
	lora     bool
	leaveOut bool
	model    string // of leaveOut; empty for the base that ships
	// answersFile and sourcesFile are a set of answers of a language model and its passages, measured instead of all else.
	answersFile, sourcesFile string
}

func parseOptions() (options, error) {
	o := options{answers: 60}
	flag.StringVar(
		&o.corpus, "corpus", "", "measure on this folder, one contributor per sub-folder; default: Go source and the "+
			"English of its comments")
	flag.StringVar(&o.table, "table", corpus.TableProtocol,
		"token weights: protocol, as on the chain, corpus, or auto (the registry's own table from 1,000,000 tokens on)")
	flag.Int64Var(&o.seed, "seed", 1, "seed of everything random")
	flag.IntVar(&o.segments, "segments", 10_000,
		"registered segments at most; the slope is measured from a tenth to four times as many")
	flag.Func("answers", "answers per row of a table (default 60); or a file of answers of a language model, which is "+
		"measured and nothing else", o.setAnswers)
	flag.StringVar(&o.sourcesFile, "sources", "", "the passages of a file of --answers")
	flag.IntVar(&o.worlds, "worlds", 30_000, "random worlds per rule")
	flag.BoolVar(&o.only, "only-worlds", false,
		"search random worlds for the rule of the chain and nothing else; fail if one is found")
	flag.BoolVar(&o.lora, "lora", false, "measure method LORA against exact retraining, and nothing else")
	flag.BoolVar(&o.leaveOut, "leave-out", false,
		"measure whether a language model can tell what a sentence comes from, and nothing else")
	flag.StringVar(&o.model, "model", "",
		"model of --leave-out: a Hugging Face folder or a GGUF file; default: the base that ships")
	flag.Parse()
	switch {
	case (o.answersFile == "") != (o.sourcesFile == ""):
		return o, fmt.Errorf("a file of --answers needs its --sources, and the other way round")
	case o.model != "" && !o.leaveOut:
		return o, fmt.Errorf("--model is the model of --leave-out: give both")
	case flag.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: see -help", flag.Arg(0))
	case o.segments < 1 || o.answers < 1 || o.worlds < 0:
		return o, fmt.Errorf("--segments and --answers must be positive, --worlds not negative")
	case o.table != corpus.TableAuto && o.table != corpus.TableCorpus && o.table != corpus.TableProtocol:
		return o, fmt.Errorf("--table is %q: use auto, corpus or protocol", o.table)
	}
	return o, nil
}

// setAnswers takes a number of answers or a file of them.
func (o *options) setAnswers(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		o.answersFile = value
		return nil
	}
	o.answers = n
	return nil
}

var started = time.Now()

// progress tells on stderr what is under way.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
}
