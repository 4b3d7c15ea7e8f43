package types

import (
	"encoding/hex"
	"strconv"
	"strings"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// ReceiptID is how people name a receipt: the session in hex, and the call.
func ReceiptID(session []byte, call uint64) string {
	return hex.EncodeToString(session) + "-" + strconv.FormatUint(call, 10)
}

// ParseReceiptID reads a ReceiptID.
func ParseReceiptID(id string) (session []byte, call uint64, err error) {
	text, number, ok := strings.Cut(id, "-")
	if session, err = hex.DecodeString(text); !ok || err != nil || len(session) != hashSize {
		return nil, 0, errorsmod.Wrapf(ErrReceiptNotFound, "%q is not a receipt id: want SESSION-CALL, the session in hex",
			id)
	}
	if call, err = strconv.ParseUint(number, 10, 64); err != nil {
		return nil, 0, errorsmod.Wrapf(ErrReceiptNotFound, "%q is not a receipt id: the call is not a number", id)
	}
	return session, call, nil
}

// NewReceipt unpacks a record for people.
func NewReceipt(record poa.Record) Receipt {
	receipt := Receipt{
		Id:        ReceiptID(record.Session[:], record.N),
		SessionId: append([]byte(nil), record.Session[:]...), Call: record.N,
		ModelId: record.ModelID, ModelVersion: record.ModelVersion, Method: uint32(record.Method),
		Commitment:  append([]byte(nil), record.Commitment[:]...),
		InputTokens: record.InputTokens, OutputTokens: record.OutputTokens,
		Fee: math.NewIntFromBigInt(record.Fee.Big()), UnattributedPpm: record.UnattributedPPM,
		Acknowledged: record.Acknowledged,
	}
	for _, entry := range record.Entries {
		receipt.Entries = append(receipt.Entries, ReceiptEntry{Rank: entry.Rank, WeightPpm: entry.WeightPPM,
			LoraPpm: entry.LoraPPM})
	}
	return receipt
}

// Record packs a receipt as it is recorded.
func (r Receipt) Record() (poa.Record, error) {
	record := poa.Record{
		N: r.Call, InputTokens: r.InputTokens, OutputTokens: r.OutputTokens, UnattributedPPM: r.UnattributedPpm,
		Acknowledged: r.Acknowledged, ModelID: r.ModelId, ModelVersion: r.ModelVersion, Method: uint8(r.Method),
	}
	var err error
	if record.Session, err = poa.HashFromBytes(r.SessionId); err != nil {
		return record, err
	}
	if record.Commitment, err = poa.HashFromBytes(r.Commitment); err != nil {
		return record, err
	}
	if !r.Fee.IsNil() { // a message without the field
		if record.Fee, err = rewardstypes.AmountOf(r.Fee); err != nil {
			return record, err
		}
	}
	for _, entry := range r.Entries {
		record.Entries = append(record.Entries, poa.Entry{Rank: entry.Rank, WeightPPM: entry.WeightPpm,
			LoraPPM: entry.LoraPpm})
	}
	return record, nil
}
