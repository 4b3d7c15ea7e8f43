package poa

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

var maxAmount = Amount{^uint64(0), ^uint64(0)}

func TestAmountFromBig(t *testing.T) {
	over := new(big.Int).Lsh(big.NewInt(1), 128)
	for _, v := range []*big.Int{nil, big.NewInt(-1), over} {
		if _, err := AmountFromBig(v); !errors.Is(err, ErrAmountRange) {
			t.Errorf("%v: %v", v, err)
		}
	}
	top := must(AmountFromBig(over.Sub(over, big.NewInt(1))))
	if top != maxAmount || top.String() != "340282366920938463463374607431768211455" {
		t.Errorf("top is %s", top)
	}
	if _, err := top.Add(NewAmount(1)); !errors.Is(err, ErrAmountRange) {
		t.Errorf("overflow: %v", err)
	}
}

func drawAmount(t *rapid.T, name string) Amount {
	hi := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, name+" high")
	return Amount{hi, rapid.Uint64().Draw(t, name+" low")}
}

func TestAmountAgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawAmount(t, "a"), drawAmount(t, "b")
		if got := a.Cmp(b); got != a.Big().Cmp(b.Big()) {
			t.Fatalf("Cmp is %d", got)
		}
		if back := must(AmountFromBig(a.Big())); back != a || a.IsZero() != (a.Big().Sign() == 0) ||
			a.String() != a.Big().String() {
			t.Fatalf("round trip of %s", a)
		}
		sum := new(big.Int).Add(a.Big(), b.Big())
		if got, err := a.Add(b); sum.BitLen() > 128 != (err != nil) || err == nil && got.Big().Cmp(sum) != 0 {
			t.Fatalf("%s + %s = %s, %v", a, b, got, err)
		}
		difference := new(big.Int).Sub(a.Big(), b.Big())
		if got, err := a.Sub(b); difference.Sign() < 0 != (err != nil) || err == nil && got.Big().Cmp(difference) != 0 {
			t.Fatalf("%s - %s = %s, %v", a, b, got, err)
		}
		n := rapid.Uint32().Draw(t, "n")
		want := new(big.Int).Mul(a.Big(), big.NewInt(int64(n)))
		want.Add(want, big.NewInt(999)).Div(want, big.NewInt(1000))
		if got, err := a.perThousandRoundedUp(n); want.BitLen() > 128 != (err != nil) || err == nil &&
			got.Big().Cmp(want) != 0 {
			t.Fatalf("ceil(%s * %d / 1000) = %s, %v", a, n, got, err)
		}
		if r := (&reader{data: appendAmount(nil, a)}); r.amount() != a || r.finish(ErrRecord) != nil {
			t.Fatalf("encoding of %s", a)
		}
	})
}

func TestPrice(t *testing.T) {
	p := Price{InputPer1K: NewAmount(1), OutputPer1K: NewAmount(2001), Royalty: NewAmount(50)}
	if got := must(p.Compute(1, 1001)); got != NewAmount(1+2004) {
		t.Errorf("compute part is %s", got)
	}
	if got := must(p.Total(1, 1001)); got != NewAmount(1+2004+50) {
		t.Errorf("total is %s", got)
	}
	if got := must(p.Compute(0, 0)); !got.IsZero() {
		t.Errorf("nothing costs %s", got)
	}
	for _, p := range []Price{{InputPer1K: maxAmount}, {OutputPer1K: maxAmount},
		{InputPer1K: NewAmount(1), Royalty: maxAmount}} {
		if _, err := p.Total(4000, 4000); !errors.Is(err, ErrAmountRange) {
			t.Errorf("%v: %v", p, err)
		}
	}
	if b := p.Bytes(); len(b) != 48 || b[15] != 1 || b[47] != 50 {
		t.Errorf("bytes %x", b)
	}
}
