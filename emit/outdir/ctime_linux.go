package outdir

import (
	"os"
	"syscall"
)

// changeTime gives when the inode last changed, in nanoseconds.
func changeTime(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano()
	}
	return 0
}
