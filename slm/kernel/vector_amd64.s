#include "textflag.h"

DATA log2e<>+0(SB)/4, $0x3fb8aa3b // 1/ln 2
GLOBL log2e<>(SB), RODATA|NOPTR, $4
DATA magic<>+0(SB)/4, $0x4b400000 // 1.5 * 2^23: adding and taking it away rounds to an integer
GLOBL magic<>(SB), RODATA|NOPTR, $4
DATA ln2hi<>+0(SB)/4, $0x3f318000
GLOBL ln2hi<>(SB), RODATA|NOPTR, $4
DATA ln2lo<>+0(SB)/4, $0xb95e8083
GLOBL ln2lo<>(SB), RODATA|NOPTR, $4
DATA c7<>+0(SB)/4, $0x39500d01 // 1/5040
GLOBL c7<>(SB), RODATA|NOPTR, $4
DATA c6<>+0(SB)/4, $0x3ab60b61 // 1/720
GLOBL c6<>(SB), RODATA|NOPTR, $4
DATA c5<>+0(SB)/4, $0x3c088889 // 1/120
GLOBL c5<>(SB), RODATA|NOPTR, $4
DATA c4<>+0(SB)/4, $0x3d2aaaab // 1/24
GLOBL c4<>(SB), RODATA|NOPTR, $4
DATA c3<>+0(SB)/4, $0x3e2aaaab // 1/6
GLOBL c3<>(SB), RODATA|NOPTR, $4
DATA half<>+0(SB)/4, $0x3f000000
GLOBL half<>(SB), RODATA|NOPTR, $4
DATA one<>+0(SB)/4, $0x3f800000
GLOBL one<>(SB), RODATA|NOPTR, $4
DATA low<>+0(SB)/4, $0xc2ae0000 // -87
GLOBL low<>(SB), RODATA|NOPTR, $4
DATA high<>+0(SB)/4, $0x42b00000 // 88
GLOBL high<>(SB), RODATA|NOPTR, $4

// CONSTANTS loads what EXP needs that is not in memory operands.
#define CONSTANTS \
	VBROADCASTSS log2e<>(SB), Y15 \
	VBROADCASTSS magic<>(SB), Y14 \
	VBROADCASTSS ln2hi<>(SB), Y13 \
	VBROADCASTSS ln2lo<>(SB), Y12 \
	VBROADCASTSS one<>(SB), Y11   \
	VBROADCASTSS low<>(SB), Y10   \
	VBROADCASTSS high<>(SB), Y9   \
	VBROADCASTSS half<>(SB), Y8   \
	VBROADCASTSS c7<>(SB), Y7

// HORNER: p = p*r + constant.
#define HORNER(c, r, p, t) \
	VBROADCASTSS c, t \
	VMULPS r, p, p    \
	VADDPS t, p, p

// EXP replaces x by exp(x), as Exp in exp.go does it step by step. It spoils n, p, t and m.
#define EXP(x, n, p, t, m) \
	VCMPPS $13, Y10, x, m   \
	VMINPS Y9, x, x         \
	VMAXPS Y10, x, x        \
	VMULPS Y15, x, n        \
	VADDPS Y14, n, n        \
	VSUBPS Y14, n, n        \
	VMULPS Y13, n, t        \
	VSUBPS t, x, x          \
	VMULPS Y12, n, t        \
	VSUBPS t, x, x          \
	VCVTPS2DQ n, n          \
	VPSLLD $23, n, n        \
	VPADDD Y11, n, n        \
	VMULPS x, Y7, p         \
	VBROADCASTSS c6<>(SB), t \
	VADDPS t, p, p          \
	HORNER(c5<>(SB), x, p, t) \
	HORNER(c4<>(SB), x, p, t) \
	HORNER(c3<>(SB), x, p, t) \
	VMULPS x, p, p          \
	VADDPS Y8, p, p         \
	VMULPS x, p, p          \
	VADDPS Y11, p, p        \
	VMULPS x, p, p          \
	VADDPS Y11, p, p        \
	VMULPS n, p, x          \
	VANDPS m, x, x

// func vecExp(n8 int, x *float32, shift float32, lanes *[8]float32)
//
// x[i] = exp(x[i] - shift), added to lanes[i mod 8].
TEXT ·vecExp(SB), NOSPLIT, $0-32
	MOVQ n8+0(FP), CX
	MOVQ x+8(FP), SI
	VBROADCASTSS shift+16(FP), Y6
	MOVQ lanes+24(FP), DI
	VMOVUPS (DI), Y5
	CONSTANTS

step:
	VMOVUPS (SI), Y0
	VSUBPS Y6, Y0, Y0
	EXP(Y0, Y1, Y2, Y3, Y4)
	VMOVUPS Y0, (SI)
	VADDPS Y0, Y5, Y5
	ADDQ $32, SI
	DECQ CX
	JNZ step
	VMOVUPS Y5, (DI)
	VZEROUPPER
	RET

// func vecSiLUMul(n8 int, dst, gate, up *float32)
//
// dst[i] = gate[i] / (1 + exp(-gate[i])) * up[i]
TEXT ·vecSiLUMul(SB), NOSPLIT, $0-32
	MOVQ n8+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ gate+16(FP), SI
	MOVQ up+24(FP), DX
	CONSTANTS

step:
	VMOVUPS (SI), Y5
	VXORPS Y0, Y0, Y0
	VSUBPS Y5, Y0, Y0
	EXP(Y0, Y1, Y2, Y3, Y4)
	VADDPS Y11, Y0, Y0
	VDIVPS Y0, Y5, Y0
	VMULPS (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, DI
	DECQ CX
	JNZ step
	VZEROUPPER
	RET

// func vecSiLUMulGrad(n8 int, dgate, dup, dout, gate, up *float32)
//
// s = 1 / (1 + exp(-gate)); dup = dout * (gate*s); dgate = (dout*up) * (s * (1 + gate*(1-s)))
TEXT ·vecSiLUMulGrad(SB), NOSPLIT, $0-48
	MOVQ n8+0(FP), CX
	MOVQ dgate+8(FP), DI
	MOVQ dup+16(FP), R8
	MOVQ dout+24(FP), R9
	MOVQ gate+32(FP), SI
	MOVQ up+40(FP), DX
	CONSTANTS

step:
	VMOVUPS (SI), Y5
	VMOVUPS (R9), Y6
	VXORPS Y0, Y0, Y0
	VSUBPS Y5, Y0, Y0
	EXP(Y0, Y1, Y2, Y3, Y4)
	VADDPS Y11, Y0, Y0
	VDIVPS Y0, Y11, Y0
	VMULPS (DX), Y6, Y1
	VMULPS Y0, Y5, Y2
	VMULPS Y2, Y6, Y2
	VMOVUPS Y2, (R8)
	VSUBPS Y0, Y11, Y3
	VMULPS Y3, Y5, Y3
	VADDPS Y11, Y3, Y3
	VMULPS Y3, Y0, Y3
	VMULPS Y3, Y1, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, DI
	ADDQ $32, R8
	ADDQ $32, R9
	DECQ CX
	JNZ step
	VZEROUPPER
	RET

// func vecSquares(n8 int, x *float32, lanes *[8]float32)
//
// x[i]*x[i] is added to lanes[i mod 8].
TEXT ·vecSquares(SB), NOSPLIT, $0-24
	MOVQ n8+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ lanes+16(FP), DI
	VMOVUPS (DI), Y0

step:
	VMOVUPS (SI), Y1
	VMULPS Y1, Y1, Y1
	VADDPS Y1, Y0, Y0
	ADDQ $32, SI
	DECQ CX
	JNZ step
	VMOVUPS Y0, (DI)
	VZEROUPPER
	RET

// func vecMax(n8 int, x *float32, lanes *[8]float32)
//
// lanes[i mod 8] becomes at least x[i].
TEXT ·vecMax(SB), NOSPLIT, $0-24
	MOVQ n8+0(FP), CX
	MOVQ x+8(FP), SI
	MOVQ lanes+16(FP), DI
	VMOVUPS (DI), Y0

step:
	VMAXPS (SI), Y0, Y0
	ADDQ $32, SI
	DECQ CX
	JNZ step
	VMOVUPS Y0, (DI)
	VZEROUPPER
	RET

// func vecScale(n8 int, x *float32, s float32)
//
// x[i] = x[i]*s
TEXT ·vecScale(SB), NOSPLIT, $0-20
	MOVQ n8+0(FP), CX
	MOVQ x+8(FP), SI
	VBROADCASTSS s+16(FP), Y1

step:
	VMULPS (SI), Y1, Y0
	VMOVUPS Y0, (SI)
	ADDQ $32, SI
	DECQ CX
	JNZ step
	VZEROUPPER
	RET
