package main

// flows are all that are played.
var flows []flow

// They are set here, as what draws them refers to what is measured.
func init() {
	flows = []flow{
		{name: "receipts", about: "answers with inline evidence: fees, bonus, royalties, commons, recalled data", weight: 30,
			draw: drawReceipts},
		{name: "dust", about: "receipts of at most a hundred aopen for each part, with up to 16 entries", weight: 20,
			draw: drawDust},
		{name: "unacknowledged", about: "answers that the payer never acknowledges", weight: 4, draw: drawUnacknowledged},
		{name: "splits", about: "receipts of any fees and weights", weight: 8, draw: drawSplits},
		{name: "bucket", about: "more bonus is asked for than may be granted, others ask too, pauses", weight: 8,
			draw: drawBucket},
		{name: "emission", about: "all of the reserve within a year, with receipts along it", weight: 4, draw: drawEmission},
		{name: "attested", about: "validators fetch the evidence, and are paid for their verdicts", weight: 6,
			draw: drawAttested},
		{name: "lapse", about: "no verdict: compute is paid, the rest is the bounty pool's", weight: 4, draw: drawLapse},
		{name: "dispute", about: "lies of its own that the coalition disputes: slash, compensation, reward, bond", weight: 8,
			draw: drawDispute},
		{name: "refund", about: "refused batches: fees return, the fee of submission is burned", weight: 3, draw: drawRefund},
		{name: "pool", about: "a bounty of governance, filled by others' traffic, after receipts of its own", weight: 3,
			draw: drawPool},
		{name: "release", about: "receipts that release a deposit", weight: 3, draw: drawRelease},
		{name: "challenge", about: "copies and prior art of its own that the coalition shows: the deposit is bound, or " +
			"half of it burned", weight: 3, draw: drawChallenge},
		{name: "extortion", about: "a scraped paragraph is shown as the original of its author's: the author takes it back",
			weight: 3, draw: drawExtortion},
		{name: "capture", about: "a captured panel accepts its own junk for a bounty of the pool; honest seats confirm",
			passes: true, weight: 3, draw: drawCapture},
		{name: "recapture", about: "a notice of the model's owner or provider at the end of every answer that others pay",
			passes: true, weight: 3, draw: drawRecapture},
		{name: "bounty", about: "a bounty of its own that it wins", passes: true, weight: 3, draw: drawBounty},
		{name: "review", about: "review fees that it pays to its own reviewers, gold, silence", passes: true, weight: 3,
			draw: drawReview},
		{name: "appeal", about: "appeals against its own panels, decided by its own panels", passes: true, weight: 3,
			draw: drawAppeal},
		{name: "deposits", about: "contributions that expire, are withdrawn, rejected, or recalled", passes: true, weight: 2,
			draw: drawDeposits},
		{name: "sessions", about: "deposits that nothing is asked for", passes: true, weight: 2, draw: drawSessions},
	}
}
