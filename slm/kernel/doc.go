// Package kernel computes what a transformer needs, with the same bits on every machine.
//
// # The rule
//
// Every function has one definition in terms of single IEEE 754 operations in a fixed order. Assembly, portable Go, one
// thread or many, and every architecture follow it. So there is no fused multiply-add anywhere, and no function of
// package math but Sqrt, which IEEE 754 rounds exactly. Threads share out elements of a result, never one sum.
// NaN is outside the rule: its bits differ between machines.
//
// # The two orders of sums
//
// A dot product (Linear, Dot) adds product i to lane i mod 8, in order of i, and then adds the eight lanes as
//
//	((l0+l1) + (l2+l3)) + ((l4+l5) + (l6+l7))
//
// Weights lie [out, in], so both operands are read along their rows.
//
// A product that runs down the columns of its right operand (MulAdd, LinearInput, LinearWeight) adds to each element in
// order of the inner index, one at a time. It goes on from what the element holds, so a product in two pieces along the
// inner index has the same bits as one in a piece.
//
// # Weights
//
// Weights are read as they lie in a file: F32, F16, BF16 or Q8_0. Every one of their values is exactly one float32, so
// a product has the same bits as the one with weights that were converted to F32 before.
package kernel
