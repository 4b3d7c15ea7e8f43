package adapter

// What fuzz tests call.
var (
	ParseConfig = parseConfig
	ParseKey    = parseKey
)
