package main

// model says what the simulation measures.
const model = `A coalition owns any mix of roles: payer, provider, owners of the model and of its base, owner and curators of the
DataNet, contributors, chain validators with their stake, reviewers, challenger; or one account has all roles. Each
case draws parameters from all that Params.Validate accepts, often from the corners. It is played twice from the same
state, through the keepers of the application: with the coalition's traffic, and without it.

  gain    what the coalition has more than without its traffic: in wallets, in the ledger, in bonds and deposits, and
          as validators' rewards. These are coins of the real bank module.
  spent   what it paid and does not get back: fees, burned fees of submission, slashes, lost bonds.
  return  (spent + gain) / spent.

In some flows the money of others is at stake. These victims use the remedies that they have. They must not have less
than without the coalition's traffic; "victims_harmed" counts the cases in which they do.

Flows marked with * spend nothing by themselves: they are deposits, refunds, and payments from one pocket to another
through a review or a bounty. Their gain must not be above zero. Their return, of everything that was put in, is shown,
but does not count for the maximum.

After each case every invariant is checked, emission must be the same as without the traffic, and all coins must be
accounted for: with an account, in the bounty pool, in a fund for checks, in the community pool, or burned.
`
