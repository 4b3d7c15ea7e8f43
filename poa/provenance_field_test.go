package poa

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Notes of two beekeepers, who know the same trade and share no sentence.
const (
	winteringText = "How much honey does a colony need for the winter?\n" +
		"A colony in the north needs about eighteen kilograms of stores before the first frost.\n\n" +
		"When do I reduce the entrance?\n" +
		"I reduce the entrance in the first week of September, before the wasps become hungry.\n\n" +
		"Why do bees die in a warm winter?\n" +
		"They fly too often, wear themselves out, and eat their stores long before the willow blooms.\n\n" +
		"What keeps the cluster dry?\n" +
		"A small gap under the roof lets moist air leave, while the bees close every draught below it with propolis.\n\n" +
		"How do I know that a silent hive is alive?\n" +
		"Knock once on the wall and listen: a living colony answers with a short rise and fall.\n\n" +
		"When do I open the hive again?\n" +
		"I wait for a still day above twelve degrees, when the bees carry yellow willow pollen.\n\n" +
		"What do mice do to a hive?\n" +
		"They nest in the lower frames, eat the comb, and the smell drives the queen away.\n\n" +
		"How often do I lift a hive in winter?\n" +
		"Once a month, from behind, to feel how heavy it still is.\n\n" +
		"What do I feed in January?\n" +
		"Only firm sugar paste laid right over the cluster, never syrup."
	swarmingText = "How many days pass from the egg to a queen?\n" +
		"A queen emerges on the sixteenth day.\n\n" +
		"When does a colony swarm?\n" +
		"A colony swarms on the first warm noon after its queen cells are sealed.\n\n" +
		"How do I find the old queen?\n" +
		"Look on the frame with the youngest eggs, and look for the bees that turn their heads towards her.\n\n" +
		"What is the first sign of swarming?\n" +
		"Cups on the lower edge of the comb that have been polished and hold an egg.\n\n" +
		"How do I take a swarm from a branch?\n" +
		"Hold a box right below it, shake the branch once, and leave the box in the shade until evening.\n\n" +
		"Why does a swarm not sting?\n" +
		"Its bees are full of honey and have no brood to defend.\n\n" +
		"What do I do with two swarms of one day?\n" +
		"I put them into one hive at dusk with a sheet of newspaper between them.\n\n" +
		"How do I stop a colony that wants to swarm?\n" +
		"Take the old queen away with three frames of brood and let the rest raise a new one.\n\n" +
		"How long does a swarm stay on its branch?\n" +
		"Sometimes an hour and sometimes two days, until the scouts agree."
)

// TestSecondAuthorOfASmallDataNet: whoever writes about the same trade as the first author derives from nobody, in
// either order.
func TestSecondAuthorOfASmallDataNet(t *testing.T) {
	for _, texts := range [][2]string{{winteringText, swarmingText}, {swarmingText, winteringText}} {
		p := NewProvenance()
		require.NoError(t, p.Add(1, 0, []byte(texts[0]), nil))
		found, err := p.Of(2, []byte(texts[1]), 1)
		require.NoError(t, err)
		require.Empty(t, found)
		found, err = p.Of(2, editedText(strings.Fields(texts[0]), 5), 1)
		require.NoError(t, err)
		require.Len(t, found, 1, "a copy is found all the same")
		require.Greater(t, found[0].PPM, uint32(900_000))
	}
}

// fieldText has sentences that each name some of a field's words and say something else about them.
func fieldText(rng *rand.Rand, field []string, sentences int) []string {
	var words []string
	for range sentences {
		sentence := randomWords(rng, 9)
		for range 3 {
			sentence[rng.Intn(len(sentence))] = field[rng.Intn(len(field))]
		}
		sentence[len(sentence)-1] += "."
		words = append(words, sentence...)
	}
	return words
}

// TestFieldsHaveWordsInCommon: at every size of a DataNet, texts about one field that share its words in each of their
// sentences derive from nothing, and copies of which every fourth word is another one are found.
func TestFieldsHaveWordsInCommon(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5, 10, 20, 50, 200, 300} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			rng := rand.New(rand.NewSource(int64(size)))
			field := strings.Fields("beehive honeycomb pollen propolis drone nectar wasp queen larva beeswax apiary mead")
			p := NewProvenance()
			var texts [][]string
			for rank := range size {
				texts = append(texts, fieldText(rng, field, 16))
				require.NoError(t, p.Add(uint64(rank+1), 0, []byte(strings.Join(texts[rank], " ")), nil))
			}
			for range 5 {
				found, err := p.Of(1_000, []byte(strings.Join(fieldText(rng, field, 16), " ")), size)
				require.NoError(t, err)
				require.Empty(t, found)
				source := rng.Intn(size)
				found, err = p.Of(1_000, editedText(texts[source], 4), size)
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.EqualValues(t, source+1, found[0].Rank)
				require.Greater(t, found[0].PPM, uint32(750_000))
			}
		})
	}
}

// TestWordsOfAllCostNothing: a copy is found among texts that share most of its words, because a held word that is
// common costs nothing.
func TestWordsOfAllCostNothing(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	field := randomWords(rng, 60)
	p := NewProvenance()
	var texts [][]string
	for rank := range 200 {
		words := randomWords(rng, 150)
		for i := range words {
			if i%10 != 0 {
				words[i] = field[rng.Intn(len(field))]
			}
		}
		texts = append(texts, words)
		require.NoError(t, p.Add(uint64(rank+1), 0, []byte(strings.Join(words, " ")), nil))
	}
	found, err := p.Of(1_000, editedText(texts[70], 12), 200)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.EqualValues(t, 71, found[0].Rank)
}
