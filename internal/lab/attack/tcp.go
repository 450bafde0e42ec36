// Package attack holds what the lab's probe does to a stack from outside and from inside: connections, port scans,
// look-ups, HTTP and TLS with chosen parameters, bursts. Everything is bounded in time.
//
// It does not know what ought to be reachable: it reports, tests judge. It needs the standard library only, so that one
// static file runs in any container.
package attack

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Dial is the outcome of one TCP connection attempt.
type Dial struct {
	Address string `json:"address"`
	Open    bool   `json:"open"`
	Error   string `json:"error,omitempty"`
}

// Connect tries each host:port at the same time.
func Connect(ctx context.Context, addresses []string, timeout time.Duration) []Dial {
	dials := make([]Dial, len(addresses))
	var group sync.WaitGroup
	for i, address := range addresses {
		group.Go(func() {
			dials[i].Address = address
			connection, err := (&net.Dialer{Timeout: timeout}).DialContext(ctx, "tcp", address)
			if err != nil {
				dials[i].Error = err.Error()
				return
			}
			dials[i].Open = true
			connection.Close()
		})
	}
	group.Wait()
	return dials
}

// Scan asks for a scan of TCP ports From to To of one address.
type Scan struct {
	Host       string `json:"host"`
	From       int    `json:"from,omitempty"`
	To         int    `json:"to,omitempty"`
	TimeoutMS  int    `json:"timeout_ms,omitempty"`
	Concurrent int    `json:"concurrent,omitempty"`
}

// Ports is what a scan found. Refused ports sent a reset, silent ones nothing in time; Failed counts attempts that say
// nothing about the port (no route, no free socket), with one reason: a scan with failures proves nothing.
type Ports struct {
	Open    []int  `json:"open"`
	Refused int    `json:"refused"`
	Silent  int    `json:"silent"`
	Failed  int    `json:"failed"`
	Reason  string `json:"reason,omitempty"`
	TookMS  int64  `json:"took_ms"`
}

// Run scans. Defaults: all ports, 1 s each, 8192 at once, or as many as open files are allowed. Where most ports
// answer, those that do not are asked once more.
func (s Scan) Run(ctx context.Context) (Ports, error) {
	host, err := netip.ParseAddr(s.Host)
	if err != nil {
		return Ports{}, err
	}
	if s.From == 0 {
		s.From = 1
	}
	if s.To == 0 {
		s.To = 65535
	}
	if s.TimeoutMS == 0 {
		s.TimeoutMS = 1000
	}
	if s.Concurrent == 0 {
		s.Concurrent = 8192
	}
	const spare = 64
	if limit := raiseFileLimit(uint64(s.Concurrent) + spare); limit < uint64(s.Concurrent)+spare {
		s.Concurrent = max(int(limit)-spare, 1)
	}

	start := time.Now()
	found := make([]error, s.To+1)
	ask := func(ports []int, at int) {
		next := make(chan int)
		var group sync.WaitGroup
		for range min(at, len(ports)) {
			group.Go(func() {
				dialer := net.Dialer{Timeout: time.Duration(s.TimeoutMS) * time.Millisecond}
				for port := range next {
					connection, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(host, uint16(port)).String())
					if err == nil {
						connection.Close()
					}
					found[port] = err
				}
			})
		}
		for _, port := range ports {
			next <- port
		}
		close(next)
		group.Wait()
	}
	var all, silent []int
	for port := s.From; port <= s.To; port++ {
		all = append(all, port)
	}
	ask(all, s.Concurrent)
	// The burst that begins a scan loses packets, while the neighbour's address is
	// asked for: a port that is open would be missed.
	for _, port := range all {
		if timedOut(found[port]) {
			silent = append(silent, port)
		}
	}
	if len(silent) < len(all)/2 { // else a firewall drops them
		ask(silent, s.Concurrent/16+1)
	}

	result := Ports{Open: []int{}, TookMS: time.Since(start).Milliseconds()}
	for port := s.From; port <= s.To; port++ {
		switch err := found[port]; {
		case err == nil:
			result.Open = append(result.Open, port)
		case errors.Is(err, syscall.ECONNREFUSED):
			result.Refused++
		case timedOut(err):
			result.Silent++
		default:
			result.Failed++
			result.Reason = err.Error()
		}
	}
	return result, ctx.Err()
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// raiseFileLimit allows this process as many open files as it may have, up to want, and returns how many those are.
func raiseFileLimit(want uint64) uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return want
	}
	if limit.Cur < want {
		limit.Cur = min(want, limit.Max)
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	return limit.Cur
}
