package policy

// provedTLS are the rules of TLS, proved on the same files.
func provedTLS() []Rule {
	return []Rule{
		constructed("NS1601", "Outdated protocol", TLS, Critical,
			"Mozilla, Server Side TLS 6.0", "RFC 8996", "OWASP Transport Layer Security", "CWE-327"),
		constructed("NS1602", "Weak cipher suite", TLS, Critical,
			"Mozilla, Server Side TLS 6.0: intermediate", "RFC 9325, 4.2", "CWE-327"),
		constructed("NS1603", "Weak group of the key exchange", TLS, Medium,
			"Mozilla, Server Side TLS 6.0", "RFC 8422, 5.1.1", "CWE-326"),
		constructed("NS1604", "Session tickets", TLS, Low,
			"Mozilla, Server Side TLS 6.0", "nginx, ngx_http_ssl_module: ssl_session_tickets"),
		constructed("NS1605", "Sessions kept for too long", TLS, Low,
			"Mozilla, Server Side TLS 6.0", "nginx, ngx_http_ssl_module: ssl_session_cache"),
		constructed("NS1606", "Promise of TLS without TLS", TLS, Low,
			"RFC 6797, 7.2 and 8.1"),
		constructed("NS1607", "Answer without TLS", TLS, High,
			"OWASP Transport Layer Security: use TLS for all pages", "CWE-319"),
		constructed("NS1608", "Redirect to a name of the request", TLS, Medium,
			"OWASP Unvalidated Redirects and Forwards", "CWE-601"),
		constructed("NS1609", "Certificate for unknown names", TLS, Medium,
			"nginx, ngx_http_ssl_module: ssl_reject_handshake", "CWE-200"),
		constructed("NS1610", "Early data", TLS, Medium,
			"RFC 8446, 8", "RFC 8470", "CWE-294"),
		constructed("NS1611", "Stapling without a responder", TLS, Low,
			"Gixy-Next ssl_stapling_letsencrypt and ssl_stapling_without_resolver", "Let's Encrypt, Ending OCSP (2025)"),
		constructed("NS1612", "Private key beside the configuration", TLS, High,
			"OWASP Transport Layer Security: protect the private key", "CWE-522"),
		constructed("NS1613", "TLS set for one server", TLS, Medium,
			"nginx, ngx_http_ssl_module", "Mozilla, Server Side TLS 6.0: server preference", "CWE-1188"),
		constructed("NS1614", "Promise of TLS in some answers only", TLS, Medium,
			"RFC 6797, 6.1 and 14.1", "Mozilla Observatory"),
	}
}
