package compiler

import (
	"cmp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
)

// capabilities are Linux's, capabilities(7), as of 6.12, without CAP_. ALL is
// Docker's word for every one of them.
const capabilities = " ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH " +
	"FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE " +
	"NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE " +
	"SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM "

// lowerCapabilities gives the capabilities to add, sorted, each once. Docker
// takes an unknown one for an error at start only; policy says which are
// dangerous.
func (l *lowering) lowerCapabilities(s *lang.Service) []ir.String {
	if len(s.Capabilities) == 0 {
		return nil
	}
	out := make([]ir.String, 0, len(s.Capabilities))
	for _, c := range s.Capabilities {
		name := strings.TrimPrefix(c.V, "CAP_")
		if name == "" || strings.Contains(name, " ") || !strings.Contains(capabilities, " "+name+" ") {
			hint := ""
			if upper := strings.TrimPrefix(strings.ToUpper(c.V), "CAP_"); upper != "" && strings.Contains(capabilities, " "+upper+" ") {
				hint = " Did you mean \"" + upper + "\"?"
			}
			l.errorf(s.Declared, c.Range, "NS302", "Unknown capability",
				"Linux has no capability %q, so the container would not start.%s Write one of capabilities(7), in upper case:\n\n"+
					"    capabilities = [\"NET_BIND_SERVICE\"]", c.V, hint)
			continue
		}
		c.V = name
		out = append(out, c)
	}
	return sortedStrings(out)
}

// sortedStrings sorts a list in place and keeps each string once, the first in
// the source.
func sortedStrings(list []ir.String) []ir.String {
	slices.SortFunc(list, func(a, b ir.String) int {
		return cmp.Or(strings.Compare(a.V, b.V), compareRanges(a.Range, b.Range))
	})
	return slices.CompactFunc(list, func(a, b ir.String) bool { return a.V == b.V })
}
