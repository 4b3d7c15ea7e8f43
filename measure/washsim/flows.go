package main

// flows are all that are played.
var flows []flow

// The flows are set here because their functions refer to them, which a variable's own value must not do.
func init() {
	flows = []flow{
		{name: "receipts", about: "answers with inline evidence: fees, bonus, royalties, commons, recalled data", weight: 30,
			draw: drawReceipts},
		{name: "dust", about: "receipts with at most a hundred aopen for each part, and up to 16 entries", weight: 20,
			draw: drawDust},
		{name: "unacknowledged", about: "answers that the payer never acknowledges", weight: 4, draw: drawUnacknowledged},
		{name: "splits", about: "receipts with any fees and weights", weight: 8, draw: drawSplits},
		{name: "bucket", about: "more bonus is asked for than may be granted, also by others; pauses", weight: 8,
			draw: drawBucket},
		{name: "emission", about: "all of the reserve is emitted within a year, with receipts meanwhile", weight: 4,
			draw: drawEmission},
		{name: "attested", about: "validators fetch the evidence, and are paid for their verdicts", weight: 6,
			draw: drawAttested},
		{name: "lapse", about: "no verdict: compute is paid, the rest goes to the bounty pool", weight: 4, draw: drawLapse},
		{name: "dispute", about: "the coalition disputes its own lies: slash, compensation, reward, bond", weight: 8,
			draw: drawDispute},
		{name: "refund", about: "refused batches: fees return, the fee of submission is burned", weight: 3, draw: drawRefund},
		{name: "pool", about: "a bounty of governance, which others' traffic fills, after receipts of its own", weight: 3,
			draw: drawPool},
		{name: "release", about: "receipts that release a deposit", weight: 3, draw: drawRelease},
		{name: "challenge", about: "the coalition shows copies and prior art of its own: the deposit is bound, or " +
			"half of it is burned", weight: 3, draw: drawChallenge},
		{name: "extortion", about: "an author's paragraph is shown as the copy of a scraped one: the author gets it back",
			weight: 3, draw: drawExtortion},
		{name: "capture", about: "a captured panel accepts its own junk for a bounty of the pool; others decide again",
			passes: true, weight: 3, draw: drawCapture},
		{name: "recapture", about: "a notice of the model's owner or provider ends every answer that others pay",
			passes: true, weight: 3, draw: drawRecapture},
		{name: "bounty", about: "a bounty of its own that it wins", passes: true, weight: 3, draw: drawBounty},
		{name: "review", about: "review fees that it pays to its own reviewers; gold; votes not revealed", passes: true,
			weight: 3, draw: drawReview},
		{name: "appeal", about: "appeals against its own panels, decided by its own panels", passes: true, weight: 3,
			draw: drawAppeal},
		{name: "deposits", about: "contributions that expire, are withdrawn, rejected, or recalled", passes: true, weight: 2,
			draw: drawDeposits},
		{name: "sessions", about: "deposits of sessions without questions", passes: true, weight: 2, draw: drawSessions},
	}
}
