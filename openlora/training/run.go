package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/influence"
	"github.com/openledger/openledger/slm/kernel"
	"github.com/openledger/openledger/slm/train"
)

// Options are the options of Run. They do not change its result.
type Options struct {
	// Folder is where the results are written, and the state of a training that was stopped. It is made if it is missing.
	Folder  string
	Threads int // 0 means one for each core of the machine
	// Report, if not nil, is called with the progress.
	Report func(Progress)
}

// Progress says how far a training is.
type Progress struct {
	Stage     string // "training" or "influence"
	Done, All int    // steps, or texts
	Loss      float64
	Left      time.Duration // estimated time; 0 while it is not known
}

// Result is the result of a training.
type Result struct {
	Folder      string
	Artifact    [32]byte // SHA-256 of ArtifactFile
	Influence   [32]byte // SHA-256 of InfluenceFile
	Record      Record
	Rows        []poa.InfluenceRow
	First, Last float64 // losses of the first and the last step, in nats a token
	Tokens      int     // number of tokens that the training read
	Texts       int
	Parameters  int
}

// saveEvery is the interval between two saves of the state.
const saveEvery = 20 * time.Second

// Run trains an adapter and computes the influence of each contribution. If ctx ends, it saves the state and returns
// the error of ctx. The same call then continues.
func Run(ctx context.Context, b *Base, s Settings, contributions []Contribution, o Options) (*Result, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if len(contributions) == 0 || len(contributions) > poa.MaxInfluenceRows {
		return nil, fmt.Errorf("%d contributions; give 1 to %d", len(contributions), poa.MaxInfluenceRows)
	}
	if err := file.MakeFolder(o.Folder, 0o755); err != nil {
		return nil, err
	}
	learned, err := texts(ctx, b, s, contributions)
	if err != nil {
		return nil, err
	}
	result := &Result{Folder: o.Folder, Texts: len(learned)}
	if err := trainAdapter(ctx, b, s, learned, o, result); err != nil {
		return nil, err
	}
	artifact := filepath.Join(o.Folder, ArtifactFile)
	if result.Artifact, err = digestOf(artifact); err != nil {
		return nil, err
	}
	trained, err := adapter.Open(artifact)
	if err != nil {
		return nil, err
	}
	defer trained.Close()
	lowRank, err := influence.Open(b.Model.Model, trained)
	if err != nil {
		return nil, err
	}
	tokens := make([]uint32, len(contributions))
	for i, c := range contributions {
		tokens[i] = c.Tokens
	}
	clock := newClock("influence", o.Report)
	rows, err := influence.Compute(ctx, lowRank, learned, tokens, influence.Options{
		Threads: o.Threads, Progress: func(done, all int) { clock.tell(done, all, 0) },
	})
	if err != nil {
		return nil, err
	}
	result.Rows = rowsOf(contributions, rows)
	if result.Record, err = newRecord(b, s, result.Rows, o.Folder); err != nil {
		return nil, err
	}
	copy(result.Influence[:], result.Record.InfluenceDigest)
	text, err := json.MarshalIndent(result.Record, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := file.Write(filepath.Join(o.Folder, RecordFile), append(text, '\n'), 0o644); err != nil {
		return nil, err
	}
	if err := file.Write(filepath.Join(o.Folder, CardFile), card(b, s, contributions, result), 0o644); err != nil {
		return nil, err
	}
	err = os.Remove(filepath.Join(o.Folder, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return result, err
}

// trainAdapter begins or continues a training, and writes the artifact.
func trainAdapter(ctx context.Context, b *Base, s Settings, learned []influence.Text, o Options, result *Result) error {
	examples := make([]train.Example, len(learned))
	for i := range learned {
		examples[i] = learned[i].Example
	}
	pool := kernel.NewPool(o.Threads)
	defer pool.Close()
	trainer, err := train.New(b.Model.Model, s.Settings, examples, pool)
	if err != nil {
		return err
	}
	state := filepath.Join(o.Folder, stateFile)
	if _, err := os.Stat(state); err == nil {
		if err := trainer.Resume(state); err != nil {
			return fmt.Errorf("%w; remove it, or name another folder", err)
		}
	}
	result.Parameters = trainer.Parameters()
	clock, saved := newClock("training", o.Report), time.Now()
	err = trainer.Run(ctx, func(r train.Report) error {
		if result.First == 0 {
			result.First = r.Loss
		}
		result.Last, result.Tokens = r.Loss, r.Tokens
		clock.tell(r.Step, r.Steps, r.Loss)
		if time.Since(saved) < saveEvery {
			return nil
		}
		saved = time.Now()
		return trainer.Save(state)
	})
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), trainer.Save(state))
	}
	if err != nil {
		return err
	}
	// The state is kept until everything is written, because what follows may be stopped, too.
	if err := trainer.Save(state); err != nil {
		return err
	}
	scale, changes := trainer.LowRank()
	var targets []adapter.Target
	for _, c := range changes {
		targets = append(targets, adapter.Target{Layer: c.Layer, Projection: c.Projection, A: c.A, B: c.B})
	}
	trained, err := adapter.New(s.Rank, scale, targets)
	if err != nil {
		return err
	}
	config := b.Checkpoint.Config
	trained.Interleaved = config.RopeInterleaved
	if trained, err = trained.As(ArtifactType); err != nil {
		return err
	}
	return trained.WriteFile(filepath.Join(o.Folder, ArtifactFile), config, b.name())
}

// clock estimates how long a stage still takes.
type clock struct {
	mu     sync.Mutex // several goroutines process texts
	stage  string
	report func(Progress)
	begin  time.Time
	first  int // steps or texts that were done before
}

func newClock(stage string, report func(Progress)) *clock {
	return &clock{stage: stage, report: report, begin: time.Now(), first: -1}
}

func (c *clock) tell(done, all int, loss float64) {
	if c.report == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := Progress{Stage: c.stage, Done: done, All: all, Loss: loss}
	if c.first < 0 {
		c.first = done - 1
	}
	if n := done - c.first; n > 0 {
		p.Left = time.Since(c.begin) / time.Duration(n) * time.Duration(all-done)
	}
	c.report(p)
}
