package demo

import "syscall"

// childAttributes keep Ctrl-C for the parent, which stops its children in
// order, and let the kernel end a child whose parent was killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
