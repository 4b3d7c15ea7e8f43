// Package docs embeds the OpenAPI document that nodes serve.
package docs

import "embed"

// OpenAPI holds static/openledger.swagger.json, generated from proto/.
//
//go:embed static/openledger.swagger.json
var OpenAPI embed.FS
