package poa

func checkProse(content []byte) error { return nil }
