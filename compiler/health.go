package compiler

import (
	"fmt"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/source"
)

// lowerHealth lowers the health check. A service without one has none: policy
// says so.
func (l *lowering) lowerHealth(u *unit) {
	h := u.in.Health
	if h == nil {
		return
	}
	d := u.in.Declared
	o := &ir.Health{
		Origin:      source.Origin{Range: h.Range},
		Interval:    l.lowerDuration(d, h.Interval, source.Default(defaultInterval, h.Range, "default healthcheck.interval"), "interval", false),
		Timeout:     l.lowerDuration(d, h.Timeout, source.Default(defaultTimeout, h.Range, "default healthcheck.timeout"), "timeout", false),
		Retries:     within(l, d, h.Retries, 1, 100, source.Default(defaultRetries, h.Range, "default healthcheck.retries"), "retries"),
		StartPeriod: l.lowerDuration(d, h.StartPeriod, source.Default(defaultStartWait, h.Range, "default healthcheck.start_period"), "start_period", true),
	}
	o.Test = l.healthTest(u, h)
	u.out.Health = o // without a test, which has been reported, it is still no service without a check
}

func (l *lowering) healthTest(u *unit, h *lang.Health) []string {
	d := u.in.Declared
	given := 0
	for _, is := range [...]bool{h.HTTP.IsSet(), h.TCP.V, len(h.Command) > 0} {
		if is {
			given++
		}
	}
	if given != 1 || h.Shell && len(h.Command) != 1 {
		l.errorf(d, h.Range, "NS327", "Invalid health check",
			"The health check of %s has %d of http, tcp and command, and needs exactly one, as in:\n\n    healthcheck {\n      http = \"/healthz\"\n    }",
			u.in.Address, given)
		return nil
	}
	if len(h.Command) > 0 {
		test := []string{"CMD"}
		if h.Shell {
			test[0] = "CMD-SHELL"
		}
		for _, w := range l.words(d, h.Command, "the health check") {
			test = append(test, w.V)
		}
		return test
	}
	port, ok := l.port(u, d, h.Port, h.Range, "The health check")
	if !ok {
		return nil
	}
	if port.Protocol.V != "tcp" {
		l.errorf(d, h.Range, "NS327", "Invalid health check",
			"The health check of %s asks the port %q, which is a UDP port: nothing connects there. Use a command that knows the protocol:\n\n"+
				"    healthcheck {\n      command = [\"app\", \"ping\"]\n    }", u.in.Address, port.Name.V)
		return nil
	}
	if h.TCP.V {
		return tcpTest(port.Container.V)
	}
	if problem := healthPathProblem(h.HTTP.V); problem != "" {
		l.errorf(d, h.HTTP.Range, "NS327", "Invalid health check",
			"The health check of %s asks for %q, which %s. Write a path:\n\n    http = \"/healthz\"", u.in.Address, h.HTTP.V, problem)
		return nil
	}
	return httpTest(port.Container.V, h.HTTP.V)
}

// healthPathProblem says what is wrong with a path and the query that may follow
// it, or "". What a query means is the service's affair (RFC 3986, 3.4).
func healthPathProblem(s string) string {
	p, query, _ := strings.Cut(s, "?")
	if strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' || c == '\\' }) {
		return "has a query with a blank, a #, a backslash or a character that is not ASCII"
	}
	_, problem := decodePath(p)
	return problem
}

// httpTest asks for a path on the container's loopback address; any status
// below 400 is healthy. No single client is in every image, so it takes the
// first of wget (Alpine and whatever has busybox), curl and bash (every image
// made from Debian, Ubuntu or Red Hat) that there is. An image without a shell
// needs a health check by command. curl's -g keeps brackets and braces as they
// are. The address is spelled out because localhost
// is ::1 first in some images, where few programs listen.
func httpTest(port int, path string) []string {
	p := strconv.Itoa(port)
	url := shellQuote("http://127.0.0.1:" + p + path)
	return []string{"CMD-SHELL", "if command -v wget >/dev/null; then exec wget -q -O /dev/null " + url + "; fi; " +
		"if command -v curl >/dev/null; then exec curl -gfs -o /dev/null " + url + "; fi; " +
		`exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/` + p + ` && printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" "$1" >&3 && ` +
		`read -r _ status _ <&3 && [ "$status" -lt 400 ]' - ` + shellQuote(path)}
}

// tcpTest connects to a port on the container's loopback address; without bash,
// it looks for the port among those that the kernel accepts connections for
// (proc_net_tcp: state 0A is LISTEN). Debian's busybox has an nc without -z, so
// nc is no help.
func tcpTest(port int) []string {
	p := strconv.Itoa(port)
	return []string{"CMD-SHELL", "if command -v bash >/dev/null; then exec bash -c '</dev/tcp/127.0.0.1/" + p + "'; fi; " +
		fmt.Sprintf("exec grep -qE ':%04X 0+:0000 0A' /proc/net/tcp /proc/net/tcp6", port)}
}

// shellQuote makes one word of s for a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
