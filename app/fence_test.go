package app_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

func random(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

// TestFences: sessions pin the fence of their provider, one fence stands at a time, and only who knows its holder keeps
// it.
func TestFences(t *testing.T) {
	s := newScenario(t)
	before := s.Open(chain.Open(5))
	require.Empty(t, before.Session.Fence, "a provider need not have one")

	claim := func(fence, holder, previous string) *modelstypes.MsgClaimFence {
		msg := &modelstypes.MsgClaimFence{Provider: s.Provider.String(), Fence: random(fence), Holder: random(holder)}
		if previous != "" {
			msg.Previous = random(previous)
		}
		return msg
	}
	s.Send(s.Provider, claim("first", "start 1", ""))
	one := s.Open(chain.Open(5))
	require.Equal(t, random("first"), one.Session.Fence)

	// The gateway starts again, and a copy of what it was when it started before does too.
	s.Send(s.Provider, claim("first", "start 2", "start 1"))
	s.Refuse(s.Provider, modelstypes.ErrFence, claim("first", "copy", "start 1"))
	s.Refuse(s.Provider, modelstypes.ErrFence, claim("first", "stranger", ""))
	s.Refuse(s.Provider, modelstypes.ErrFence, claim("second", "restored", "start 2"))
	s.Refuse(s.Alice, modelstypes.ErrProviderNotFound,
		&modelstypes.MsgClaimFence{Provider: s.Alice.String(), Fence: random("a"), Holder: random("b")})

	s.Send(s.Provider, claim("second", "copy", ""))
	require.Equal(t, random("second"), s.Open(chain.Open(5)).Session.Fence)
	one.Refresh(one.Session.Id)
	require.Equal(t, random("first"), one.Session.Fence, "open sessions keep theirs")

	// A client that knows the fence of the first gateway cannot open a session that nobody serves.
	key := ed25519.NewKeyFromSeed(random("session key")).Public().(ed25519.PublicKey)
	open := &attributiontypes.MsgOpenSession{
		Payer: s.Payer.String(), Provider: s.Provider.String(), ModelId: s.ModelID, SessionKey: key,
		Deposit: chain.Coin(chain.Open(1)), Fence: random("first"),
	}
	escrow := sdk.MustAccAddressFromBech32(s.ModuleAddress(attributiontypes.ModuleName))
	held := s.Balance(escrow)
	s.Refuse(s.Payer, modelstypes.ErrFence, open)
	require.Equal(t, held, s.Balance(escrow), "no deposit is held for it")
	open.Fence = random("second")
	s.Send(s.Payer, open)

	// Another endpoint or key, and what follows from batches, leave the fence alone.
	s.Send(s.Provider, &modelstypes.MsgUpdateProvider{Provider: s.Provider.String(), Name: "moved",
		AnswerKey: s.AnswerKey.Public().(ed25519.PublicKey)})
	s.Send(s.Provider, &modelstypes.MsgBondProvider{Provider: s.Provider.String(), Amount: chain.Coin(chain.Open(1))})
	provider, err := s.App.ModelsKeeper.GetProvider(s.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.Equal(t, random("second"), provider.Fence)
	require.Equal(t, random("copy"), provider.FenceHolder)

	// The calls of a session whose fence fell are still recorded: they were signed once.
	one.Ask(answer())
	s.Send(s.Provider, one.Acknowledged())

	imported := s.Import(s.Export())
	provider, err = imported.App.ModelsKeeper.GetProvider(imported.Ctx(), s.Provider.Address)
	require.NoError(t, err)
	require.Equal(t, random("second"), provider.Fence)
	require.Equal(t, random("copy"), provider.FenceHolder)
	session, err := imported.App.AttributionKeeper.GetSession(imported.Ctx(), one.Session.Id)
	require.NoError(t, err)
	require.Equal(t, random("first"), session.Fence)
}

// TestFencesAreWellFormed: in messages and in a genesis.
func TestFencesAreWellFormed(t *testing.T) {
	s := newScenario(t)
	good := modelstypes.MsgClaimFence{Provider: s.Provider.String(), Fence: random("fence"), Holder: random("holder"),
		Previous: random("previous")}
	require.NoError(t, good.ValidateBasic())
	for name, spoil := range map[string]func(*modelstypes.MsgClaimFence){
		"no fence":       func(m *modelstypes.MsgClaimFence) { m.Fence = nil },
		"short fence":    func(m *modelstypes.MsgClaimFence) { m.Fence = m.Fence[:31] },
		"long fence":     func(m *modelstypes.MsgClaimFence) { m.Fence = bytes.Repeat([]byte{1}, 33) },
		"no holder":      func(m *modelstypes.MsgClaimFence) { m.Holder = nil },
		"short previous": func(m *modelstypes.MsgClaimFence) { m.Previous = m.Previous[:1] },
		"same holder":    func(m *modelstypes.MsgClaimFence) { m.Previous = m.Holder },
	} {
		msg := good
		spoil(&msg)
		s.Refuse(s.Provider, modelstypes.ErrFence, &msg)
		require.ErrorIs(t, msg.ValidateBasic(), modelstypes.ErrFence, name)
	}
	bad := good
	bad.Provider = "nobody"
	require.ErrorIs(t, bad.ValidateBasic(), modelstypes.ErrInvalidAddress)
	for _, size := range []int{1, 31, 33} {
		msg := &attributiontypes.MsgOpenSession{
			Payer: s.Payer.String(), Provider: s.Provider.String(), ModelId: s.ModelID, SessionKey: random("key"),
			Deposit: chain.Coin(chain.Open(1)), Fence: make([]byte, size),
		}
		s.Refuse(s.Payer, attributiontypes.ErrInvalidSession, msg)
	}

	s.Send(s.Provider, &modelstypes.MsgClaimFence{Provider: s.Provider.String(), Fence: random("fence"),
		Holder: random("holder")})
	s.Open(chain.Open(1))
	models, err := s.App.ModelsKeeper.ExportGenesis(s.Ctx())
	require.NoError(t, err)
	require.NoError(t, models.Validate())
	for i, spoil := range []func(*modelstypes.Provider){
		func(p *modelstypes.Provider) { p.Fence = p.Fence[1:] },
		func(p *modelstypes.Provider) { p.FenceHolder = nil },
		func(p *modelstypes.Provider) { p.Fence = nil },
	} {
		kept := models.Providers[0]
		spoil(&models.Providers[0])
		require.ErrorIs(t, models.Validate(), modelstypes.ErrInvalidGenesis, fmt.Sprint(i))
		models.Providers[0] = kept
	}
	attribution, err := s.App.AttributionKeeper.ExportGenesis(s.Ctx())
	require.NoError(t, err)
	require.NoError(t, attribution.Validate())
	attribution.Sessions[0].Fence = []byte{1}
	require.ErrorIs(t, attribution.Validate(), attributiontypes.ErrInvalidGenesis)
}
