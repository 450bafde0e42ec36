package ufw

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"nselfc/compiler/ir"
	"nselfc/internal/proof/iptables"
)

// Whatever a user calls things, the block is a table that an independent reader
// takes, that lets in exactly what was declared, and that holds no line of theirs.
func FuzzBlock(f *testing.F) {
	f.Add("shop", "https", 443, "tcp", "", true)
	f.Add("shop-prod", "a\"b'c\\d\n-A INPUT -j ACCEPT", 8443, "udp", "203.0.113.0/24", true)
	f.Add("x", "ssh", 51820, "udp", "2001:db8::1", false)
	f.Add("x", strings.Repeat("é", 200), 1, "tcp", "10.0.0.7/8", true)
	f.Add("a\nb", "", 0, "icmp", "::ffff:1.2.3.4", true)
	f.Fuzz(func(t *testing.T, project, id string, port int, protocol, from string, container bool) {
		o := open(id, port, protocol, container, 4)
		if from != "" {
			o.From = sources(5, from)
		}
		s := open22Plain(project, o)
		files, diags := Render(s, Options{})
		if diags.HasErrors() {
			for _, d := range diags {
				if d.Subject.IsZero() || !utf8.ValidString(d.Summary) {
					t.Fatalf("a diagnostic without a place: %+v", d)
				}
			}
			return
		}
		source := ""
		if from != "" {
			source = prefixOf(t, from)
		}
		for path, here := range map[string]bool{afterPath: source == "" || !strings.Contains(source, ":"), after6Path: source == "" || strings.Contains(source, ":")} {
			table, err := iptables.Parse(textOf(t, files, path))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if got, want := admits(table, protocol, true, port, source), here && container && !(protocol == "tcp" && port == 22); got != want {
				t.Errorf("%s admits port %d: %t, want %t", path, port, got, want)
			}
			if admits(table, protocol, false, port, source) || admits(table, protocol, true, port%65535+1, source) || admits(table, "sctp", true, port, source) {
				t.Errorf("%s admits what was not declared", path)
			}
		}
	})
}

// open22Plain is a stack with ssh and one port.
func open22Plain(project string, o ir.OpenPort) *ir.Stack {
	s := plain()
	s.Project, s.Firewall.Open = project, []ir.OpenPort{o}
	return s
}

func prefixOf(t *testing.T, s string) string {
	t.Helper()
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked().String()
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatalf("%q was accepted as a source", s)
	}
	return netip.PrefixFrom(a, a.BitLen()).String()
}

// A quoted word is what the shells read back, byte for byte.
func FuzzShellQuote(f *testing.F) {
	for _, s := range []string{"", "shop", "it's", "''", `\'`, "$(reboot)", "a\nb", "`x`", "!!", "\xff\x01", "-n", "*", "~", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := strings.ReplaceAll(s, "\x00", "")
		if len(want) > 10_000 {
			return
		}
		for _, shell := range []string{"sh", "bash"} {
			out, err := exec.Command(shell, "-c", "set -- "+shellQuote(s)+`; printf '%s %s' "$#" "$1"`).Output()
			if err != nil || string(out) != "1 "+want {
				t.Fatalf("%s reads %q as %q (%v)", shell, want, out, err)
			}
		}
	})
}

// Tags keep apart what is apart, and hold nothing that ufw or iptables refuses.
func FuzzTagID(f *testing.F) {
	f.Add("https", "https ")
	f.Add("a%20", "a ")
	f.Add(strings.Repeat("x", 90)+"1", strings.Repeat("x", 90)+"2")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := tagID(a), tagID(b)
		if (x == y) != (a == b) && !(x == "-" && (a == "-" || a == "")) {
			t.Errorf("%q and %q have the tags %q and %q", a, b, x, y)
		}
		if len(x) == 0 || len(x) > 80 || strings.ContainsAny(x, "\"'\\ \n:") {
			t.Errorf("%q has the tag %q", a, x)
		}
	})
}
