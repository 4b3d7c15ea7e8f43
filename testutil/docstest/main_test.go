package main

import (
	"testing"

	"github.com/openledger/openledger/testutil/hermetic"
)

func TestMain(m *testing.M) { hermetic.Main(m) }
