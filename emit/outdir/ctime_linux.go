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

// noAtime leaves the time of the last access as it is.
const noAtime = syscall.O_NOATIME
