// Command make trains the base model that ships, from the documentation of Go's standard library: text that every
// machine has that can build this project. The result has the same bytes on every machine. `make base-model` runs it.
//
//	make GOROOT FOLDER
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/checkpoint"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/model"
	"github.com/openledger/openledger/slm/tokenizer"
	"github.com/openledger/openledger/slm/train"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: make GOROOT FOLDER")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, goroot, folder string) error {
	entries, err := documentation(goroot)
	if err != nil {
		return err
	}
	var texts []string
	hash := sha256.New()
	for _, e := range entries {
		fmt.Fprintf(hash, "%s\x00%s\x00", e.name, e.text)
		texts = append(texts, strings.Join(prose(e.text), "\n\n"))
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != base.TextDigest {
		return fmt.Errorf("the documentation in %s has the hash %s, the base is made of %s: use %s", goroot, got,
			base.TextDigest, base.TextVersion)
	}
	fmt.Printf("%d comments; learning the vocabulary\n", len(entries))
	vocabulary, err := tokenizer.Train(texts, tokenizer.Recipe{
		Tokens: base.Vocabulary, Special: base.Special(), BOS: base.Begin, EOS: base.End, Split: tokenizer.SplitSmolLM,
		ChatTemplate: base.ChatTemplate,
	})
	if err != nil {
		return err
	}
	config := base.Config()
	learned := examples(vocabulary, entries)
	tokens := 0
	for _, e := range learned {
		tokens += len(e.Tokens)
	}
	first, err := train.Init(config, 1)
	if err != nil {
		return err
	}
	start, err := checkpoint.New(config, first)
	if err != nil {
		return err
	}
	pool := kernel.NewPool(runtime.NumCPU())
	defer pool.Close()
	untrained, err := model.New(start, pool)
	if err != nil {
		return err
	}
	settings := train.FullSettings()
	settings.Epochs, settings.LearningRate, settings.Seed = 1, 3e-3, 1
	settings.ContextTokens, settings.BatchTokens, settings.Accumulation = base.Positions, 2*base.Positions, 2
	settings.EvalPart, settings.EvalEvery = 0.005, 200
	trainer, err := train.New(untrained, settings, learned, pool)
	if err != nil {
		return err
	}
	steps, _ := trainer.Steps()
	fmt.Printf("%d examples of %d tokens, %d numbers to learn in %d steps\n", len(learned), tokens, trainer.Parameters(),
		steps)
	state := filepath.Join(os.TempDir(), "openledger-base.safetensors")
	if _, err := os.Stat(state); err == nil {
		if err := trainer.Resume(state); err != nil {
			fmt.Println("beginning anew:", err)
		}
	}
	begin, before := time.Now(), 0
	err = trainer.Run(ctx, func(r train.Report) error {
		if before == 0 {
			before = r.Tokens
		}
		if r.Step%25 == 0 || r.EvalLoss != nil {
			line := fmt.Sprintf("step %d of %d, loss %.3f, %.0f tokens/s", r.Step, r.Steps, r.Loss,
				float64(r.Tokens-before)/time.Since(begin).Seconds())
			if r.EvalLoss != nil {
				line += fmt.Sprintf(", of text that it has not read %.3f", *r.EvalLoss)
			}
			fmt.Println(line)
		}
		if r.Step%100 == 0 {
			return trainer.Save(state)
		}
		return nil
	})
	if err != nil {
		if ctx.Err() != nil {
			_ = trainer.Save(state)
			return fmt.Errorf("stopped; the same command goes on: %w", err)
		}
		return err
	}
	if err := os.RemoveAll(state); err != nil {
		return err
	}
	return write(folder, config, trainer.Tensors(), vocabulary)
}

// write writes the model in half precision, with its tokenizer.
func write(folder string, config checkpoint.Config, tensors []checkpoint.Tensor, t *tokenizer.Tokenizer) error {
	trained, err := checkpoint.New(config, tensors)
	if err != nil {
		return err
	}
	half := checkpoint.F16
	if err := trained.WriteFolder(folder, checkpoint.Options{DType: &half}); err != nil {
		return err
	}
	for name, encode := range map[string]func() ([]byte, error){"tokenizer.json": t.JSON,
		"tokenizer_config.json": t.Settings} {
		text, err := encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	digest, err := checkpoint.Digest(folder)
	if err != nil {
		return err
	}
	fmt.Printf("written to %s, digest %x\n", folder, digest)
	if hex.EncodeToString(digest[:]) != base.Pinned {
		return fmt.Errorf("the base that ships has the digest %s: copy the files to slm/base/files and set base.Pinned, or "+
			"find out what differs", base.Pinned)
	}
	fmt.Println("the same bytes as the base that ships")
	return nil
}
