// Package volume makes batches of the size that the protocol allows, over
// manifests of thousands of contributors, and measures what a chain does with
// them. Benchmarks and integration tests share it.
//
// Batches are attested: their evidence would lie in a bundle that validators
// recompute beside consensus, so that here none is made. Everything else is
// real: transactions, signatures, hash chains, vouchers, fees.
package volume
