// Package safetensors reads and writes the safetensors format: eight bytes with the header's length, a JSON header that
// names dtype, shape and place of each tensor, and the tensors' bytes.
//
// Files come from strangers. [Parse] checks every size, offset and shape before it keeps anything: the tensors must
// lie one behind another without a gap or an overlap and end with the file. Tensors are parts of the file's bytes:
// nothing is copied. What is kept of a header takes at most a tenth of the file's size and 8 MB.
//
// Numbers are little endian. Shapes are row-major, the last dimension is the one that lies together.
package safetensors
