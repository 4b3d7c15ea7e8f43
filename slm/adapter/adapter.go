package adapter

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/openledger/openledger/slm/checkpoint"
)

// maxRank is the highest rank that is read.
const maxRank = 1 << 12

// An Adapter is an open adapter. It may be read by several goroutines at once; Close ends every use of its tensors.
type Adapter struct {
	Rank    int
	Scale   float32  // factor of B·(A·x)
	Base    string   // name of the base model in the file; it proves nothing and may be empty
	Targets []Target // sorted by layer and by the order of checkpoint.Projections

	// Interleaved says that the rows of B of q_proj and k_proj are in the order of checkpoint.Config.RopeInterleaved, as
	// in GGUF files of llama.
	Interleaved bool

	files []io.Closer
}

// A Target is the change of one projection.
type Target struct {
	Layer      int
	Projection string            // one of checkpoint.Projections
	A          checkpoint.Tensor // [rank, in]
	B          checkpoint.Tensor // [out, rank]
}

// Open opens a PEFT folder, a file of WriteFile, or a GGUF file, and maps its weights. The name of a file does not
// matter.
func Open(path string) (*Adapter, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openFolder(path)
	}
	for _, pickle := range []string{".bin", ".pt", ".pth"} {
		if strings.HasSuffix(path, pickle) {
			return nil, errPickle(path)
		}
	}
	beginning, err := readBeginning(path)
	if err != nil {
		return nil, err
	}
	if beginning == ggufMagic {
		return openGGUF(path)
	}
	return openFile(path)
}

const ggufMagic = "GGUF"

// readBeginning returns the first bytes of a file, which tell its format. Files of a content store have no extension.
func readBeginning(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	beginning := make([]byte, len(ggufMagic))
	n, err := io.ReadFull(file, beginning)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return string(beginning[:n]), nil
}

func errPickle(path string) error {
	return fmt.Errorf("%s is a pickle, which runs code when it is read, and is refused; save the adapter with PEFT's "+
		"save_pretrained, which writes %s", path, weightsFile)
}

// New returns an adapter of tensors in memory.
func New(rank int, scale float32, targets []Target) (*Adapter, error) {
	a := &Adapter{Rank: rank, Scale: scale, Targets: slices.Clone(targets)}
	return a, a.validate()
}

// Close unmaps the weights. Tensors must not be used afterwards.
func (a *Adapter) Close() error {
	errs := make([]error, 0, len(a.files))
	for _, file := range a.files {
		errs = append(errs, file.Close())
	}
	a.files, a.Targets = nil, nil
	return errors.Join(errs...)
}

// pairs collects the two matrices of each projection, in whatever order a file has them.
type pairs map[string]*Target

// add adds the matrix A or B of a projection.
func (p pairs) add(layer int, projection string, isA bool, matrix checkpoint.Tensor) {
	target := p[matrix.Name]
	if target == nil {
		target = &Target{Layer: layer, Projection: projection}
		p[matrix.Name] = target
	}
	if isA {
		target.A = matrix
	} else {
		target.B = matrix
	}
}

// targets returns the targets in no order; validate sorts them.
func (p pairs) targets() []Target {
	all := make([]Target, 0, len(p))
	for _, target := range p {
		all = append(all, *target)
	}
	return all
}

func place(projection string) int { return slices.Index(checkpoint.Projections[:], projection) }

// validate sorts the targets and checks what can be checked without a base.
func (a *Adapter) validate() error {
	if a.Rank < 1 || a.Rank > maxRank {
		return fmt.Errorf("the adapter's rank is %d; it must be 1 to %d", a.Rank, maxRank)
	}
	if scale := float64(a.Scale); math.IsNaN(scale) || math.IsInf(scale, 0) {
		return errors.New("the adapter's scale is not a finite number")
	}
	if len(a.Targets) == 0 {
		return errors.New("the adapter changes nothing")
	}
	slices.SortFunc(a.Targets, func(x, y Target) int {
		if x.Layer != y.Layer {
			return x.Layer - y.Layer
		}
		return place(x.Projection) - place(y.Projection)
	})
	for i, target := range a.Targets {
		name := fmt.Sprintf("%s of layer %d", target.Projection, target.Layer)
		switch {
		case place(target.Projection) < 0 || target.Layer < 0:
			return fmt.Errorf("%s is no projection that adapters change; those are %v", name, checkpoint.Projections)
		case i > 0 && a.Targets[i-1].Layer == target.Layer && a.Targets[i-1].Projection == target.Projection:
			return fmt.Errorf("%s is changed twice", name)
		case len(target.A.Shape) != 2 || len(target.B.Shape) != 2:
			return fmt.Errorf("%s needs both lora_A and lora_B, of two dimensions", name)
		case target.A.Shape[0] != a.Rank || target.B.Shape[1] != a.Rank:
			return fmt.Errorf("%s has the shapes %v and %v; the rank is %d", name, target.A.Shape, target.B.Shape, a.Rank)
		}
		for _, tensor := range []checkpoint.Tensor{target.A, target.B} {
			if err := tensor.Validate(); err != nil {
				return err
			}
		}
	}
	return nil
}

// As returns the adapter with its numbers rounded to a type by checkpoint.Encode, in memory of its own. It is an error
// if a number is too large for the type.
func (a *Adapter) As(dtype checkpoint.DType) (*Adapter, error) {
	out := &Adapter{
		Rank: a.Rank, Scale: a.Scale, Base: a.Base, Targets: slices.Clone(a.Targets), Interleaved: a.Interleaved,
	}
	for i := range out.Targets {
		for _, tensor := range []*checkpoint.Tensor{&out.Targets[i].A, &out.Targets[i].B} {
			values, err := tensor.Values()
			if err != nil {
				return nil, err
			}
			if tensor.Data, err = checkpoint.Encode(dtype, values); err != nil {
				return nil, fmt.Errorf("%s: %w", tensor.Name, err)
			}
			tensor.DType = dtype
		}
	}
	return out, out.validate()
}

// For returns the targets for a model of the configuration, and an error if the adapter was made for another model.
// Rows of B of q and k are copied to the order of config.RopeInterleaved. Other tensors are shared with a.
func (a *Adapter) For(config checkpoint.Config) ([]Target, error) {
	targets := slices.Clone(a.Targets)
	for i, target := range targets {
		out, in, _ := config.ProjectionShape(target.Projection)
		if target.Layer >= config.Layers || target.A.Shape[1] != in || target.B.Shape[0] != out {
			return nil, fmt.Errorf("the adapter changes %s of layer %d from %d to %d elements; the model has %d layers, and "+
				"%d to %d there: use the adapter's own base", target.Projection, target.Layer, target.A.Shape[1],
				target.B.Shape[0], config.Layers, in, out)
		}
		if a.Interleaved != config.RopeInterleaved {
			targets[i].B = config.Reorder(target.B, config.RopeInterleaved)
		}
	}
	return targets, nil
}

// Merge returns the functions for [checkpoint.Options.Change] that write the weights of a checkpoint with the adapter
// merged into them. Sums over the rank are float64. Each weight is rounded once more, to the type that is written.
func (a *Adapter) Merge(config checkpoint.Config) (map[string]func(weights []float32) error, error) {
	targets, err := a.For(config)
	if err != nil {
		return nil, err
	}
	change := make(map[string]func([]float32) error, len(targets))
	for _, target := range targets {
		change[checkpoint.ProjectionName(target.Layer, target.Projection)] = func(weights []float32) error {
			return target.add(weights, a.Rank, a.Scale)
		}
	}
	return change, nil
}

// add adds scale·B·A to weights [out, in].
func (t Target) add(weights []float32, rank int, scale float32) error {
	first, err := t.A.Values()
	if err != nil {
		return err
	}
	second, err := t.B.Values()
	if err != nil {
		return err
	}
	in := t.A.Shape[1]
	sums := make([]float64, in)
	for row := range t.B.Shape[0] {
		clear(sums)
		for r := range rank {
			b := float64(second[row*rank+r])
			// Products of two 32-bit numbers are exact in 64 bits, so a fused multiplication changes nothing.
			for i, x := range first[r*in : (r+1)*in] {
				sums[i] += float64(b * float64(x))
			}
		}
		for i, sum := range sums {
			weights[row*in+i] = float32(float64(weights[row*in+i]) + float64(float64(scale)*sum))
		}
	}
	return nil
}
