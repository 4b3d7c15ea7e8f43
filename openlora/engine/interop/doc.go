// Package interop tests the drivers of model servers against the servers themselves. Its tests have the build tag
// interop and need the peers' folder; `make interop` fetches them and runs the tests. They are no part of `make test`.
package interop
