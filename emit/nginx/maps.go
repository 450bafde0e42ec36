package nginx

// maps renders the variables that requests are judged by. Every map has a
// default, every expression is anchored, and every capture is named: an unnamed
// one leaks into other captures (CVE-2026-60005).
func (r *renderer) maps() *text {
	t := r.text("snippets/maps.conf", 4096)
	mapOf := func(comment, source, variable, otherwise string, cases ...[2]string) {
		if comment != "" {
			t.line()
			t.line("# ", comment)
		}
		t.open("map ", source, " $", variable)
		t.line("default ", otherwise, ";")
		for _, c := range cases {
			t.line(c[0], " ", c[1], ";")
		}
		t.close()
	}

	mapOf("A path for the log: up to the first character from which on it could carry a value.",
		"$request_uri", "nself_path", `""`,
		[2]string{`"~^(?<nself_plain_path>[A-Za-z0-9/._~!'()*+,:@-]*)"`, "$nself_plain_path"})
	mapOf("A referer for the log: its origin, without user or password.",
		"$http_referer", "nself_referer", `""`,
		[2]string{`"~*^(?<nself_origin>https?://[a-z0-9.-]+(?::[0-9]{1,5})?)(?:[/?#]|\z)"`, "$nself_origin"})
	mapOf("A host and an agent for the log: up to the first byte that is not printable ASCII.",
		"$host", "nself_host", `""`, [2]string{`"~^(?<nself_plain_host>[ -~]{0,255})"`, "$nself_plain_host"})
	mapOf("",
		"$http_user_agent", "nself_agent", `""`, [2]string{`"~^(?<nself_plain_agent>[ -~]{0,512})"`, "$nself_plain_agent"})

	mapOf("A path that a service may read differently: a dot segment, however encoded, a backslash, a raw #.",
		"$request_uri", "nself_bad_path", "0",
		[2]string{`"~*^[^?]*(?:/|%2f)(?:\.|%2e){1,2}(?:/|%2f|;|%3b|\?|\z)"`, "1"},
		[2]string{`"~^[^?]*\\\\"`, "1"},
		[2]string{`"~^[^#]*#"`, "1"})
	mapOf("A Host that is not the name that the connection was opened for.",
		`"$ssl_server_name $host"`, "nself_misdirected", "1",
		[2]string{`"~*^(?<nself_name>[^ ]+) \k<nself_name>\z"`, "0"})

	mapOf("The one protocol that a connection may be upgraded to (h2c would bypass every rule here), and Connection to go with it.",
		"$http_upgrade", "nself_upgrade", `""`, [2]string{"websocket", "websocket"})
	mapOf("",
		"$nself_upgrade", "nself_connection", "upgrade", [2]string{`""`, "close"})

	mapOf("Response headers of which a service may choose a stricter value.",
		"$upstream_http_x_frame_options", "nself_frame_options", "SAMEORIGIN", [2]string{"DENY", "DENY"})
	mapOf("",
		"$upstream_http_referrer_policy", "nself_referrer_policy", "strict-origin-when-cross-origin",
		[2]string{"no-referrer", "no-referrer"}, [2]string{"same-origin", "same-origin"},
		[2]string{"strict-origin", "strict-origin"})
	mapOf("",
		"$upstream_http_cross_origin_resource_policy", "nself_resource_policy", "same-site",
		[2]string{"same-origin", "same-origin"})
	mapOf("Seconds until the next request passes, for those that the limit refused.",
		"$limit_req_status", "nself_retry_after", `""`, [2]string{"REJECTED", "$nself_retry"})

	if r.strip {
		mapOf("The request as a service sees it whose route strips $nself_prefix; empty when it is written otherwise.",
			`"$nself_prefix $request_uri"`, "nself_tail", `""`,
			[2]string{`"~*^(?<nself_base>[^ ]*) \k<nself_base>(?:/+|(?=\?)|\z)(?<nself_rest>.*)\z"`, "/$nself_rest"})
	}
	if r.dollar {
		t.line()
		t.line("# nginx has no escape for this character.")
		t.open("geo $nself_dollar")
		t.line(`default "$";`)
		t.close()
	}
	return t
}
