package cmd

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const flagSegments = "segments"

func reviewShowCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Fetch, check, compare and print an item under review",
		Long: `Print what a reviewer needs to know about an item. ID is the rank of the
contribution.

The command looks for the text in the content store, then where its contributor
published it, then at the attestors of --attestor, and keeps it in the store. The
text must have the content hash and the root that are on chain. Counts and rules
are checked.

The text is compared with text of lower rank: what the DataNet has accepted, and
the earlier items of the same cohort, as far as they are in the content store.
Missing text is listed; --fetch-missing downloads it. You can be slashed for a
duplicate that you accept, also of another DataNet: --datanet adds DataNets to
compare with, --against adds files.

In an appeal or recall, the command prints the reasons of both sides. In a check,
which is an appeal of an item drawn by chance, it prints what the first panel
decided.

A download shows your network address to the server that the contributor named.`,
		Example: `openledgerd review show 17 --from reviewer
openledgerd review show 17 --attestor http://attestor.example.org:8090 --fetch-missing
openledgerd review show 17 --datanet 2 --datanet 5 --against old/ --segments 5 --address open1…`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rank, err := parseRank(args[0])
			if err != nil {
				return err
			}
			r, clientCtx, err := newReviewer(cmd, true)
			if err != nil {
				return err
			}
			texts, err := openTexts(cmd, clientCtx)
			if err != nil {
				return err
			}
			return errors.Join(r.show(cmd, texts, rank), texts.Close())
		},
	}
	flags.AddQueryFlagsToCmd(cmd)
	addAddressFlags(cmd)
	addTextFlags(cmd)
	f := cmd.Flags()
	f.StringArray(flagAgainst, nil, "also compare with this segment file, text, or folder of either; can be repeated")
	f.UintSlice(flagDatanet, nil, "also compare with the accepted text of this DataNet; can be repeated")
	addFetchFlag(cmd)
	f.Int(flagSegments, -1, "how many segments to print; -1 prints all")
	return cmd
}

// show prints an item. It fails if the text cannot be fetched.
func (r *reviewer) show(cmd *cobra.Command, texts *texts, rank uint64) error {
	ctx := cmd.Context()
	found, err := r.query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return fmt.Errorf("contribution %d: %w", rank, err)
	}
	c := found.Contribution
	datanet, err := r.query.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: c.DatanetId})
	if err != nil {
		return err
	}
	reviews, err := r.reviewsOf(ctx, c)
	if err != nil {
		return err
	}
	r.printItem(c, datanet.Datanet)
	if err := r.printReviews(c, reviews); err != nil {
		return err
	}
	loaded, from, err := texts.load(ctx, c)
	switch {
	case !slices.ContainsFunc(
		reviews, func(cohort datanettypes.Cohort) bool { return cohort.Phase != datanettypes.COHORT_PHASE_DECIDED }):
		if err != nil {
			return err
		}
	case errors.Is(err, errNoText):
		return fmt.Errorf(
			"%w\nif nobody else can fetch it before the deadline: `openledgerd review vote %d --%s --%s unavailable`", err, rank,
			flagReject, flagReason)
	case errors.Is(err, manifest.ErrFile):
		return fmt.Errorf(
			"%w\nwhat was published is not what was registered: `openledgerd review vote %d --%s --%s unavailable`", err, rank,
			flagReject, flagReason)
	case err != nil:
		return err
	}
	r.printText(loaded, datanet.Datanet, from)
	if err := r.compare(cmd, texts, loaded, reviews); err != nil {
		return err
	}
	r.printSegments(cmd, loaded)
	return nil
}

// reviewsOf returns the cohorts of a contribution that are still in state: the first, an appeal, a recall.
func (r *reviewer) reviewsOf(ctx context.Context, c datanettypes.Contribution) ([]datanettypes.Cohort, error) {
	ids := []uint64{c.Cohort, c.Appeal}
	assignments, err := r.assignments(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range assignments {
		if slices.Contains(a.Cohort.Items, c.Rank) {
			ids = append(ids, a.Cohort.Id)
		}
	}
	slices.Sort(ids)
	var out []datanettypes.Cohort
	for _, id := range slices.Compact(ids) {
		if id == 0 {
			continue
		}
		cohort, known, err := r.cohort(ctx, id)
		if err != nil {
			return nil, err
		}
		if known {
			out = append(out, cohort)
		}
	}
	return out, nil
}

func (r *reviewer) printItem(c datanettypes.Contribution, datanet datanettypes.DataNet) {
	title := printableLine(c.Title)
	if title == "" {
		title = "without title"
	}
	r.printf("contribution %d: %s\n", c.Rank, title)
	r.printf("by          %s\n", c.Contributor)
	r.printf("licence     %s\n", printableLine(c.Licence))
	r.printf("DataNet     %d, %s; domain %s\n", datanet.Id, printableLine(datanet.Name), printableLine(datanet.Domain))
	for i, text := range strings.Split(printable(datanet.Description), "\n") {
		label := ""
		if i == 0 {
			label = "description"
		}
		r.printf("%-11s %s\n", label, text)
	}
	guidelines := printableLine(datanet.GuidelinesUri)
	if guidelines == "" {
		guidelines = "none given"
	}
	r.printf("guidelines  %s\n", guidelines)
	r.printf("claims      %d segments, %d tokens, %d bytes\n", c.Segments, c.Tokens, c.Bytes)
	r.printf("status      %s\n", statusName(c.Status))
	for _, d := range c.Derivations {
		r.printf("derives     segment %d passes %.1f %% of its pay to contribution %d\n", d.Segment, percent(d.Ppm), d.Rank)
	}
}

// printReviews prints what panels are asked about a contribution, what was decided before, and why that is contested.
func (r *reviewer) printReviews(c datanettypes.Contribution, reviews []datanettypes.Cohort) error {
	for _, cohort := range reviews {
		if cohort.Phase == datanettypes.COHORT_PHASE_DECIDED {
			r.printVerdict(c, cohort)
			continue
		}
		r.printf("review      cohort %d, %s, phase %s until %s\n", cohort.Id, kindName(cohort.Kind), phaseName(cohort.Phase),
			r.until(cohort.Deadline))
		switch cohort.Kind {
		case datanettypes.COHORT_KIND_APPEAL:
			r.printf("appellant   %s: %q\n", cohort.Appellant, cohort.Reason)
			r.printf("question    is the contribution accepted? Decide anew, with a score\n")
		case datanettypes.COHORT_KIND_CHECK:
			r.printf("check       nobody appealed: the item was drawn by chance\n")
			r.printf("question    is the contribution accepted? Decide anew, with a score\n")
		case datanettypes.COHORT_KIND_BOUNTY:
			r.printf("check       a bounty of the protocol pays for it once you confirm it\n")
			r.printf("question    is the contribution accepted? Decide anew, with a score\n")
		case datanettypes.COHORT_KIND_RECALL:
			if c.Recall != nil {
				r.printf("recalled by %s: %q\n", c.Recall.By, c.Recall.Reason)
			}
			r.printf("contributor %s: %q\n", cohort.Appellant, cohort.Reason)
			r.printf("question    does the contribution stay? Accept: it stays; reject: it is recalled\n")
		}
		state, err := r.load(cohort.Id)
		if err != nil {
			return err
		}
		if vote, decided := state.Decisions[c.Rank]; decided {
			r.printf("decided     by you: %s\n", voteText(vote))
		}
	}
	return nil
}

// printVerdict prints what a panel decided before.
func (r *reviewer) printVerdict(c datanettypes.Contribution, cohort datanettypes.Cohort) {
	item := slices.Index(cohort.Items, c.Rank)
	if item < 0 || item >= len(cohort.Outcomes) {
		return // nobody decided
	}
	outcome, verdict := cohort.Outcomes[item], "rejected it"
	if outcome.Accepted {
		verdict = fmt.Sprintf("accepted it with score %d", outcome.Score)
	}
	who := "first panel"
	if cohort.Kind != datanettypes.COHORT_KIND_REVIEW {
		who = kindName(cohort.Kind) + " panel"
	}
	r.printf("%-11s cohort %d %s: %d of %d seats accept", who, cohort.Id, verdict, outcome.Accepts, len(cohort.Seats))
	if c.Reason != "" {
		r.printf("; %q", c.Reason)
	}
	r.printf("\n")
}

// printText prints where the text comes from, and which claims of the contributor are wrong.
func (r *reviewer) printText(c manifest.Contribution, datanet datanettypes.DataNet, from string) {
	statistics := c.File.StatisticsRoot()
	size := 0
	if encoded, err := c.File.MarshalBinary(); err == nil {
		size = len(encoded)
	}
	rules := c.File.Check(poa.SegmentRules{AllowFewStopWords: datanet.AllowFewStopWords})
	r.printf("text        from %s: content hash %s and root are those of the chain\n", from,
		hex.EncodeToString(c.ContentHash))
	var wrong []string
	for _, check := range []struct {
		ok   bool
		text string
	}{
		{len(c.File.Segments) == int(c.Contribution.Segments), fmt.Sprintf("it has %d segments", len(c.File.Segments))},
		{c.File.Tokens() == c.Contribution.Tokens,
			fmt.Sprintf("it has %d tokens, from which the deposit is computed", c.File.Tokens())},
		{uint64(size) == c.Bytes, fmt.Sprintf("it has %d bytes", size)},
		{bytes.Equal(statistics[:], c.StatisticsRoot), "its statistics differ"},
		{rules == nil, fmt.Sprintf("a segment breaks the rules: %v", rules)},
	} {
		if !check.ok {
			wrong = append(wrong, check.text)
		}
	}
	if len(wrong) == 0 {
		r.printf("checks      counts, statistics and rules hold\n")
		return
	}
	for _, text := range wrong {
		r.printf("FAIL        not what its contributor claims: %s\n", printableLine(text))
	}
}

// compare prints what an item shares with text that was contributed before.
func (r *reviewer) compare(cmd *cobra.Command, texts *texts, c manifest.Contribution,
	reviews []datanettypes.Cohort) error {
	earlier, err := r.earlier(cmd, texts, c.Contribution, reviews)
	if err != nil {
		return err
	}
	earlier.printMissing(cmd)
	checker, err := overlap.New(earlier.known)
	if err == nil {
		var findings []overlap.Finding
		if findings, err = checker.Check(c.File); err == nil {
			var out bytes.Buffer
			show := &cobra.Command{}
			show.SetOut(&out)
			printFindings(show, c.File, findings, len(earlier.known))
			r.printf("%s", out.String())
			return nil
		}
	}
	if errors.Is(err, poa.ErrOversize) {
		r.printf("compare     not possible: %v\n", err)
		return nil
	}
	return err
}

// earlier returns text of lower rank: what the DataNet has accepted, the items of the same cohort, and what --against
// names.
func (r *reviewer) earlier(cmd *cobra.Command, texts *texts, c datanettypes.Contribution,
	reviews []datanettypes.Cohort) (earlierText, error) {
	ctx := cmd.Context()
	all, seen := earlierText{}, make(map[uint64]bool)
	others, _ := cmd.Flags().GetUintSlice(flagDatanet)
	for _, id := range append([]uint{uint(c.DatanetId)}, others...) {
		accepted, err := earlierTexts(ctx, r.query, texts, uint64(id), false)
		if err != nil {
			return all, fmt.Errorf("DataNet %d: %w", id, err)
		}
		all.known, all.missing = append(all.known, accepted.known...), append(all.missing, accepted.missing...)
	}
	for _, k := range all.known {
		seen[k.Rank] = true
	}
	for _, m := range all.missing {
		seen[m.Rank] = true
	}
	for _, cohort := range reviews {
		for _, rank := range cohort.Items {
			if rank >= c.Rank || seen[rank] || cohort.Phase == datanettypes.COHORT_PHASE_DECIDED {
				continue
			}
			found, err := r.query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
			if err != nil {
				return all, err
			}
			all.missing = append(all.missing, found.Contribution)
		}
	}
	out := earlierText{location: texts.location}
	for _, k := range all.known {
		if k.Rank < c.Rank {
			out.known = append(out.known, k)
		}
	}
	download, _ := cmd.Flags().GetBool(flagFetch)
	for _, m := range all.missing {
		if m.Rank >= c.Rank {
			continue
		}
		file, ok, err := texts.held(ctx, m, download)
		if err != nil {
			return out, err
		}
		if !ok {
			out.missing = append(out.missing, m)
			continue
		}
		name := fmt.Sprintf("contribution %d", m.Rank)
		if m.AcceptedVersion == 0 {
			name += " of this review"
		}
		out.known = append(
			out.known, overlap.Known{Name: name, Rank: m.Rank, File: file, Passed: manifest.Passed(m.Derivations)})
	}
	paths, _ := cmd.Flags().GetStringArray(flagAgainst)
	for _, path := range paths {
		found, err := readKnown(cmd, path)
		if err != nil {
			return out, fmt.Errorf("--%s %s: %w", flagAgainst, path, err)
		}
		for _, known := range found {
			if !isItem(known.File, c) {
				out.known = append(out.known, known)
			}
		}
	}
	return out, nil
}

// isItem reports whether a file is the item itself, which may be in a folder of --against.
func isItem(file poa.SegmentFile, c datanettypes.Contribution) bool {
	contributor, err := sdk.AccAddressFromBech32(c.Contributor)
	if err != nil {
		return false
	}
	file.Norm = c.Norm()
	root := file.Root(contributor)
	return bytes.Equal(root[:], c.Root)
}

func (r *reviewer) printSegments(cmd *cobra.Command, c manifest.Contribution) {
	most, _ := cmd.Flags().GetInt(flagSegments)
	for i, text := range c.File.Segments {
		if i == most {
			r.printf("\n… and %d more segments: --%s -1 prints all\n", len(c.File.Segments)-i, flagSegments)
			return
		}
		r.printf("\n[%d]\n%s\n", i, printable(string(text)))
	}
}
