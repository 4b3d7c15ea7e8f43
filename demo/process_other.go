//go:build !linux

package demo

import "syscall"

// childAttributes keep Ctrl-C for the parent, which stops its children in order.
func childAttributes(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
