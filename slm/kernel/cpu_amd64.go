package kernel

// cpuid returns what the instruction CPUID says about leaf and subleaf.
//
//go:noescape
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// xgetbv returns the low half of extended control register 0: what the operating system saves.
//
//go:noescape
func xgetbv() (eax uint32)

// hasAssembly reports whether the processor and the operating system have AVX2 and F16C.
func hasAssembly() bool {
	most, _, _, _ := cpuid(0, 0)
	if most < 7 {
		return false
	}
	const f16c, avx, osxsave = 1 << 29, 1 << 28, 1 << 27
	_, _, features, _ := cpuid(1, 0)
	if features&(f16c|avx|osxsave) != f16c|avx|osxsave {
		return false
	}
	const registers = 6 // X and Y
	if xgetbv()&registers != registers {
		return false
	}
	const avx2 = 1 << 5
	_, extended, _, _ := cpuid(7, 0)
	return extended&avx2 != 0
}
