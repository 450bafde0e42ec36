package nginx

import (
	"cmp"
	"strconv"
	"strings"
)

// The suites of TLS 1.2. Both lists hold what has forward secrecy and
// authenticated encryption only; TLS 1.3 has no others.
const (
	// guideCiphers are the two that nself's security guide promises.
	guideCiphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
	// intermediateCiphers are Mozilla's guidelines 6.0, "intermediate": without
	// DHE, so no parameters file is needed.
	intermediateCiphers = guideCiphers +
		":ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384" +
		":ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)

// curves are Mozilla's 6.0. The hybrid group is known to OpenSSL since 3.5; an
// older one refuses the whole list, and nginx does not start. The official images
// have 3.5 since nginx 1.29.1: that of 1.29.0 was still built on Debian 12. An
// image whose tag names a system older than that does without.
func (r *renderer) curves() string {
	classic := "X25519:prime256v1:secp384r1"
	if r.in.Version.AtLeast(1, 29, 1) && !onOldSystem(r.image.V) {
		return "X25519MLKEM768:" + classic
	}
	return classic
}

// onOldSystem tells whether an image's tag names a system whose OpenSSL is older
// than 3.5, as in 1.30.4-bookworm: Debian before 13, Alpine before 3.22, Ubuntu
// before 25.10.
func onOldSystem(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	_, tag, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	for part := range strings.SplitSeq(strings.ReplaceAll(tag, "debian-", "debian"), "-") {
		switch part {
		case "bookworm", "bullseye", "buster", "noble", "jammy", "focal":
			return true
		}
		for system, first := range map[string]float64{"alpine3.": 22, "debian": 13, "ubuntu": 25.10} {
			release, ok := strings.CutPrefix(part, system)
			if n, err := strconv.ParseFloat(release, 64); ok && err == nil && n < first {
				return true
			}
		}
	}
	return false
}

// tls renders what every TLS server shares. nginx takes the protocols of a
// socket's default server for all its names, so they are set once, for all.
func (r *renderer) tls() *text {
	t := r.text("snippets/tls.conf", 1024)
	t.line()
	t.from(r.address, cmp.Or(r.in.Certificate.Origin, r.in.Origin))
	t.line("ssl_certificate ", Quote(r.in.Certificate.Chain), ";")
	t.line("ssl_certificate_key ", Quote(r.in.Certificate.Key), ";")
	t.line()
	t.from(r.address, r.in.Profile.Origin)
	t.line("# Profile ", profile(r.in.Profile.V), ".")
	switch profile(r.in.Profile.V) {
	case "modern":
		t.line("ssl_protocols TLSv1.3;")
	case "intermediate":
		t.line("ssl_protocols TLSv1.2 TLSv1.3;")
		t.line("ssl_ciphers ", intermediateCiphers, ";")
	default:
		t.line("ssl_protocols TLSv1.2 TLSv1.3;")
		t.line("ssl_ciphers ", guideCiphers, ";")
	}
	t.line("ssl_ecdh_curve ", r.curves(), ";")
	t.line("ssl_prefer_server_ciphers off;")
	t.from(r.address, r.in.Origin)
	t.line()
	t.line("# Sessions are resumed from memory. Tickets would be sealed with a key that outlives them.")
	t.line("ssl_session_cache shared:nself_tls:10m;")
	t.line("ssl_session_timeout 1d;")
	t.line("ssl_session_tickets off;")
	t.line("ssl_early_data off;")
	return t
}

// profile gives the profile's name, "guide" for any that is not known.
func profile(name string) string {
	if name == "modern" || name == "intermediate" {
		return name
	}
	return "guide"
}
