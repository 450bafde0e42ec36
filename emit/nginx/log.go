package nginx

// log renders the access log: one JSON object a line, every value a string. It
// holds no query string, cookie or credential; maps.go says how what clients
// write is cut. It is plain ASCII: nginx's JSON escaping leaves bytes above it as
// they are, and readers refuse a line that is not UTF-8. The client's address is
// whole, as a ban needs it.
func (r *renderer) log() *text {
	t := r.text("snippets/log.conf", 1024)
	t.line()
	t.line("log_format nself escape=json")
	t.depth++
	t.line(`'{"time":"$time_iso8601","id":"$request_id","client":"$remote_addr",'`)
	t.line(`'"method":"$request_method","host":"$nself_host","path":"$nself_path","protocol":"$server_protocol",'`)
	t.line(`'"status":"$status","sent":"$bytes_sent","received":"$request_length","seconds":"$request_time",'`)
	t.line(`'"upstream":"$upstream_addr","upstream_status":"$upstream_status",'`)
	t.line(`'"upstream_seconds":"$upstream_response_time","limit":"$limit_req_status",'`)
	t.line(`'"tls":"$ssl_protocol","cipher":"$ssl_cipher",'`)
	t.line(`'"referer":"$nself_referer","agent":"$nself_agent"}';`)
	t.depth--
	t.line("access_log /dev/stdout nself;")
	return t
}
