package upstream

import (
	"bytes"
	"cmp"
	"os"
	"sync"

	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/slm/adapter"
	"github.com/openledger/openledger/slm/checkpoint"
)

// converting lets only one conversion run at a time, so that a file is not converted twice.
var converting sync.Mutex

// ggufFile returns the GGUF file of an adapter. A PEFT adapter is converted and written beside its file as FILE.gguf,
// which needs the configuration of its base.
func ggufFile(of *engine.Adapter, base *checkpoint.Config) (string, error) {
	if isGGUF(of.File) {
		return of.File, nil
	}
	if base == nil {
		return "", unfit("adapter %s is in the layout of PEFT, and this server takes GGUF files: --base FOLDER, with the "+
			"config.json of its base, has it converted", of.Name)
	}
	converting.Lock()
	defer converting.Unlock()
	path := of.File + ".gguf"
	if isGGUF(path) {
		return path, nil
	}
	opened, err := adapter.Open(cmp.Or(of.Folder, of.File))
	if err != nil {
		return "", unfit("adapter %s: %s", of.Name, err)
	}
	defer opened.Close()
	if err := opened.WriteGGUF(path, *base); err != nil {
		return "", unfit("adapter %s cannot be converted to GGUF: %s", of.Name, err)
	}
	return path, nil
}

// isGGUF reports whether a file exists and begins like a GGUF file.
func isGGUF(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	magic := make([]byte, 4)
	_, err = file.Read(magic)
	return err == nil && bytes.Equal(magic, []byte("GGUF"))
}
