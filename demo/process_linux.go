package demo

import "syscall"

// childAttributes keep Ctrl-C for the parent, which stops its children in
// order. The kernel ends a child whose parent was killed, unless it is kept.
func childAttributes(keep bool) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if !keep {
		attributes.Pdeathsig = syscall.SIGTERM
	}
	return attributes
}
