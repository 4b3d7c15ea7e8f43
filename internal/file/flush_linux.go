package file

import (
	"os"
	"syscall"
)

// Flush returns when the content of a file is on the disk. It does not wait for what only describes the file, such as
// the time of its last change.
func Flush(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
