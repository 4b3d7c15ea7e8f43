//go:build unix

package outbox

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// identify returns what tells a file from its copies: its number on the disk, and the machine. The number of the disk
// is left out, for it may change when a machine starts.
func identify(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	machine, _ := os.ReadFile("/etc/machine-id") // not everywhere
	inode := uint64(0)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = uint64(stat.Ino)
	}
	return fmt.Sprintf("%s/%d", strings.TrimSpace(string(machine)), inode), nil
}
