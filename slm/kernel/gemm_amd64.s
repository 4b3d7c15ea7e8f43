#include "textflag.h"

// Products that run down the columns of b: each lane owns one element of c and adds to it in order of k.

// A row of the tile: t = a * b for sixteen columns, added to two accumulators.
#define ROW(addr, lo, hi) \
	VBROADCASTSS addr, Y14 \
	VMULPS Y12, Y14, Y15   \
	VADDPS Y15, lo, lo     \
	VMULPS Y13, Y14, Y15   \
	VADDPS Y15, hi, hi

#define LOAD(addr, off, lo, hi) \
	VMOVUPS addr, lo \
	VMOVUPS off, hi

// ARGS reads (k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int). R9 and R14 point to
// the fourth rows of a and c.
#define ARGS \
	MOVQ a+8(FP), SI       \
	MOVQ rs+16(FP), R10    \
	MOVQ ks+24(FP), R11    \
	MOVQ ldb+40(FP), R12   \
	MOVQ c+48(FP), DI      \
	MOVQ ldc+56(FP), R13   \
	MOVQ tiles+64(FP), AX

#define BEGIN \
	MOVQ k+0(FP), CX       \
	MOVQ b+32(FP), DX      \
	MOVQ SI, R8            \
	LEAQ (R8)(R10*2), R9   \
	ADDQ R10, R9           \
	LEAQ (DI)(R13*2), BX   \
	ADDQ R13, BX

// func mulAdd6(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)
//
// c[6t+i][j] += a[6t+i][0]*b[0][j] + … for i < 6, j < 16, t < tiles, in order of k. Element (i, k) of a is at
// i*rs + k*ks; strides are in bytes.
TEXT ·mulAdd6(SB), NOSPLIT, $0-72
	ARGS

tile:
	BEGIN
	LOAD((DI), 32(DI), Y0, Y1)
	LOAD((DI)(R13*1), 32(DI)(R13*1), Y2, Y3)
	LOAD((DI)(R13*2), 32(DI)(R13*2), Y4, Y5)
	LOAD((BX), 32(BX), Y6, Y7)
	LOAD((BX)(R13*1), 32(BX)(R13*1), Y8, Y9)
	LOAD((BX)(R13*2), 32(BX)(R13*2), Y10, Y11)

step:
	VMOVUPS (DX), Y12
	VMOVUPS 32(DX), Y13
	ROW((R8), Y0, Y1)
	ROW((R8)(R10*1), Y2, Y3)
	ROW((R8)(R10*2), Y4, Y5)
	ROW((R9), Y6, Y7)
	ROW((R9)(R10*1), Y8, Y9)
	ROW((R9)(R10*2), Y10, Y11)
	ADDQ R11, R8
	ADDQ R11, R9
	ADDQ R12, DX
	DECQ CX
	JNZ step

	LOAD(Y0, Y1, (DI), 32(DI))
	LOAD(Y2, Y3, (DI)(R13*1), 32(DI)(R13*1))
	LOAD(Y4, Y5, (DI)(R13*2), 32(DI)(R13*2))
	LOAD(Y6, Y7, (BX), 32(BX))
	LOAD(Y8, Y9, (BX)(R13*1), 32(BX)(R13*1))
	LOAD(Y10, Y11, (BX)(R13*2), 32(BX)(R13*2))
	LEAQ (BX)(R13*2), DI
	ADDQ R13, DI
	LEAQ (SI)(R10*2), SI
	LEAQ (SI)(R10*4), SI
	DECQ AX
	JNZ tile
	VZEROUPPER
	RET

// func mulAdd4(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)
//
// mulAdd6 with four rows.
TEXT ·mulAdd4(SB), NOSPLIT, $0-72
	ARGS

tile:
	BEGIN
	LOAD((DI), 32(DI), Y0, Y1)
	LOAD((DI)(R13*1), 32(DI)(R13*1), Y2, Y3)
	LOAD((DI)(R13*2), 32(DI)(R13*2), Y4, Y5)
	LOAD((BX), 32(BX), Y6, Y7)

step:
	VMOVUPS (DX), Y12
	VMOVUPS 32(DX), Y13
	ROW((R8), Y0, Y1)
	ROW((R8)(R10*1), Y2, Y3)
	ROW((R8)(R10*2), Y4, Y5)
	ROW((R9), Y6, Y7)
	ADDQ R11, R8
	ADDQ R11, R9
	ADDQ R12, DX
	DECQ CX
	JNZ step

	LOAD(Y0, Y1, (DI), 32(DI))
	LOAD(Y2, Y3, (DI)(R13*1), 32(DI)(R13*1))
	LOAD(Y4, Y5, (DI)(R13*2), 32(DI)(R13*2))
	LOAD(Y6, Y7, (BX), 32(BX))
	LEAQ (DI)(R13*4), DI
	LEAQ (SI)(R10*4), SI
	DECQ AX
	JNZ tile
	VZEROUPPER
	RET

// func mulAdd3(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)
//
// mulAdd6 with three rows.
TEXT ·mulAdd3(SB), NOSPLIT, $0-72
	ARGS

tile:
	BEGIN
	LOAD((DI), 32(DI), Y0, Y1)
	LOAD((DI)(R13*1), 32(DI)(R13*1), Y2, Y3)
	LOAD((DI)(R13*2), 32(DI)(R13*2), Y4, Y5)

step:
	VMOVUPS (DX), Y12
	VMOVUPS 32(DX), Y13
	ROW((R8), Y0, Y1)
	ROW((R8)(R10*1), Y2, Y3)
	ROW((R8)(R10*2), Y4, Y5)
	ADDQ R11, R8
	ADDQ R12, DX
	DECQ CX
	JNZ step

	LOAD(Y0, Y1, (DI), 32(DI))
	LOAD(Y2, Y3, (DI)(R13*1), 32(DI)(R13*1))
	LOAD(Y4, Y5, (DI)(R13*2), 32(DI)(R13*2))
	MOVQ BX, DI
	LEAQ (SI)(R10*2), SI
	ADDQ R10, SI
	DECQ AX
	JNZ tile
	VZEROUPPER
	RET

// func mulAdd2(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)
//
// mulAdd6 with two rows.
TEXT ·mulAdd2(SB), NOSPLIT, $0-72
	ARGS

tile:
	BEGIN
	LOAD((DI), 32(DI), Y0, Y1)
	LOAD((DI)(R13*1), 32(DI)(R13*1), Y2, Y3)

step:
	VMOVUPS (DX), Y12
	VMOVUPS 32(DX), Y13
	ROW((R8), Y0, Y1)
	ROW((R8)(R10*1), Y2, Y3)
	ADDQ R11, R8
	ADDQ R12, DX
	DECQ CX
	JNZ step

	LOAD(Y0, Y1, (DI), 32(DI))
	LOAD(Y2, Y3, (DI)(R13*1), 32(DI)(R13*1))
	LEAQ (DI)(R13*2), DI
	LEAQ (SI)(R10*2), SI
	DECQ AX
	JNZ tile
	VZEROUPPER
	RET

// func mulAdd1(k int, a *float32, rs, ks int, b *float32, ldb int, c *float32, ldc int, tiles int)
//
// mulAdd6 with one row.
TEXT ·mulAdd1(SB), NOSPLIT, $0-72
	ARGS

tile:
	BEGIN
	LOAD((DI), 32(DI), Y0, Y1)

step:
	VMOVUPS (DX), Y12
	VMOVUPS 32(DX), Y13
	ROW((R8), Y0, Y1)
	ADDQ R11, R8
	ADDQ R12, DX
	DECQ CX
	JNZ step

	LOAD(Y0, Y1, (DI), 32(DI))
	ADDQ R13, DI
	ADDQ R10, SI
	DECQ AX
	JNZ tile
	VZEROUPPER
	RET
