package nginx

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"nselfc/compiler/ir"
)

// canary stands wherever a request may carry a secret.
const canary = "CANARY7f3a"

// provoke makes nginx refuse, fail and answer requests that carry the canary
// everywhere, and gives how many entries the access log must have got.
func provoke(srv *server) (entries int) {
	t := srv.t
	const head = "Host: a.example.com\r\nCookie: session=" + canary + "\r\nAuthorization: Bearer " + canary +
		"\r\nReferer: https://user:" + canary + "@b.example.com/" + canary + "?token=" + canary +
		"\r\nX-Api-Key: " + canary + "\r\nConnection: close\r\n"
	const query = "?token=" + canary + "&x=%20" + canary
	send := func(want, request string) {
		t.Helper()
		got := status(srv.raw("a.example.com", request))
		if lost := got == "" && len(request) > 16<<10; got != want && !lost { // closed before all was read, which may cost the answer
			t.Errorf("%.60q: got %s, want %s", request, got, want)
		}
		entries++
	}
	get := func(want, target string) {
		t.Helper()
		send(want, "GET "+target+" HTTP/1.1\r\n"+head+"\r\n")
	}
	get("200", "/"+query)
	get("200", "/x%3Ftoken="+canary)
	get("200", "/x%20"+canary+query)
	get("200", "/x;token="+canary)
	get("200", "/x="+canary)
	get("502", "/refused"+query)
	get("502", "/unknown"+query)
	get("504", "/slow"+query)
	get("502", "/broken"+query)
	get("403", "/denied"+query)
	get("200", "/limited"+query)
	get("429", "/limited"+query)
	get("400", "/x/../y"+query)
	get("400", "/x#"+canary+query)
	get("400", "/%zz"+canary+query)
	get("400", "/%00"+canary+query)
	get("414", "/"+strings.Repeat(canary, 3000)+query)
	send("421", "GET /"+query+" HTTP/1.1\r\n"+strings.Replace(head, "a.example.com", "b.example.com", 1)+"\r\n")
	send("400", "GET /"+query+" HTTP/1.1\r\n"+head+"Host: "+canary+".example.com\r\n\r\n")
	send("400", "GET /"+query+" HTTP/1.1\r\n"+head+"Bad header: "+canary+"\r\n\r\n")
	send("400", "GET /"+query+" HTTP/1.1\r\n"+head+"X-Long: "+strings.Repeat(canary, 3000)+"\r\n\r\n")
	send("400", "GET /"+query+" x HTTP/1.1\r\n"+head+"\r\n")
	send("405", "TRACE /"+query+" HTTP/1.1\r\n"+head+"\r\n")
	send("413", "POST /"+query+" HTTP/1.1\r\n"+head+"Content-Length: 99999999\r\n\r\n"+canary)
	send("413", "POST /"+query+" HTTP/1.1\r\n"+head+"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n"+canary)

	plain := func(request string) {
		c, err := net.Dial("tcp", srv.http)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		exchange(t, c, request)
		entries++
	}
	plain("GET /" + query + " HTTP/1.1\r\n" + head + "\r\n")
	plain("GET /" + query + " HTTP/1.1\r\n" + strings.Replace(head, "a.example.com", "x.example.com", 1) + "\r\n")
	plain("\x16\x03\x01" + canary + "\r\n\r\n")

	client := srv.client(true)
	for _, target := range []string{"/", "/refused", "/denied"} {
		request, err := http.NewRequest("GET", "https://a.example.com"+target+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Cookie": {"a=" + canary}, "Authorization": {canary}, "Referer": {"https://b.example.com/?" + canary}}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		entries++
	}
	client.CloseIdleConnections()
	return entries
}

// logged runs nginx before everything that provoke asks for.
func logged(t *testing.T, patch func(path, content string) string) *server {
	port := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			time.Sleep(1500 * time.Millisecond)
		case "/broken":
			if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
				_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\x00: x\r\n\r\n"))
				c.Close()
			}
		}
	}))
	slow, denied, limited := aRoute("api", "/slow", port), aRoute("api", "/denied", port), aRoute("api", "/limited", port)
	slow.ReadTimeout = num(1)
	denied.AllowFrom = []ir.String{str("203.0.113.0/24")}
	limited.RateLimit = limitOf(1, 60, 1)
	s := anIngress(
		aHost("a.example.com", slow, denied, limited, aRoute("api", "/refused", 1), aRoute("unknown", "/unknown", 1), aRoute("api", "/", port)),
		aHost("b.example.com", aRoute("api", "/", port)),
	)
	return start(t, s, setup{dns: loopback("api"), patch: patch})
}

// TestLogs looks for the canary in both logs, and in those of an nginx whose
// logs are set as one would at first.
func TestLogs(t *testing.T) {
	t.Parallel()
	srv := logged(t, nil)
	access, errs := srv.logs(provoke(srv))
	if strings.Contains(access, canary) {
		t.Errorf("the access log holds the canary:\n%s", linesWith(access, canary))
	}
	if strings.Contains(errs, canary) {
		t.Errorf("the error log holds the canary:\n%s", linesWith(errs, canary))
	}
	statuses := map[string]bool{}
	for line := range strings.Lines(access) {
		var entry map[string]string
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		statuses[entry["status"]] = true
		if entry["referer"] != "" && entry["referer"] != "https://b.example.com" {
			t.Errorf("referer %q", entry["referer"])
		}
		if entry["status"] == "429" && (entry["limit"] != "REJECTED" || entry["path"] != "/limited" || entry["client"] != "127.0.0.1" ||
			entry["host"] != "a.example.com" || entry["id"] == "" || entry["method"] != "GET") {
			t.Errorf("an entry tells too little: %v", entry)
		}
	}
	for _, want := range []string{"200", "301", "400", "403", "413", "414", "421", "429", "444", "502", "504"} {
		if !statuses[want] {
			t.Errorf("no entry has status %s", want)
		}
	}

	naive := logged(t, func(path, content string) string {
		if path == "nginx/snippets/log.conf" {
			return strings.Replace(content, "$nself_path", "$request_uri", 1)
		}
		return strings.Replace(content, "error_log stderr emerg;", "error_log stderr error;", 1)
	})
	access, errs = naive.logs(provoke(naive))
	if !strings.Contains(access, canary) || !strings.Contains(errs, canary) {
		t.Error("the canary is not found where it must be")
	}
}

// TestLogsWhenBusy runs out of connections, which nginx reports one step below
// emerg, with the request line.
func TestLogsWhenBusy(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	port := service(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	defer close(hold)
	busy := func(level, connections string) string {
		srv := start(t, anIngress(aHost("a.example.com", aRoute("api", "/", port))), setup{
			dns: loopback("api"),
			patch: func(_, content string) string {
				content = strings.Replace(content, "worker_connections 2048;", "worker_connections "+connections+";", 1)
				return strings.Replace(content, "error_log stderr emerg;", "error_log stderr "+level+";", 1)
			},
		})
		for range 12 {
			c, err := srv.dial("a.example.com", nil)
			if err != nil {
				break // nginx has no connection left
			}
			defer c.Close()
			if _, err := c.Write([]byte("GET /?token=" + canary + " HTTP/1.1\r\nHost: a.example.com\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(200 * time.Millisecond)
		return srv.read("error.log")
	}
	// Which side of a request finds none left depends on the number.
	if errs := busy("emerg", "16") + busy("emerg", "17"); strings.Contains(errs, canary) {
		t.Errorf("the error log holds the canary:\n%s", errs)
	}
	if errs := busy("alert", "16") + busy("alert", "17"); !strings.Contains(errs, canary) {
		t.Errorf("nginx did not run out of connections, or says so otherwise:\n%s", errs)
	}
}

func linesWith(text, what string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, what) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestLogsAnyByte sends every byte in every part of a request, and wants lines
// that a strict reader takes: Go's own replaces what is not UTF-8.
func TestLogsAnyByte(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(echo))
	const client = "Host: a.example.com\r\nConnection: close\r\n"
	requests := func(srv *server) (entries int) {
		for first := 0; first < 256; first += 16 {
			c := []byte{'x'}
			for b := first; b < first+16; b++ {
				if b != 0 && b != '\r' && b != '\n' { // those end a header, or the request
					c = append(c, byte(b))
				}
			}
			for _, request := range []string{
				"GET /" + string(c) + " HTTP/1.1\r\n" + client,
				"GET / HTTP/1.1\r\n" + client + "User-Agent: " + string(c) + "\r\nReferer: https://" + string(c) + "/\r\n",
				"GET / HTTP/1.1\r\nConnection: close\r\nHost: " + string(c) + ".example.com\r\n",
				string(c) + " / HTTP/1.1\r\n" + client,
			} {
				srv.raw("a.example.com", request+"\r\n")
				entries++
			}
		}
		return entries
	}
	bad := func(patch func(path, content string) string) (lines []string) {
		srv := start(t, anIngress(aHost("a.example.com", aRoute("api", "/", port))), setup{dns: loopback("api"), patch: patch})
		access, _ := srv.logs(requests(srv))
		for line := range strings.Lines(access) {
			if !utf8.ValidString(line) || !json.Valid([]byte(line)) {
				lines = append(lines, line)
			}
		}
		return lines
	}
	if lines := bad(nil); len(lines) > 0 {
		t.Errorf("%d entries are not JSON, such as %q", len(lines), lines[0])
	}
	naive := bad(func(_, content string) string {
		return strings.NewReplacer(`"host":"$nself_host"`, `"host":"$host"`, `"agent":"$nself_agent"`, `"agent":"$http_user_agent"`).Replace(content)
	})
	if len(naive) < 8 { // the agents at least: newer releases refuse such a Host
		t.Errorf("the control: nginx's own variables make %d bad entries", len(naive))
	}
}
