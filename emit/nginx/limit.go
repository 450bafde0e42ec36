package nginx

import (
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// nginx counts in thousandths of a request per second, and reads whole requests
// per second or per minute, which it divides with the remainder dropped
// (ngx_http_limit_req_zone): 100r/m are 1666, a request every 0.6 s.
const (
	perMinute = 60
	maxRate   = 1_000_000 * perMinute // a limit of more would overflow nginx's arithmetic
	// tolerance is how much slower than declared, in percent, a rate may turn out
	// without a word.
	tolerance = 5
)

// ratePerMinute gives the greatest number of requests per minute that lets no
// more through than requests per window, in seconds, and 0 when nginx knows
// none that slow.
func ratePerMinute(requests, window int) int {
	if requests <= 0 || window <= 0 {
		return 0
	}
	if requests/window >= maxRate/perMinute {
		return maxRate
	}
	rate := requests * perMinute / window
	for milli(rate+1)*window <= requests*1000 {
		rate++
	}
	return rate
}

// milli gives what nginx makes of a rate per minute: thousandths of a request
// per second.
func milli(rate int) int { return rate * 1000 / perMinute }

// zone is the memory that counts requests by client.
type zone struct {
	name    string
	rate    int // requests per minute
	address string
	origin  source.Origin
	shared  bool // by all routes without a limit of their own
}

// limit is what a location says of a zone.
type limit struct {
	zone    string
	burst   int // requests at once, at least 1
	wait    int // seconds until another request passes, at least 1
	address string
	origin  source.Origin
}

// limitOf gives the limit of a route: its own, whose zone is called name, or else the
// ingress's.
func (r *renderer) limitOf(rt *ir.Route, name string) *limit {
	switch {
	case rt.RateLimit != nil && rt.RateLimit.Off.V:
		return nil
	case rt.RateLimit != nil:
		return r.newLimit(rt.RateLimit, rt.Address, name, false)
	case r.in.RateLimit != nil && !r.in.RateLimit.Off.V && r.shared == nil:
		r.shared = r.newLimit(r.in.RateLimit, r.address, r.address, true)
	}
	return r.shared
}

// newLimit adds a zone, called like label, and gives what a location says of it.
func (r *renderer) newLimit(l *ir.RateLimit, address, label string, shared bool) *limit {
	rate := ratePerMinute(l.Requests.V, l.Window.V)
	r.checkRate(l, rate)
	rate = max(rate, 1)
	burst := l.Burst.V
	if burst <= 0 {
		burst = max(l.Requests.V, 1)
	}
	name := slug(label)
	for n := 2; r.slugs[name]; n++ {
		name = slug(label) + "." + strconv.Itoa(n)
	}
	r.slugs[name] = true
	r.zones = append(r.zones, zone{name: name, rate: rate, address: address, origin: l.Origin, shared: shared})
	return &limit{
		zone: name, burst: burst, address: address, origin: l.Origin,
		wait: (1000 + milli(rate) - 1) / milli(rate),
	}
}

// write says that the first burst requests pass at once, and refuses the next:
// nginx's own burst counts those beyond the first.
func (l *limit) write(t *text) {
	parts := []string{"limit_req zone=", Quote(l.zone)}
	if l.burst > 1 {
		parts = append(parts, " burst=", strconv.Itoa(l.burst-1), " nodelay")
	}
	t.line(append(parts, ";")...)
	if l.wait > 1 {
		t.line("set $nself_retry ", strconv.Itoa(l.wait), ";")
	}
}

// limits renders the zones. An IPv6 client is its /64, the least that a
// subscriber gets; an IPv4 one that a proxy wrote as IPv6 is its IPv4 address.
func (r *renderer) limits() *text {
	t := r.text("snippets/limits.conf", 512+96*len(r.zones))
	t.line()
	t.line("# One client: an IPv4 address, or an IPv6 network of 64 bits.")
	t.open("map $binary_remote_addr $nself_client")
	t.line("default $binary_remote_addr;")
	t.line(`"~^\x00{10}\xff\xff(?<nself_ipv4>[\x00-\xff]{4})\z" $nself_ipv4;`)
	t.line(`"~^(?<nself_network>[\x00-\xff]{8})[\x00-\xff]{8}\z" $nself_network;`)
	t.close()
	t.line()
	t.line("limit_req_status 429;")
	t.line("limit_req_log_level info;")
	for _, z := range r.zones {
		t.from(z.address, z.origin)
		memory := ":1m" // some ten thousand clients; the oldest are forgotten first
		if z.shared {
			memory = ":10m"
		}
		t.line("limit_req_zone $nself_client zone=", Quote(z.name), memory, " rate=", rateText(z.rate), ";")
	}
	return t
}

func rateText(rate int) string {
	if rate%perMinute == 0 {
		return strconv.Itoa(rate/perMinute) + "r/s"
	}
	return strconv.Itoa(rate) + "r/m"
}

// checkRate reports a rate that nginx cannot count, or only much too slowly.
func (r *renderer) checkRate(l *ir.RateLimit, rate int) {
	requests, window := l.Requests.V, l.Window.V
	at := l.Requests.Range
	if at.IsZero() {
		at = l.Origin.Range
	}
	switch {
	case rate == 0:
		r.diags = append(r.diags, diag.Errorf("NS374", at, "Rate limit too slow for nginx",
			"%d requests in %d seconds are fewer than nginx can count: the slowest rate that it knows is one a minute, "+
				"and a faster one would let more through than you asked for. Write at least one request a minute:\n\n"+
				"    rate_limit {\n      requests = 1\n      window   = \"60s\"\n      burst    = %d\n    }",
			requests, window, max(l.Burst.V, 1)))
	case milli(rate)*window*100 < requests*1000*(100-tolerance):
		r.diags = append(r.diags, diag.Warningf("NS375", at, "Rate limit rounded down",
			"nginx counts whole requests per minute, so %d requests in %d seconds become %d a minute. It never becomes more than "+
				"you asked for, but clients are refused earlier. To say what really happens, write:\n\n"+
				"    requests = %d\n    window   = \"60s\"",
			requests, window, rate, rate))
	}
}

// slug makes a zone's name of an address, or of a host and a path: nginx splits it at a colon.
func slug(address string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			return c
		case c == '.', c == '[', c == '/':
			return '.'
		case c == ']', c == '"':
			return -1
		}
		return '_'
	}, address)
}
