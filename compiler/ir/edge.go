package ir

import "nselfc/lang/source"

// Ingress is the one nginx that publishes ports.
type Ingress struct {
	Origin      source.Origin
	Service     string // name of its Service
	Version     Version
	Profile     String // "guide", "intermediate", "modern"
	HTTP        Int    // port in the container, unprivileged
	HTTPS       Int
	HTTPSPublic Int // port that clients use, for redirects
	// HealthPort answers every request with 204, without a log line, on the
	// container's 127.0.0.1 only: the container's health check asks there.
	HealthPort   Int
	HSTS         HSTS
	RateLimit    *RateLimit // for every route that has none of its own; nil for no limit
	TrustedProxy []String   // CIDRs whose X-Forwarded-For is believed
	Certificate  Certificate
	Hosts        []*Host
}

// Version is the nginx release that gates directives.
type Version struct{ Major, Minor, Patch int }

// AtLeast tells whether v is not older than the given release.
func (v Version) AtLeast(major, minor, patch int) bool {
	if v.Major != major {
		return v.Major > major
	}
	if v.Minor != minor {
		return v.Minor > minor
	}
	return v.Patch >= patch
}

// HSTS is the Strict-Transport-Security header (RFC 6797). MaxAge 0 sends none.
type HSTS struct {
	MaxAge            Int // seconds
	IncludeSubDomains Bool
	Preload           Bool
}

// LocalAuthority ends the common name of the authority that signs certificates of
// the source "local"; the stack's name begins it.
const LocalAuthority = " local CA"

// Certificate names the files that nginx reads, as paths in the container.
type Certificate struct {
	Origin source.Origin
	Source string // "local", "files"
	Chain  string
	Key    string
}

// RateLimit is a leaky bucket per client address: Burst requests at once pass,
// the next is answered 429, and Requests per Window is the sustained rate.
type RateLimit struct {
	Origin   source.Origin
	Requests Int
	Window   Int // seconds
	Burst    Int
	Off      Bool // a route's own: no limit at all, where the ingress has one
}

// Host is one server name with its routes, longest path first.
type Host struct {
	Name   String
	Routes []*Route
}

// Route sends a path of a host to a port of a service.
type Route struct {
	Address        string // `service.api.route[0]`
	Origin         source.Origin
	Path           String // prefix, begins with "/"
	Service        string
	Port           Int
	RateLimit      *RateLimit // nil inherits the ingress's
	BodySize       Bytes      // largest request body
	ConnectTimeout Int        // seconds
	ReadTimeout    Int        // seconds
	SendTimeout    Int        // seconds
	WebSocket      Bool
	StripPrefix    Bool     // the service sees the path without Path
	Headers        []Header // response headers that replace or add to the standard set; value "" removes one
	AllowFrom      []String // CIDRs; empty for everybody
}

// Header is a response header.
type Header struct {
	Name  string
	Value String
}

// Firewall is what ufw must do on the host.
type Firewall struct {
	Origin source.Origin
	SSH    SSH
	Open   []OpenPort // published container ports, then host ports that the stack asks for
}

// SSH is the way in, which no rule may ever close.
type SSH struct {
	Port  Int
	From  []String // CIDRs; empty for everywhere
	Limit Bool     // ufw limit: six connections in 30 seconds from one address
}

// OpenPort is one port that the world may reach.
type OpenPort struct {
	Origin    source.Origin
	ID        string // stable: part of the rule's tag
	Port      Int
	Protocol  String
	From      []String
	Container bool // published by Docker (DOCKER-USER) as against a process of the host (INPUT)
}
