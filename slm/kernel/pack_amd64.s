#include "textflag.h"

// Sixteen columns of rows, converted to F32 and laid one row behind the other.

#define PACKARGS \
	MOVQ rows+0(FP), CX \
	MOVQ dst+8(FP), DI  \
	MOVQ src+16(FP), SI

#define PACKSTORE \
	VMOVUPS Y0, (DI)    \
	VMOVUPS Y1, 32(DI)  \
	ADDQ $64, DI

// func packF32(rows int, dst *float32, src *byte, stride int)
TEXT ·packF32(SB), NOSPLIT, $0-32
	PACKARGS
	MOVQ stride+24(FP), R10

row:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	PACKSTORE
	ADDQ R10, SI
	DECQ CX
	JNZ row
	VZEROUPPER
	RET

// func packF16(rows int, dst *float32, src *byte, stride int)
TEXT ·packF16(SB), NOSPLIT, $0-32
	PACKARGS
	MOVQ stride+24(FP), R10

row:
	VCVTPH2PS (SI), Y0
	VCVTPH2PS 16(SI), Y1
	PACKSTORE
	ADDQ R10, SI
	DECQ CX
	JNZ row
	VZEROUPPER
	RET

// func packBF16(rows int, dst *float32, src *byte, stride int)
TEXT ·packBF16(SB), NOSPLIT, $0-32
	PACKARGS
	MOVQ stride+24(FP), R10

row:
	VPMOVZXWD (SI), Y0
	VPMOVZXWD 16(SI), Y1
	VPSLLD $16, Y0, Y0
	VPSLLD $16, Y1, Y1
	PACKSTORE
	ADDQ R10, SI
	DECQ CX
	JNZ row
	VZEROUPPER
	RET

// func packQ8(rows int, dst *float32, scale, src *byte, stride int)
TEXT ·packQ8(SB), NOSPLIT, $0-40
	MOVQ rows+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ scale+16(FP), DX
	MOVQ src+24(FP), SI
	MOVQ stride+32(FP), R10

row:
	VPBROADCASTW (DX), X2
	VCVTPH2PS X2, Y2
	VPMOVSXBD (SI), Y0
	VPMOVSXBD 8(SI), Y1
	VCVTDQ2PS Y0, Y0
	VCVTDQ2PS Y1, Y1
	VMULPS Y2, Y0, Y0
	VMULPS Y2, Y1, Y1
	PACKSTORE
	ADDQ R10, SI
	ADDQ R10, DX
	DECQ CX
	JNZ row
	VZEROUPPER
	RET
