package signing_test

import (
	"testing"

	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"cosmossdk.io/api/amino"

	cosmosproto "github.com/cosmos/cosmos-proto"
)

// sample returns a message as a client writes it. If full is set, every field has a value, among them those that
// encoders get wrong; else only its first address and the messages that cannot be left out.
func sample(t *testing.T, name string, full bool) *dynamicpb.Message {
	t.Helper()
	descriptor, err := proto.HybridResolver.FindDescriptorByName(protoreflect.FullName(name))
	require.NoError(t, err)
	msg := dynamicpb.NewMessage(descriptor.(protoreflect.MessageDescriptor))
	fill(msg, full)
	return msg
}

// fill sets the fields of a message.
func fill(msg protoreflect.Message, full bool) {
	fields := msg.Descriptor().Fields()
	for i := range fields.Len() {
		switch field := fields.Get(i); {
		case field.IsList():
			for range 2 {
				if !full {
					break
				}
				if list := msg.Mutable(field).List(); field.Message() != nil {
					fill(list.AppendMutable().Message(), full)
				} else {
					list.Append(scalar(field))
				}
			}
		case field.Message() != nil:
			if full || needed(field) {
				fill(msg.Mutable(field).Message(), full)
			}
		case full, field.Number() == 1 && scalarType(field) == "cosmos.AddressString":
			msg.Set(field, scalar(field))
		}
	}
}

// needed reports whether a field must be there for a message to be signed.
func needed(field protoreflect.FieldDescriptor) bool {
	return protov2.GetExtension(field.Options(), amino.E_DontOmitempty).(bool)
}

// scalarType returns what the characters of a string mean, such as "cosmos.Int".
func scalarType(field protoreflect.FieldDescriptor) string {
	return protov2.GetExtension(field.Options(), cosmosproto.E_Scalar).(string)
}

// scalar returns a value of a field: numbers above 2^53, characters that JSON escapes, bytes that base64 pads.
func scalar(field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(field.Enum().Values().Get(field.Enum().Values().Len() - 1).Number())
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(1<<32 - 1)
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(1<<53 + 1)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(123_456_789)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(1_800_000_000)
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte("\x00\xff<bytes>"))
	case protoreflect.StringKind:
		switch {
		case scalarType(field) == "cosmos.AddressString":
			return protoreflect.ValueOfString(address)
		case scalarType(field) == "cosmos.Int", field.FullName() == "cosmos.base.v1beta1.Coin.amount":
			return protoreflect.ValueOfString("1500000000000000001")
		case field.FullName() == "cosmos.base.v1beta1.Coin.denom":
			return protoreflect.ValueOfString("aopen")
		}
		return protoreflect.ValueOfString("p<0.05 & \"R&D\" > 1\n\u2028\u2029\\u2028\b\f\x01\x7f TNFα 𝛼 \\")
	}
	panic("no sample of " + string(field.FullName()))
}
