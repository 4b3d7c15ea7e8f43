package main

// model says what the simulation measures.
const model = `A coalition owns any mix of roles: payer, provider, owners of the model and of its base, owner and curators of the
DataNet, contributors, chain validators with their stake, reviewers, challenger; or one account has them all. Each
case draws parameters among all that Params.Validate accepts, with their corners, and is played twice from the same
state through the keepers of the application: with the coalition's traffic, and without it.

  gain    what the coalition has more than without its traffic: in wallets, in the ledger, at stake in bonds and
          deposits, and of validators' rewards. Coins of the real bank, before and after.
  spent   what it paid and did not take back: fees, burned fees of submission, slashes, lost bonds.
  return  (spent + gain) / spent.

In some flows others' money is at stake. Victims, who use the remedies that they have, must not have less than without
the coalition's traffic; "victims_harmed" counts the cases in which they have.

Flows marked with * spend nothing by themselves: they are deposits, refunds, and what one pocket pays to another
through a review or a bounty. Their gain must not be above zero; their return, of all that was put in, is shown and is
not part of the maximum.

After each case every invariant is checked, emission must be what it is without the traffic, and all coins must be
accounted for: with somebody, in the bounty pool, in a fund for checks, in the community pool, or burned.
`
