package connect

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// What the chain says of the payment of an answer.
const (
	paymentPending = "pending"
	paymentUnknown = "unknown"
)

const (
	paymentsEvery = 2 * time.Second
	// paymentsAtOnce bounds the answers that are asked about in one go.
	paymentsAtOnce = 100
	// paymentPatience is when the chain is not asked about an answer any more.
	paymentPatience = 7 * 24 * time.Hour
)

// payments are the words for what the chain says.
var payments = map[attributiontypes.Payment]string{
	attributiontypes.PAYMENT_PAID: "paid", attributiontypes.PAYMENT_COMPUTE: "compute",
	attributiontypes.PAYMENT_REFUNDED: "refunded",
}

// followPayments asks the chain who was paid by answers, until ctx ends.
func (p *Proxy) followPayments(ctx context.Context) {
	follow.Every(ctx, paymentsEvery, p.config.Log, "who was paid is not known yet", p.askPayments)
}

func (p *Proxy) askPayments(ctx context.Context) error {
	open, err := p.config.Ledger.Open(paymentsAtOnce, p.asked)
	if err != nil {
		return err
	}
	for _, record := range open {
		session, n, err := parseReceipt(record.Receipt)
		if err != nil {
			return err
		}
		found, err := p.config.Node.Attribution.Receipt(ctx, &attributiontypes.QueryReceiptRequest{Id: record.Receipt})
		switch payment := payments[found.GetPayment()]; {
		case status.Code(err) == codes.NotFound || err == nil && payment == "":
			if time.Since(record.Time) < paymentPatience {
				p.asked = callKey(session, n) // the others first
				continue
			}
			err = p.config.Ledger.Settle(session, n, paymentUnknown, 0, nil)
		case err == nil:
			err = p.config.Ledger.Settle(session, n, payment, found.Receipt.Height, payees(found, record.Sources))
		}
		if err != nil {
			return err
		}
	}
	if len(open) < paymentsAtOnce {
		p.asked = nil
	}
	return nil
}

// parseReceipt takes the name of a receipt apart.
func parseReceipt(id string) (session poa.Hash, n uint64, err error) {
	raw, n, err := attributiontypes.ParseReceiptID(id)
	if err != nil {
		return session, n, err
	}
	session, err = poa.HashFromBytes(raw)
	return session, n, err
}

// payees lists who was paid by a receipt. Nobody was by one that was refunded.
func payees(found *attributiontypes.QueryReceiptResponse, sources []api.Source) []Payee {
	if found.Payment == attributiontypes.PAYMENT_REFUNDED {
		return nil
	}
	payout := found.Payout
	var paid []Payee
	pay := func(role, account, title string, sum, bonus math.Int) {
		if sum.IsNil() {
			sum = math.ZeroInt()
		}
		if bonus.IsNil() {
			bonus = math.ZeroInt()
		}
		if sum.IsPositive() || bonus.IsPositive() {
			paid = append(
				paid,
				Payee{Role: role, Account: account, Title: title, Amount: sum, Bonus: bonus, Answers: 1},
			)
		}
	}
	none := math.ZeroInt()
	pay("provider", found.Receipt.Provider, "", payout.Provider, none)
	if found.Payment == attributiontypes.PAYMENT_PAID {
		owners := math.ZeroInt()
		for _, entry := range byContributor(payout.Entries) {
			pay("contributor", entry.Contributor, titleOf(sources, entry), entry.Amount, entry.Bonus)
			owners = owners.Add(entry.OwnerAmount)
		}
		pay("datanet_owners", "", "", owners, none)
		pay("model_owners", "", "", payout.Lineage, none)
		pay("validators", "", "", payout.Validators, none)
		pay("bounty_pool", "", "", payout.BountyPool, none)
		pay("burned", "", "", payout.Burned.Add(payout.Retired), none)
	}
	return paid
}

// byContributor adds up what the texts of one contributor were paid.
func byContributor(entries []rewardstypes.EntryPayout) []rewardstypes.EntryPayout {
	var sums []rewardstypes.EntryPayout
	at := make(map[string]int)
	for _, entry := range entries {
		i, known := at[entry.Contributor]
		if !known {
			at[entry.Contributor] = len(sums)
			sums = append(sums, entry)
			continue
		}
		sums[i].Amount, sums[i].Bonus = sums[i].Amount.Add(entry.Amount), sums[i].Bonus.Add(entry.Bonus)
		sums[i].OwnerAmount = sums[i].OwnerAmount.Add(entry.OwnerAmount)
	}
	return sums
}

func titleOf(sources []api.Source, entry rewardstypes.EntryPayout) string {
	for _, source := range sources {
		if source.Contribution == entry.Rank {
			return source.Title
		}
	}
	return ""
}
