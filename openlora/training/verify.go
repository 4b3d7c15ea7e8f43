package training

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/checkpoint"
)

// Published is what the chain records of a version, and its published files, if they are at hand.
type Published struct {
	Artifact [32]byte // digest
	Record   Record

	ArtifactPath, InfluencePath string // the published files, to say where others differ; may be empty
}

// Comparison is the result of a repeated training.
type Comparison struct {
	*Result
	SameArtifact, SameInfluence bool
	Differences                 []string // the first difference of each kind, for people
}

// Equal reports whether adapter and influence file are the published ones.
func (c *Comparison) Equal() bool {
	return c.SameArtifact && c.SameInfluence && len(c.Differences) == 0
}

// Verify trains again with the settings of a record, and compares the result with what was published.
func Verify(ctx context.Context, b *Base, p Published, contributions []Contribution, o Options) (*Comparison, error) {
	s, err := p.Record.settings()
	if err != nil {
		return nil, err
	}
	if err := b.CheckDigest(p.Record.BaseDigest); err != nil {
		return nil, err
	}
	result, err := Run(ctx, b, s, contributions, o)
	if err != nil {
		return nil, err
	}
	c := &Comparison{
		Result: result, SameArtifact: result.Artifact == p.Artifact,
		SameInfluence: bytes.Equal(result.Influence[:], p.Record.InfluenceDigest),
	}
	if !c.SameArtifact {
		c.differ("%s: the digest is %x, %x was published", ArtifactFile, result.Artifact, p.Artifact)
		if err := c.compareArtifacts(p.ArtifactPath); err != nil {
			return nil, err
		}
	}
	if !c.SameInfluence {
		c.differ("%s: the digest is %x, %x was published", InfluenceFile, result.Influence, p.Record.InfluenceDigest)
		if err := c.compareInfluence(p.InfluencePath); err != nil {
			return nil, err
		}
	}
	for _, root := range []struct {
		name            string
		found, recorded []byte
	}{
		{"sketch_root", result.Record.SketchRoot, p.Record.SketchRoot},
		{"table_root", result.Record.TableRoot, p.Record.TableRoot},
	} {
		if !bytes.Equal(root.found, root.recorded) {
			c.differ("%s is %x, %x was recorded", root.name, root.found, root.recorded)
		}
	}
	if result.Record.Rows != p.Record.Rows {
		c.differ("%d contributions, %d were recorded", result.Record.Rows, p.Record.Rows)
	}
	return c, nil
}

// settings returns the settings of a record, and an error if the record cannot be reproduced here.
func (r Record) settings() (Settings, error) {
	if r.EngineVersion != EngineVersion {
		return Settings{}, fmt.Errorf("the record is of engine version %d, this openlorad computes version %d: use one that "+
			"computes that version", r.EngineVersion, EngineVersion)
	}
	s, err := ParseSettings(r.Settings)
	if err == nil && strconv.FormatUint(s.Seed, 10) != r.Seed {
		err = fmt.Errorf("the record's seed is %s, that of its settings %d", r.Seed, s.Seed)
	}
	return s, err
}

func (c *Comparison) differ(format string, args ...any) {
	c.Differences = append(c.Differences, fmt.Sprintf(format, args...))
}

// compareArtifacts adds the first number in which the artifact differs from the one at path.
func (c *Comparison) compareArtifacts(path string) error {
	if path == "" {
		return nil
	}
	found, err := adapter.Open(filepath.Join(c.Folder, ArtifactFile))
	if err != nil {
		return err
	}
	defer found.Close()
	published, err := adapter.Open(path)
	if err != nil {
		c.differ("what was published is no adapter that can be read: %v", err)
		return nil
	}
	defer published.Close()
	if found.Rank != published.Rank || found.Scale != published.Scale || len(found.Targets) != len(published.Targets) {
		c.differ("rank %d, scale %v, %d projections; published are %d, %v and %d", found.Rank, found.Scale,
			len(found.Targets), published.Rank, published.Scale, len(published.Targets))
		return nil
	}
	for i, own := range found.Targets {
		other := published.Targets[i]
		for matrix, tensors := range [2][2]checkpoint.Tensor{{own.A, other.A}, {own.B, other.B}} {
			name := fmt.Sprintf("layer %d, %s, lora_%c", own.Layer, own.Projection, "AB"[matrix])
			if own.Layer != other.Layer || own.Projection != other.Projection {
				c.differ("%s stands where layer %d, %s was published", name, other.Layer, other.Projection)
				return nil
			}
			if differs, err := c.compareTensors(name, tensors[0], tensors[1]); err != nil || differs {
				return err
			}
		}
	}
	c.differ("all numbers of the adapters are the same: the files differ in how they are written")
	return nil
}

func (c *Comparison) compareTensors(name string, own, other checkpoint.Tensor) (bool, error) {
	first, err := own.Values()
	if err != nil {
		return false, err
	}
	second, err := other.Values()
	if err != nil {
		return false, err
	}
	if own.DType != other.DType || len(first) != len(second) {
		c.differ("%s is %s %v, %s %v was published", name, own.DType, own.Shape, other.DType, other.Shape)
		return true, nil
	}
	for i := range first {
		if math.Float32bits(first[i]) != math.Float32bits(second[i]) {
			c.differ("first at %s, number %d: %v, %v was published", name, i, first[i], second[i])
			return true, nil
		}
	}
	return false, nil
}

// compareInfluence adds the first row in which the influence file differs from the one at path.
func (c *Comparison) compareInfluence(path string) error {
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	published, err := poa.UnmarshalInfluence(data)
	if err != nil {
		c.differ("what was published is no influence file: %v", err)
		return nil
	}
	for i, row := range c.Rows {
		switch {
		case i >= len(published) || published[i].Rank != row.Rank:
			c.differ("contribution %d has no row where it should stand", row.Rank)
			return nil
		case published[i] != row:
			c.differ("first at contribution %d: %d tokens, %d ppm; published are %d and %d; the sketches are the same: %t",
				row.Rank, row.Tokens, row.SharePPM, published[i].Tokens, published[i].SharePPM,
				published[i].Sketch == row.Sketch)
			return nil
		}
	}
	if len(published) > len(c.Rows) {
		c.differ("contribution %d was published and is not in the manifest", published[len(c.Rows)].Rank)
	}
	return nil
}
