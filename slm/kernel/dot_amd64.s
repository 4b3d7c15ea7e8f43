#include "textflag.h"

// Dot products of rows. No instruction here fuses a multiplication with an addition.

// REDUCE4 adds the eight lanes of a, b, c and d in the package's order, and leaves the four sums in the low half of a,
// which X names. It spoils b, c and t.
#define REDUCE4(a, b, c, d, t, X, T) \
	VHADDPS b, a, a          \
	VHADDPS d, c, c          \
	VHADDPS c, a, a          \
	VEXTRACTF128 $1, a, T    \
	VADDPS T, X, X

// PAIRROW multiplies the eight weights in Y14 with two rows of x, and adds to two accumulators.
#define PAIRROW(a, b) \
	VMULPS Y12, Y14, Y15 \
	VADDPS Y15, a, a     \
	VMULPS Y13, Y14, Y15 \
	VADDPS Y15, b, b

// AHEAD is how many bytes before they are used weights are asked for. Four rows at a time are no stream that processors
// foresee. R14 goes through all bytes in their order; asking for what is behind the end does no harm.
#define AHEAD 8192

// ROWS4 begins a function with the arguments (k8 int, w *byte, ldw int, x *float32, y *float32, groups int): for each
// group of four rows of w, y[0..3] are the dot products with x. DI points to the fourth row.
#define ROWS4 \
	MOVQ w+8(FP), SI      \
	MOVQ ldw+16(FP), R10  \
	MOVQ y+32(FP), R9     \
	MOVQ groups+40(FP), R13 \
	LEAQ AHEAD(SI), R14

#define GROUP \
	MOVQ k8+0(FP), CX     \
	MOVQ x+24(FP), DX     \
	MOVQ SI, BX           \
	LEAQ (BX)(R10*2), DI  \
	ADDQ R10, DI          \
	VXORPS Y0, Y0, Y0     \
	VXORPS Y1, Y1, Y1     \
	VXORPS Y2, Y2, Y2     \
	VXORPS Y3, Y3, Y3

#define ENDGROUP \
	REDUCE4(Y0, Y1, Y2, Y3, Y4, X0, X4) \
	VMOVUPS X0, (R9)      \
	ADDQ $16, R9          \
	LEAQ (SI)(R10*4), SI  \
	DECQ R13

// TILEROW multiplies the eight weights in Y14 with three rows of x, and adds to three accumulators.
#define TILEROW(a, b, c) \
	VMULPS Y12, Y14, Y15 \
	VADDPS Y15, a, a     \
	VMULPS Y13, Y14, Y15 \
	VADDPS Y15, b, b     \
	VMULPS (DX)(R11*2), Y14, Y15 \
	VADDPS Y15, c, c

// func dotTiles(k8 int, w *float32, ldw int, x *float32, ldx int, y *float32, ldy int, tiles int)
//
// y[3t+i][j] = dot(w[j], x[3t+i]) for j < 4, i < 3, t < tiles. Rows have 8*k8 numbers; ldw, ldx and ldy are in bytes.
TEXT ·dotTiles(SB), NOSPLIT, $0-64
	MOVQ ldw+16(FP), R10
	MOVQ x+24(FP), R8
	MOVQ ldx+32(FP), R11
	MOVQ y+40(FP), R9
	MOVQ ldy+48(FP), R12
	MOVQ tiles+56(FP), R13

tile:
	MOVQ k8+0(FP), CX
	MOVQ w+8(FP), SI
	LEAQ (SI)(R10*2), DI
	ADDQ R10, DI
	MOVQ R8, DX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

step:
	VMOVUPS (DX), Y12
	VMOVUPS (DX)(R11*1), Y13
	VMOVUPS (SI), Y14
	TILEROW(Y0, Y4, Y8)
	VMOVUPS (SI)(R10*1), Y14
	TILEROW(Y1, Y5, Y9)
	VMOVUPS (SI)(R10*2), Y14
	TILEROW(Y2, Y6, Y10)
	VMOVUPS (DI), Y14
	TILEROW(Y3, Y7, Y11)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, DX
	DECQ CX
	JNZ step

	REDUCE4(Y0, Y1, Y2, Y3, Y12, X0, X12)
	REDUCE4(Y4, Y5, Y6, Y7, Y12, X4, X12)
	REDUCE4(Y8, Y9, Y10, Y11, Y12, X8, X12)
	VMOVUPS X0, (R9)
	VMOVUPS X4, (R9)(R12*1)
	VMOVUPS X8, (R9)(R12*2)
	LEAQ (R9)(R12*2), R9
	ADDQ R12, R9
	LEAQ (R8)(R11*2), R8
	ADDQ R11, R8
	DECQ R13
	JNZ tile
	VZEROUPPER
	RET

// func dotPairs(k8 int, w *float32, ldw int, x *float32, ldx int, y *float32, ldy int, tiles int)
//
// dotTiles with two rows.
TEXT ·dotPairs(SB), NOSPLIT, $0-64
	MOVQ ldw+16(FP), R10
	MOVQ x+24(FP), R8
	MOVQ ldx+32(FP), R11
	MOVQ y+40(FP), R9
	MOVQ ldy+48(FP), R12
	MOVQ tiles+56(FP), R13

tile:
	MOVQ k8+0(FP), CX
	MOVQ w+8(FP), SI
	LEAQ (SI)(R10*2), DI
	ADDQ R10, DI
	MOVQ R8, DX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7

step:
	VMOVUPS (DX), Y12
	VMOVUPS (DX)(R11*1), Y13
	VMOVUPS (SI), Y14
	PAIRROW(Y0, Y4)
	VMOVUPS (SI)(R10*1), Y14
	PAIRROW(Y1, Y5)
	VMOVUPS (SI)(R10*2), Y14
	PAIRROW(Y2, Y6)
	VMOVUPS (DI), Y14
	PAIRROW(Y3, Y7)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $32, DX
	DECQ CX
	JNZ step

	REDUCE4(Y0, Y1, Y2, Y3, Y12, X0, X12)
	REDUCE4(Y4, Y5, Y6, Y7, Y12, X4, X12)
	VMOVUPS X0, (R9)
	VMOVUPS X4, (R9)(R12*1)
	LEAQ (R9)(R12*2), R9
	LEAQ (R8)(R11*2), R8
	DECQ R13
	JNZ tile
	VZEROUPPER
	RET

// func dotRowsF32(k8 int, w *byte, ldw int, x *float32, y *float32, groups int)
TEXT ·dotRowsF32(SB), NOSPLIT, $0-48
	ROWS4

group:
	GROUP

step:
	PREFETCHT0 (R14)
	PREFETCHT0 64(R14)
	VMOVUPS (DX), Y8
	VMULPS (BX), Y8, Y4
	VADDPS Y4, Y0, Y0
	VMULPS (BX)(R10*1), Y8, Y5
	VADDPS Y5, Y1, Y1
	VMULPS (BX)(R10*2), Y8, Y6
	VADDPS Y6, Y2, Y2
	VMULPS (DI), Y8, Y7
	VADDPS Y7, Y3, Y3
	ADDQ $32, BX
	ADDQ $32, DI
	ADDQ $32, DX
	ADDQ $128, R14
	DECQ CX
	JNZ step
	ENDGROUP
	JNZ group
	VZEROUPPER
	RET

// func dotRowsBF16(k8 int, w *byte, ldw int, x *float32, y *float32, groups int)
TEXT ·dotRowsBF16(SB), NOSPLIT, $0-48
	ROWS4

group:
	GROUP

step:
	PREFETCHT0 (R14)
	VMOVUPS (DX), Y8
	VPMOVZXWD (BX), Y4
	VPMOVZXWD (BX)(R10*1), Y5
	VPMOVZXWD (BX)(R10*2), Y6
	VPMOVZXWD (DI), Y7
	VPSLLD $16, Y4, Y4
	VPSLLD $16, Y5, Y5
	VPSLLD $16, Y6, Y6
	VPSLLD $16, Y7, Y7
	VMULPS Y8, Y4, Y4
	VMULPS Y8, Y5, Y5
	VMULPS Y8, Y6, Y6
	VMULPS Y8, Y7, Y7
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y2
	VADDPS Y7, Y3, Y3
	ADDQ $16, BX
	ADDQ $16, DI
	ADDQ $32, DX
	ADDQ $64, R14
	DECQ CX
	JNZ step
	ENDGROUP
	JNZ group
	VZEROUPPER
	RET

// func dotRowsF16(k8 int, w *byte, ldw int, x *float32, y *float32, groups int)
TEXT ·dotRowsF16(SB), NOSPLIT, $0-48
	ROWS4

group:
	GROUP

step:
	PREFETCHT0 (R14)
	VMOVUPS (DX), Y8
	VCVTPH2PS (BX), Y4
	VCVTPH2PS (BX)(R10*1), Y5
	VCVTPH2PS (BX)(R10*2), Y6
	VCVTPH2PS (DI), Y7
	VMULPS Y8, Y4, Y4
	VMULPS Y8, Y5, Y5
	VMULPS Y8, Y6, Y6
	VMULPS Y8, Y7, Y7
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y2
	VADDPS Y7, Y3, Y3
	ADDQ $16, BX
	ADDQ $16, DI
	ADDQ $32, DX
	ADDQ $64, R14
	DECQ CX
	JNZ step
	ENDGROUP
	JNZ group
	VZEROUPPER
	RET

// Q8 multiplies eight numbers of a block of Q8_0, at byte off of it, with the eight numbers of x in Y8, and adds.
// s holds the block's scale.
#define Q8(src, s, acc, t) \
	VPMOVSXBD src, t   \
	VCVTDQ2PS t, t     \
	VMULPS s, t, t     \
	VMULPS Y8, t, t    \
	VADDPS t, acc, acc

#define Q8STEP(off, xoff) \
	VMOVUPS xoff(DX), Y8              \
	Q8(off(BX), Y9, Y0, Y4)           \
	Q8(off(BX)(R10*1), Y10, Y1, Y5)   \
	Q8(off(BX)(R10*2), Y11, Y2, Y6)   \
	Q8(off(DI), Y12, Y3, Y7)

// func dotRowsQ8(k8 int, w *byte, ldw int, x *float32, y *float32, groups int)
TEXT ·dotRowsQ8(SB), NOSPLIT, $0-48
	ROWS4

group:
	GROUP

step:
	PREFETCHT0 (R14)
	PREFETCHT0 64(R14)
	PREFETCHT0 128(R14)
	VPBROADCASTW (BX), X9
	VPBROADCASTW (BX)(R10*1), X10
	VPBROADCASTW (BX)(R10*2), X11
	VPBROADCASTW (DI), X12
	VCVTPH2PS X9, Y9
	VCVTPH2PS X10, Y10
	VCVTPH2PS X11, Y11
	VCVTPH2PS X12, Y12
	Q8STEP(2, 0)
	Q8STEP(10, 32)
	Q8STEP(18, 64)
	Q8STEP(26, 96)
	ADDQ $34, BX
	ADDQ $34, DI
	ADDQ $128, DX
	ADDQ $136, R14
	SUBQ $4, CX
	JNZ step
	ENDGROUP
	JNZ group
	VZEROUPPER
	RET

// func decodeBF16(k8 int, dst *float32, src *byte)
TEXT ·decodeBF16(SB), NOSPLIT, $0-24
	MOVQ k8+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ src+16(FP), SI

step:
	VPMOVZXWD (SI), Y0
	VPSLLD $16, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $16, SI
	ADDQ $32, DI
	DECQ CX
	JNZ step
	VZEROUPPER
	RET

// func decodeF16(k8 int, dst *float32, src *byte)
TEXT ·decodeF16(SB), NOSPLIT, $0-24
	MOVQ k8+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ src+16(FP), SI

step:
	VCVTPH2PS (SI), Y0
	VMOVUPS Y0, (DI)
	ADDQ $16, SI
	ADDQ $32, DI
	DECQ CX
	JNZ step
	VZEROUPPER
	RET

// func decodeQ8(k8 int, dst *float32, src *byte)
TEXT ·decodeQ8(SB), NOSPLIT, $0-24
	MOVQ k8+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ src+16(FP), SI

step:
	VPBROADCASTW (SI), X4
	VCVTPH2PS X4, Y4
	VPMOVSXBD 2(SI), Y0
	VPMOVSXBD 10(SI), Y1
	VPMOVSXBD 18(SI), Y2
	VPMOVSXBD 26(SI), Y3
	VCVTDQ2PS Y0, Y0
	VCVTDQ2PS Y1, Y1
	VCVTDQ2PS Y2, Y2
	VCVTDQ2PS Y3, Y3
	VMULPS Y4, Y0, Y0
	VMULPS Y4, Y1, Y1
	VMULPS Y4, Y2, Y2
	VMULPS Y4, Y3, Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ $34, SI
	ADDQ $128, DI
	SUBQ $4, CX
	JNZ step
	VZEROUPPER
	RET
