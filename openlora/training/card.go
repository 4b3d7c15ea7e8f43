package training

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// cardRows is the largest number of contributions that a model card lists.
const cardRows = 20

// card returns the model card, in Markdown.
func card(b *Base, s Settings, contributions []Contribution, r *Result) []byte {
	var out strings.Builder
	out.WriteString("# Adapter\n\n")
	fmt.Fprintf(&out, "An adapter (LoRA) of rank %d on %s, %d numbers. It was trained by `openlorad train` and is the same\n"+
		"for everybody who trains it again: `openlorad verify-training`.\n\n", s.Rank, strings.Join(s.Targets, ", "),
		r.Parameters)
	fmt.Fprintf(&out, "| | |\n|---|---|\n| base | `%s` |\n| base digest | `%s` |\n| `%s` | `%s` |\n| `%s` | `%s` |\n",
		b.Name, hexOf(b.Digest), ArtifactFile, hexOf(r.Artifact), InfluenceFile, hexOf(r.Influence))
	fmt.Fprintf(&out, "| learned | %d texts of %d contributions, %d times, format `%s` |\n", r.Texts, len(contributions),
		s.Epochs, s.Format)
	fmt.Fprintf(&out, "| loss | %.3f nats a token in the first step, %.3f in the last |\n", r.First, r.Last)
	fmt.Fprintf(&out, "| settings | `%s` |\n\n", r.Record.Settings)
	out.WriteString("It says what it has read, and makes up what it has not. Nobody has measured whether its answers " +
		"are right.\n\n## Whose text\n\nShares in the influence table: what an average text of the training owes to each " +
		"contribution.\n\n| contribution | tokens | share |\n|---|---|---|\n")
	order := make([]int, len(r.Rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Rows[b].SharePPM, r.Rows[a].SharePPM) })
	for k, i := range order {
		if k == cardRows {
			fmt.Fprintf(&out, "| and %d more | | |\n", len(order)-k)
			break
		}
		fmt.Fprintf(&out, "| %d: %s | %d | %.2f %% |\n", r.Rows[i].Rank, cell(contributions[i].Name), r.Rows[i].Tokens,
			float64(r.Rows[i].SharePPM)/10_000)
	}
	return []byte(out.String())
}

// cell returns a text in a form that fits a cell of a Markdown table.
func cell(text string) string {
	return strings.NewReplacer("|", " ", "\n", " ", "\r", " ", "`", " ").Replace(text)
}
