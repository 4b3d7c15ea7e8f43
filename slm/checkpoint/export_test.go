package checkpoint

// FromFile opens a checkpoint of a parsed GGUF file.
var FromFile = fromGGUF
