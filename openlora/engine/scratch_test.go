package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/terms"
	"github.com/openledger/openledger/poa"
)

func TestScratch(t *testing.T) {
	var segs []string
	x := terms.NewIndex()
	filepath.Walk("../../examples/dermatology", func(p string, i os.FileInfo, err error) error {
		if strings.HasSuffix(p, ".md") && !strings.HasSuffix(p, "README.md") || strings.HasSuffix(p, ".txt") && !strings.HasSuffix(p, "questions.txt") {
			b, _ := os.ReadFile(p)
			for _, s := range poa.Split(b) {
				segs = append(segs, string(s))
				x.Add(string(s))
			}
		}
		return nil
	})
	fmt.Println(len(segs))
	qs, _ := os.ReadFile("../../examples/dermatology/questions.txt")
	more, _ := os.ReadFile("/tmp/devq.txt")
	for q := range strings.Lines(string(qs) + string(more)) {
		q = strings.TrimSpace(q)
		if q == "" {
			continue
		}
		var pass [][]byte
		var cov []int64
		for _, i := range x.Rank(q, 6) {
			pass = append(pass, []byte(segs[i]))
			c, a := engine.Coverage(q, segs[i], x.Rarity)
			cov = append(cov, 100*c/max(a, 1))
		}
		_, err := engine.Extractive{}.Answer(context.Background(), engine.Request{Messages: []api.Message{{Role: "user", Content: q}}, Passages: pass, Rarity: x.Rarity, MaxTokens: 1024}, func(string) error { return nil })
		fmt.Printf("Q %-100.100s %v %v\n", q, cov, err)
	}
}
