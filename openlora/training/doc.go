// Package training trains adapters on the text of DataNets, in a way that anybody can repeat with the same bytes. It
// writes the adapter, the influence file of its contributions, and the training record that goes on chain.
//
//	base, err := training.OpenBase("", 0)              // the base that ships
//	contributions, err := training.FromFolder(ctx, "notes")
//	result, err := training.Run(ctx, base, training.Defaults(), contributions, training.Options{Folder: "out"})
//
// The result depends only on the base, the settings and the contributions. Run can be stopped at any time; the next Run
// with the same folder continues the training.
package training
