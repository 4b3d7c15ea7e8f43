package cmd

import (
	"context"
	"fmt"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/attestor/api"
	"github.com/openledger/openledger/cmd/openledgerd/data"
	"github.com/openledger/openledger/cmd/openledgerd/review"
	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// contributor runs `data contribute` against a chain that answers queries and
// takes no transactions: a command that wants to seal fails with errSealing.
type contributor struct {
	*testing.T
	*chain.Scenario
	send *sender
	home string
}

// errSealing is how a command fails that has passed all checks.
const errSealing = "commit: "

func newContributor(t *testing.T) contributor {
	t.Helper()
	s := chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(t, accounts) })
	home := t.TempDir()
	clientCtx := client.Context{}.WithGRPCClient(serveQueries(t, s)).WithHomeDir(home).WithFromAddress(s.Stranger.Address)
	factory := tx.Factory{}.WithAccountRetriever(authtypes.AccountRetriever{})
	return contributor{T: t, Scenario: s, home: home, send: &sender{clientCtx: clientCtx, factory: factory}}
}

func serveQueries(t *testing.T, s *chain.Scenario) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.ForceServerCodec(api.Codec()))
	s.RegisterQueries(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(api.Codec())))
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// hold puts the text of contributions into the content store.
func (c contributor) hold(contributions ...chain.Contribution) {
	c.Helper()
	store, err := content.Open(context.Background(), c.contentDir())
	require.NoError(c, err)
	for _, contribution := range contributions {
		_, err := store.Put(context.Background(), marshal(c.T, contribution.File))
		require.NoError(c, err)
	}
	require.NoError(c, store.Close())
}

func (c contributor) contentDir() string { return filepath.Join(c.home, "content") }

// contribute runs the command and returns what it prints.
func (c contributor) contribute(file poa.SegmentFile, flags ...string) (string, error) {
	c.Helper()
	cmd, out := command(c.T, dataContributeCmd(), append(flags, "--datanet", fmt.Sprint(c.DatanetID)))
	err := contribute(cmd, c.send, file, marshal(c.T, file))
	return out.String(), err
}

// nothingLeft: what is refused is not stored, where it would be found as earlier
// text, and leaves nothing that a later run would go on with.
func (c contributor) nothingLeft(file poa.SegmentFile) {
	c.Helper()
	require.NoFileExists(c, filepath.Join(c.contentDir(), contentHash(marshal(c.T, file)).String()))
	files, err := os.ReadDir(filepath.Join(c.home, "contributions"))
	if !os.IsNotExist(err) {
		require.NoError(c, err)
	}
	require.Empty(c, files)
}

// command returns a command with parsed flags, and what it will print.
func command(t *testing.T, cmd *cobra.Command, flags []string) (*cobra.Command, *strings.Builder) {
	t.Helper()
	out := new(strings.Builder)
	cmd.SetContext(context.Background())
	cmd.SetOut(out)
	cmd.SetErr(out)
	require.NoError(t, cmd.ParseFlags(flags))
	return cmd, out
}

func marshal(t *testing.T, file poa.SegmentFile) []byte {
	t.Helper()
	encoded, err := file.MarshalBinary()
	require.NoError(t, err)
	return encoded
}

// prose returns n random texts that keep the rules of segments.
func prose(rng *rand.Rand, n int) []string {
	common := strings.Fields("the of and to in is that for it with as on be by this")
	texts := make([]string, n)
	for i := range texts {
		words := make([]string, 120)
		for j := range words {
			if words[j] = fmt.Sprintf("w%d", rng.Intn(20_000)); rng.Intn(5) < 2 {
				words[j] = common[rng.Intn(len(common))]
			}
		}
		texts[i] = strings.Join(words, " ")
	}
	return texts
}

// derived turns round every four words: no passage is copied, and local windows
// explain the text.
func derived(text string) []byte {
	words := strings.Fields(text)
	for four := range slices.Chunk(words, 4) {
		slices.Reverse(four)
	}
	return []byte(strings.Join(words, " "))
}

func segmentFile(texts ...string) poa.SegmentFile {
	var file poa.SegmentFile
	for _, text := range texts {
		file.Segments = append(file.Segments, []byte(text))
	}
	return file
}

// TestContributeRefusesTooManyDerivations: the chain refuses to open them, and
// what was sealed by then loses its deposit.
func TestContributeRefusesTooManyDerivations(t *testing.T) {
	c := newContributor(t)
	rng := rand.New(rand.NewSource(1))
	var file poa.SegmentFile
	for range 5 {
		texts := prose(rng, 54)
		c.Contribute(c.Alice, texts...)
		for _, text := range texts {
			file.Segments = append(file.Segments, derived(text))
		}
	}
	c.Accept()
	c.hold(c.Contributions...)

	_, err := c.contribute(file, "--check")
	require.ErrorContains(t, err, "the segments have 270 derivations to declare, a contribution takes at most 256")
	require.ErrorContains(t, err, "in 2 or more parts")
	c.nothingLeft(file)

	file.Segments = file.Segments[:len(file.Segments)/2]
	_, err = c.contribute(file, "--check")
	require.ErrorContains(t, err, errSealing, "half of it would be sealed")
}

// TestDeclare at the limit.
func TestDeclare(t *testing.T) {
	var findings []overlap.Finding
	for i := range datanettypes.MaxDerivations {
		findings = append(findings, overlap.Finding{Segment: i, Derived: []overlap.Derived{{Rank: 1, PPM: 300_000}}})
	}
	declared, err := declare(findings)
	require.NoError(t, err)
	require.Len(t, declared, datanettypes.MaxDerivations)
	_, err = declare(
		append(findings, overlap.Finding{Segment: datanettypes.MaxDerivations,
			Derived: []overlap.Derived{{Rank: 1, PPM: 300_000}}}))
	require.Error(t, err)
}

// TestContributeRefusesWhatCannotBeOpened: a title that is too long is found
// before the contribution is sealed.
func TestContributeRefusesWhatCannotBeOpened(t *testing.T) {
	c := newContributor(t)
	file := segmentFile(prose(rand.New(rand.NewSource(1)), 1)...)
	_, err := c.contribute(file, "--title", strings.Repeat("x", 1000))
	require.ErrorContains(t, err, "nothing was sent")
	require.ErrorContains(t, err, "title")
	c.nothingLeft(file)
}

// TestContributeStoresWhatPassed: `data check --against` the store would name
// the file itself as the source if it had been stored when it was refused.
func TestContributeStoresWhatPassed(t *testing.T) {
	c := newContributor(t)
	c.hold(c.Contributions...)
	own := segmentFile(prose(rand.New(rand.NewSource(1)), 2)...)
	mixed := segmentFile(chain.Texts[0][0], string(own.Segments[0]))

	_, err := c.contribute(mixed, "--check")
	require.ErrorContains(t, err, "1 of 2 segments are duplicates")
	c.nothingLeft(mixed)
	cmd, out := command(t, dataCheckCmd(), []string{"--against", c.contentDir()})
	known, err := knownText(cmd)
	require.NoError(t, err)
	require.Error(t, check(cmd, mixed, known))
	require.Contains(t, out.String(), "1 duplicates", "its other segment is new")

	printed, err := c.contribute(own, "--check")
	require.ErrorContains(t, err, errSealing)
	require.Contains(t, printed, "stored")
	require.FileExists(t, filepath.Join(c.contentDir(), contentHash(marshal(t, own)).String()))
}

// TestContributeGoesOn: a second run takes the salt of the first.
func TestContributeGoesOn(t *testing.T) {
	c := newContributor(t)
	file := segmentFile(prose(rand.New(rand.NewSource(1)), 1)...)
	pending := func() *data.Pending {
		_, err := c.contribute(file)
		require.ErrorContains(t, err, errSealing)
		root := file.Root(c.Stranger.Address)
		found, err := data.Store{Dir: filepath.Join(c.home, "contributions")}.Load(root[:], c.Stranger.String())
		require.NoError(t, err)
		return found
	}
	first := pending()
	require.NotEmpty(t, first.Reveal.Salt)
	require.Equal(t, first, pending())
}

// TestContributeGold: the mark is on disk before anything is sent, and a second
// run takes that of the first.
func TestContributeGold(t *testing.T) {
	c := newContributor(t)
	file := segmentFile(prose(rand.New(rand.NewSource(1)), 1)...)
	_, err := c.contribute(file, "--gold-for", c.Owner.String())
	require.ErrorContains(t, err, "the owner of DataNet 1 decides, not panels")
	c.nothingLeft(file)

	result := c.Send(c.Owner, &datanettypes.MsgCreateDataNet{
		Owner: c.Owner.String(), Name: "Glands", Domain: "dermatology", Licence: "CC-BY-4.0",
		GuidelinesUri: "https://example.org/glands",
		ReviewPolicy:  datanettypes.REVIEW_POLICY_PANEL, ReviewFee: chain.Open(1), RoyaltyFloor: chain.Royalty,
	})
	var created datanettypes.MsgCreateDataNetResponse
	require.NoError(t, chain.Decode(result, &created))
	c.DatanetID = created.DatanetId
	_, err = c.contribute(file, "--gold-for", c.Bob.String())
	require.ErrorContains(t, err, "only the owner of DataNet 2, "+c.Owner.String())
	_, err = c.contribute(file, "--gold-for", "nobody")
	require.ErrorContains(t, err, `--gold-for: "nobody" is not an address`)
	c.nothingLeft(file)

	marks := review.NewMarks(c.home, chain.ID)
	c.send.clientCtx = c.send.clientCtx.WithChainID(chain.ID)
	root := file.Root(c.Stranger.Address)
	contributed := func(flags ...string) []byte {
		_, err := c.contribute(file, flags...)
		require.ErrorContains(t, err, errSealing)
		pending, err := data.Store{Dir: filepath.Join(c.home, "contributions")}.Load(root[:], c.Stranger.String())
		require.NoError(t, err)
		return pending.Reveal.Mark
	}
	random := contributed()
	require.Len(t, random, 32)
	require.NoDirExists(t, marks.Dir)

	gold := contributed("--gold-for", c.Owner.String())
	require.NotEqual(t, random, gold, "it is not too late to agree")
	mark, found, err := marks.Load(gold)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, gold, datanettypes.GoldMark(c.Owner.Address, mark.Salt))
	require.Equal(t, gold, contributed("--gold-for", c.Owner.String()))
	require.Equal(t, gold, contributed())
	files, err := os.ReadDir(marks.Dir)
	require.NoError(t, err)
	require.Len(t, files, 1)

	// What cannot be kept is not sent.
	require.NoError(t, os.RemoveAll(filepath.Join(c.home, "review")))
	require.NoError(t, os.WriteFile(filepath.Join(c.home, "review"), nil, 0o600))
	_, err = c.contribute(file, "--gold-for", c.Owner.String())
	require.ErrorContains(t, err, "nothing was sent")
}

// TestContributeNeedsAllEarlierText with --check: what is derived from missing text
// would not be declared. Without it the user is told what may follow.
func TestContributeNeedsAllEarlierText(t *testing.T) {
	c := newContributor(t)
	c.hold(c.Contributions[0])
	missing := c.Contributions[1]
	hash := contentHash(marshal(t, missing.File)).String()
	file := segmentFile(prose(rand.New(rand.NewSource(1)), 1)...)

	printed, err := c.contribute(file, "--check")
	require.ErrorContains(t, err, "the text of 1 of 2 accepted contributions is not in "+c.contentDir())
	require.ErrorContains(t, err, fmt.Sprintf("declared: %d\n", missing.Rank))
	require.ErrorContains(t, err, "--fetch-missing")
	require.ErrorContains(t, err, "--allow-missing")
	require.Contains(t, printed, fmt.Sprintf("missing: contribution %d: content %s", missing.Rank, hash))
	c.nothingLeft(file)

	printed, err = c.contribute(file, "--check", "--allow-missing")
	require.ErrorContains(t, err, errSealing)
	require.Contains(t, printed, hash, "it is named all the same")
	require.Contains(t, printed, "against 1 contributions")

	file = segmentFile(prose(rand.New(rand.NewSource(2)), 1)...)
	printed, err = c.contribute(file)
	require.ErrorContains(t, err, errSealing)
	require.Contains(t, printed, "warning: if the text derives from what is missing")
	require.Contains(t, printed, "openledgerd data derivations RANK --propose")
}

// TestContributeTakesDamagedTextForMissing until it is fetched again.
func TestContributeTakesDamagedTextForMissing(t *testing.T) {
	c := newContributor(t)
	c.hold(c.Contributions...)
	path := filepath.Join(c.contentDir(), contentHash(marshal(t, c.Contributions[0].File)).String())
	require.NoError(t, os.WriteFile(path, []byte("damaged"), 0o600))
	file := segmentFile(prose(rand.New(rand.NewSource(1)), 1)...)
	_, err := c.contribute(file, "--check")
	require.ErrorContains(t, err, "the text of 1 of 2 accepted contributions")

	require.NoError(t, os.WriteFile(path, marshal(t, c.Contributions[0].File), 0o600)) // as curl does
	_, err = c.contribute(file, "--check")
	require.ErrorContains(t, err, errSealing)
}
