package network

import (
	"os/exec"
	"runtime"
	"syscall"
)

// attributes have the kernel end a node when this process is gone, however it ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// runTied runs a command on a thread of its own: the kernel ties the child's end to the thread that started it.
func runTied(cmd *exec.Cmd, started chan<- error, ended chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait()
		close(ended)
	}
}
