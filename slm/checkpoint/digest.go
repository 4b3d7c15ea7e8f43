package checkpoint

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// described are the files of a folder, apart from its weights, that decide how the model computes and answers.
var described = []string{
	"chat_template.jinja", configFile, generationFile, indexFile, "special_tokens_map.json", "tokenizer.json",
	"tokenizer.model", "tokenizer_config.json",
}

// Digest returns the digest of a model's files. For a GGUF file it is the file's SHA-256. For a Hugging Face folder it
// is the SHA-256 over one line for each of the following files that exist, sorted by name: the name, a zero byte, the
// size in decimal digits, a zero byte, the SHA-256 of the content in hex, and a line feed. The files are the weights
// (all files that the index names, or else model.safetensors), config.json, generation_config.json,
// model.safetensors.index.json, tokenizer.json, tokenizer_config.json, tokenizer.model, special_tokens_map.json and
// chat_template.jinja.
func Digest(path string) ([32]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return [32]byte{}, err
	}
	if info.IsDir() {
		return DigestFolder(os.DirFS(path))
	}
	sum, _, err := digestFile(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	return sum, err
}

// DigestFolder is Digest for a folder.
func DigestFolder(folder fs.FS) ([32]byte, error) {
	names := []string{weightsFile}
	index, err := fs.ReadFile(folder, indexFile)
	if err == nil {
		if len(index) > maxIndexBytes {
			return [32]byte{}, fmt.Errorf("%s is larger than %d bytes", indexFile, maxIndexBytes)
		}
		if names, err = parseIndex(index); err != nil {
			return [32]byte{}, fmt.Errorf("%s: %w", indexFile, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return [32]byte{}, err
	}
	weights := len(names)
	names = append(names, described...)
	var lines []string
	for i, name := range names {
		sum, size, err := digestFile(folder, name)
		if errors.Is(err, fs.ErrNotExist) && i >= weights && name != configFile {
			continue
		}
		if err != nil {
			return [32]byte{}, err
		}
		lines = append(lines, fmt.Sprintf("%s\x00%d\x00%x\n", name, size, sum))
	}
	slices.Sort(lines)
	return sha256.Sum256([]byte(strings.Join(lines, ""))), nil
}

func digestFile(folder fs.FS, name string) (sum [32]byte, size int64, err error) {
	file, err := folder.Open(name)
	if err != nil {
		return sum, 0, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	copy(sum[:], hash.Sum(nil))
	return sum, size, err
}
