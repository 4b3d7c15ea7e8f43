package main

// The numbers of the model.
const (
	validators      = 40
	bondFees        = 400 // bond of a validator: what the chain asks for, at a fee of 1 OPEN
	ordinaryItems   = 16
	clearShare      = 0.85
	clearRight      = 0.97
	borderlineRight = 0.65
	effortShare     = 0.1
	appealShare     = 0.25
	value           = 5.0  // OPEN that acceptance is worth to the submitter of junk
	blockShare      = 0.1  // share of the blocks that an attacker who grinds proposes
	grindHashes     = 1000 // hashes of a block from which he chooses
	idsPerCohort    = 100  // ids for a cohort and its appeals
	cohortsPerWorld = 100
	junkPi          = 0.85 // share of good items at which junk_accepted_ppm is counted
)

const model = `MODEL
The parameters of review are the chain's; a DataNet asks a fee of 1 OPEN and has 40 validators with equal bonds.

Items. A cohort has 20: 16 ordinary ones with texts of their own, and 4 gold: a duplicate planted by a third party, an
altered and two sound ones of the owner. A share pi (0.85, 0.5) of the ordinary items is good. 85 % are clear: a
reviewer who looks with care is right with probability 0.97. The others are borderline: 0.65. Gold is clear. Looking
costs 0.1 of the full pay of the seat, in a review and in an appeal.

Appeals. Junk that a panel accepted is appealed by a watcher, and good clear items that it rejected by their
contributors, with probability 0.25 each. Panels of appeals are drawn from all validators of the chain: the honest
ones of another DataNet (--experts), and those of this one who did not decide the item. They vote by the same
strategy. Bonds are restored after each cohort, and no time passes: nobody leaves, deposits do not decay.

Checks. The chain sets a part of the fees aside. It pays panels of appeal that decide random items again. A decisive
result slashes the votes against it, as in an appeal.

Payoffs are changes of balance and bond on the chain (fees of reviews and of appeals, slashes), less the costs of
effort, plus what is only modelled: bribes, and 5 OPEN (V) for each junk item of a group that stands after appeals.
They are per seat in a review. A row compares honest reviewers and deviators in the same cohorts; for whale and
grinding, it compares with the same accounts if they are honest. If a row has a single deviator, or a single honest
reviewer, and no junk to pay for, that one has a seat in each cohort: other cohorts tell nothing about him. The
honest seats of such a row are those beside him, where he does most harm.

Deviations of any share of the validators
  lazy           accepts with probability pi, without looking
  always-accept  accepts all
  always-reject  rejects all
  random         tosses a coin for each item
  shared-coin    tosses one coin for each item, the same for all deviators
  inverted       looks, and says the opposite
  tool-lazy      rejects what the duplicate tool finds, accepts all else
  bribed         honest, but accepts one clear junk item in each cohort for V/5 per seat, whatever the panel decides
  collusion      the owner says which items are his gold; they accept all else, and submit 4 junk items in each cohort
  collusion+tool they reject, besides, what the duplicate tool finds
Deviations by stake
  whale          with 25 % of the stake, in one account or in 10: submits one junk item in each cohort and accepts it,
                 is honest otherwise
  grinding       with 20 % in 10 accounts: the same; proposes 10 % of the blocks, and for each picks the best of
                 1,000 hashes for the seats
Bounties of the pool, by stake of all data validators
  pool           somebody with 10 to 33 % of it has 5 of 7 seats: block hashes are chosen so. He submits 16, 4 or 1
                 items of junk for a bounty of the highest price, and accepts them there, in the confirmation and in
                 appeals. Watched: all junk that is confirmed is appealed. Each cohort is a world of its own, and ends
                 after the last payment. Net is what he then has, with fees and deposits of the junk, slashes and the
                 pay of his seats; gain is that less what the same accounts have by honesty in the same cohorts
Beyond the claim, to compare
  bribed-result  bribed, but only if the item was accepted: a briber with sense would pay like that
  leak+tool      collusion+tool without junk: the owner saves friends the work
  model-85       asks a language model that is right about 0.85 of the clear items, and rejects what the duplicate tool
                 finds; no effort
  model-92       the same with 0.92
  model-97       the same with 0.97

Columns. diff is honest less deviator, with its standard error. junk in is the share of the junk that panels accepted,
stands the share that is left after appeals, and good out the share of the good items that panels rejected.

capture_probability_20pct is how often 20 % of the stake, in many accounts that grind in the same way, gets the 5 of 7
seats that accept. honest_payoff_min and best_deviation_payoff_max are over the rows of the claim, junk_accepted_ppm
is what panels of honest reviewers accept at pi 0.85. pool_bounty_gain_max is the largest gain of an attack on the
pool, on average for each captured panel, in OPEN; the fees of trying to capture one come on top. rows_lost counts
rows of the claim and attacks on the pool in which the deviation is above honesty by more than two standard errors,
model_rows_lost those of reviewers who ask a model. The exit code is 1 if honesty is not above the deviation in a row
of the claim, or if an attack on the pool gains.
`
