// Package training makes adapters from the text of DataNets, so that anybody can make the same bytes again: the
// adapter, what each contribution did to it, and the record of both that goes on chain.
//
//	base, err := training.OpenBase("", 0)              // the base that ships
//	contributions, err := training.FromFolder(ctx, "notes")
//	result, err := training.Run(ctx, base, training.Defaults(), contributions, training.Options{Folder: "out"})
//
// What comes out depends on the base, the settings and the contributions alone. Run can be ended at any time; the next
// one with the same folder goes on.
package training
