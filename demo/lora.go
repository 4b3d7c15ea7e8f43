package demo

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	sdkmath "cosmossdk.io/math"

	"golang.org/x/sync/errgroup"

	"github.com/openledger/openledger/examples/specialists"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/openlora/render"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/openlora/training"
	"github.com/openledger/openledger/slm/base"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	// loraEpochs is the number of passes over the notes: enough to learn most answers word for word.
	loraEpochs = "60"
	// parentPPM is the part of an adapter owner's share that goes to the base's owner, in ppm.
	parentPPM = 300_000
	// mostFields is the largest number of adapters that a demo trains.
	mostFields = 4
)

// field is the subject of one adapter, with its text and its results.
type field struct {
	source             *source
	authors            []author
	datanetID, version uint64
	modelID            uint64
	trained            string // folder of the trained adapter
	client             *session.Client
}

// lora holds the fields of a demo of adapters, and the base that they share.
type lora struct {
	fields []*field
	baseID uint64
}

// readFields reads a folder for each field, or the notes of the two specialists that ship.
func (w *world) readFields(ctx context.Context) error {
	folder := w.opts.corpus
	if folder == "" {
		folder = filepath.Join(w.home, "notes")
		if err := os.CopyFS(folder, specialists.Notes); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	w.lora = &lora{}
	w.source = &source{title: notesTitle}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		read, err := readSource(ctx, filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		w.lora.fields = append(w.lora.fields, &field{source: read})
		w.source.contributors = append(w.source.contributors, read.contributors...)
		w.source.questions = append(w.source.questions, read.questions...)
		w.progress("read      notes on %s: %d authors, %d tokens", read.title, len(read.contributors), read.tokens)
	}
	if n := len(w.lora.fields); n == 0 || n > mostFields {
		return fmt.Errorf("%s has %d folders; give one for each field, at most %d, with a folder for each author in it",
			folder, n, mostFields)
	}
	return nil
}

// contributeFields creates a DataNet for each field and contributes its notes.
func (w *world) contributeFields(ctx context.Context) error {
	all := w.authors
	defer func() { w.authors = all }()
	for _, f := range w.lora.fields {
		// The accounts of all authors are in the order of the fields.
		n := len(f.source.contributors)
		w.authors, all = all[:n:n], append(all[n:], all[:n]...)
		w.source.title, w.provenance = f.source.title, nil
		for _, step := range []func(context.Context) error{w.createDataNet, w.contribute, w.awaitHeld} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		copy(all[len(all)-n:], w.authors) // with their ranks
		f.authors, f.datanetID, f.version = w.authors, w.datanetID, w.version
	}
	w.source.title = notesTitle
	return nil
}

// publishBase registers the base that ships.
func (w *world) publishBase(ctx context.Context) error {
	digest, err := hex.DecodeString(base.Pinned)
	if err != nil {
		return err
	}
	w.lora.baseID, err = w.registerModel(ctx, &modelstypes.MsgRegisterModel{
		Owner: w.owner.String(), Name: base.Name, Kind: modelstypes.MODEL_KIND_BASE, Digest: digest,
		Method: modelstypes.ATTRIBUTION_METHOD_MEANING, Royalty: sdkmath.ZeroInt(),
	})
	if err == nil {
		w.progress("base      %s registered as model %d", base.Name, w.lora.baseID)
	}
	return err
}

// train trains an adapter on each field's notes, as `openlorad train` does.
func (w *world) train(ctx context.Context) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	for _, f := range w.lora.fields {
		f.trained = filepath.Join(w.home, "trained-"+f.source.title)
		cmd := exec.CommandContext(ctx, binary, "train", "--home", filepath.Join(w.home, "trainer"), "--node", w.address(3),
			"--content", w.contentDir(), "--datanet", fmt.Sprintf("%d@%d", f.datanetID, f.version), "--format", "qa",
			"--epochs", loraEpochs, "--output", f.trained, "--parent", strconv.FormatUint(w.lora.baseID, 10))
		var log bytes.Buffer
		cmd.Stderr = &log
		if w.print.terminal {
			cmd.Stderr = os.Stderr // shows the progress
		}
		if out, err := cmd.Output(); err != nil {
			return fmt.Errorf("openlorad train: %w\n%s%s", err, out, &log)
		}
		w.progress("trained   an adapter on %s, %s times over", f.source.title, loraEpochs)
	}
	return nil
}

// publishAdapters puts the trained adapters into the content store, and registers them with their training records.
func (w *world) publishAdapters(ctx context.Context) error {
	for _, f := range w.lora.fields {
		var digest []byte
		for _, name := range []string{training.InfluenceFile, training.ArtifactFile} {
			file, err := os.ReadFile(filepath.Join(f.trained, name))
			if err != nil {
				return err
			}
			hash, err := w.store.Put(ctx, file)
			if err != nil {
				return err
			}
			digest = hash[:]
		}
		text, err := os.ReadFile(filepath.Join(f.trained, training.RecordFile))
		if err != nil {
			return err
		}
		var record modelstypes.TrainingRecord
		if err := w.chain.Codec().UnmarshalJSON(text, &record); err != nil {
			return fmt.Errorf("%s: %w", training.RecordFile, err)
		}
		f.modelID, err = w.registerModel(ctx, &modelstypes.MsgRegisterModel{
			Owner: w.adapterOwner.String(), Name: f.source.title + "-adapter", Kind: modelstypes.MODEL_KIND_ADAPTER,
			ParentId: w.lora.baseID, ParentPpm: parentPPM, Digest: digest,
			Manifest: []modelstypes.ManifestEntry{{DatanetId: f.datanetID, Version: f.version}},
			Method:   modelstypes.ATTRIBUTION_METHOD_LORA, Royalty: royalty, Training: &record,
		})
		if err != nil {
			return err
		}
		w.progress("published the adapter on %s as model %d, with the record of its training", f.source.title, f.modelID)
	}
	var ids []uint64
	for _, f := range w.lora.fields {
		ids = append(ids, f.modelID)
	}
	return w.offer(ctx, ids...)
}

// converseLora asks all adapters at the same time, and reports.
func (w *world) converseLora(ctx context.Context) error {
	if err := w.openSessions(ctx); err != nil {
		return err
	}
	supplyBefore, err := w.supply(ctx)
	if err != nil {
		return err
	}
	for i := range w.authors {
		if w.authors[i].before, err = w.wealth(ctx, w.authors[i]); err != nil {
			return err
		}
	}
	answers := make([][]exchange, len(w.lora.fields))
	group, asking := errgroup.WithContext(ctx)
	for i, f := range w.lora.fields {
		questions := w.opts.questions(f.source.questions)
		if len(w.opts.asks) == 0 && w.opts.queries == 0 {
			questions = f.source.questions
		}
		group.Go(func() error {
			for _, question := range questions {
				e, err := w.ask(asking, f.client, question)
				if err != nil {
					return fmt.Errorf("ask %q: %w\n%s", question, err, tail(w.gateway.log, 2048))
				}
				if e.proof.Gap {
					w.progress("silent    %s Nothing is charged, and nobody is paid.", e.answer)
					continue
				}
				answers[i] = append(answers[i], e)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var exchanges []exchange
	for i, f := range w.lora.fields {
		for k := range answers[i] {
			if err := w.awaitReward(ctx, f.client, &answers[i][k]); err != nil {
				return err
			}
		}
		exchanges = append(exchanges, answers[i]...)
	}
	return w.reportLora(ctx, answers, exchanges, supplyBefore.Supply)
}

// openSessions opens a session with each adapter.
func (w *world) openSessions(ctx context.Context) error {
	for _, f := range w.lora.fields {
		info, err := w.awaitModel(ctx, f.modelID)
		if err != nil {
			return err
		}
		f.client, err = session.Open(ctx, w.chain, w.payer, w.gatewayURL(), info, coin(open(depositOpen)), "")
		if err != nil {
			return err
		}
		if f.client.MaxFee, err = outbox.ParseAmount(maxFeeAopen); err != nil {
			return err
		}
	}
	w.progress("sessions  opened with %d adapters on one base", len(w.lora.fields))
	return nil
}

// awaitModel waits until the gateway lists a model. It lists an adapter as soon as it has read its provider's offer,
// which may be after it has begun to serve.
func (w *world) awaitModel(ctx context.Context, id uint64) (info api.ModelInfo, err error) {
	limit, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	err = w.gateway.waitFor(limit, fmt.Sprintf("model %d at the gateway", id), func(ctx context.Context) error {
		list, err := session.Models(ctx, w.gatewayURL())
		if err != nil {
			return err
		}
		for _, m := range list.Data {
			if m.OpenLedger != nil && m.OpenLedger.ModelID == id {
				info = *m.OpenLedger
				return nil
			}
		}
		return errors.New("the gateway does not list it")
	})
	return info, err
}

// reportLora prints what happened.
func (w *world) reportLora(ctx context.Context, answers [][]exchange, exchanges []exchange,
	supplyBefore sdkmath.Int) error {
	names := make(map[string]string)
	for _, author := range w.authors {
		names[author.account.String()] = author.name
	}
	supplyAfter, err := w.supply(ctx)
	if err != nil {
		return err
	}
	for i, f := range w.lora.fields {
		w.print.title(fmt.Sprintf("Adapter on %s: model %d on base %d", f.source.title, f.modelID, w.lora.baseID))
		for _, e := range answers[i] {
			w.print.answer(e)
			w.print.taught(e, names)
		}
		if len(answers[i]) > 0 {
			w.lineage(answers[i])
		}
	}
	invariants := w.checkInvariants(ctx, exchanges)
	if len(exchanges) > 0 {
		w.summary(w.lora.fields[0].client, supplyBefore, supplyAfter.Supply, invariants)
	}
	if w.opts.json {
		result := newResult(exchanges, supplyBefore, supplyAfter.Supply, invariants == nil)
		result.Running = w.running()
		if err := json.NewEncoder(w.opts.result).Encode(result); err != nil {
			return err
		}
	}
	return invariants
}

// taught prints who was paid for an answer, and how much of it was for the influence of their notes on the adapter.
func (p printer) taught(e exchange, names map[string]string) {
	tab := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "\n   contributor\tweight\tfor its words\tfor its training\tOPEN earned\n")
	training := make(map[uint64]uint32)
	for _, source := range e.proof.Sources {
		training[source.Contribution] = source.LoraPPM
	}
	sum := uint32(0)
	for _, entry := range e.payout.Entries {
		lora := training[entry.Rank]
		sum += lora
		fmt.Fprintf(tab, "   %s\t%s\t%s\t%s\t%s\n", names[entry.Contributor], render.Percent(entry.WeightPpm),
			render.Percent(entry.WeightPpm-min(lora, entry.WeightPpm)), render.Percent(lora),
			openAmount(entry.Amount.Add(entry.Bonus)))
	}
	fmt.Fprintf(tab, "   unattributed\t%s\t\t\t\n", render.Percent(e.receipt.UnattributedPpm))
	tab.Flush()
	p.printf("   receipt %s in block %d; the part for training is %s, at most 30 %%\n", e.receipt.Id, e.receipt.Height,
		render.Percent(sum))
}

// lineage prints what the owners of the adapter and of its base earned with answers.
func (w *world) lineage(of []exchange) {
	total := sdkmath.ZeroInt()
	for _, e := range of {
		total = total.Add(e.payout.Lineage)
	}
	base := total.MulRaw(parentPPM).QuoRaw(1_000_000)
	w.print.printf("\n   lineage: %s OPEN of these answers, %s to the owner of the adapter and %s to that of its base\n",
		openAmount(total), openAmount(total.Sub(base)), openAmount(base))
}

// loraModels returns the gateway's flags for a demo of adapters. It needs no --model, because the gateway serves the
// adapters that the provider offers.
func (w *world) loraModels() []string {
	return strings.Fields("--engine " + engineEmbedded + " --adapters")
}
