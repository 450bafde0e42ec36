package nginx

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
)

func TestRate(t *testing.T) {
	for _, tc := range []struct {
		requests, window int
		want             string
		codes            string
	}{
		{100, 60, "100r/m", ""},
		{1, 1, "1r/s", ""},
		{10, 1, "10r/s", ""},
		{600, 60, "10r/s", ""},
		{5, 60, "5r/m", ""},
		{1, 60, "1r/m", ""},
		{1000, 3600, "16r/m", ""},
		{100, 90, "66r/m", ""},
		{7, 300, "1r/m", "NS375"},
		{3, 100, "1r/m", "NS375"},
		{1, 63, "1r/m", "NS374"},
		{5, 900, "1r/m", "NS374"},
		{1, 86400, "1r/m", "NS374"},
		{1_000_000_000, 1, "1000000r/s", "NS375"},
	} {
		route := aRoute("api", "/", 1)
		route.RateLimit = limitOf(tc.requests, tc.window, 1)
		files, diags := Render(anIngress(aHost("a.example.com", route)), Options{})
		if got := strings.Join(codes(diags), " "); got != tc.codes {
			t.Errorf("%d in %d s: findings %q, want %q", tc.requests, tc.window, got, tc.codes)
		}
		if text := contents(t, files)["nginx/snippets/limits.conf"]; !strings.Contains(text, "rate="+tc.want+";") {
			t.Errorf("%d in %d s is not %s:\n%s", tc.requests, tc.window, tc.want, text)
		}
	}
}

// TestRateNeverAbove holds for every limit that nginx lets no more through than
// declared, and that no faster rate would do.
func TestRateNeverAbove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		requests, window := rapid.IntRange(1, 1_000_000).Draw(t, "requests"), rapid.IntRange(1, 86400).Draw(t, "window")
		rate := ratePerMinute(requests, window)
		// What ngx_http_limit_req_zone computes of "NNNr/m".
		passes := func(rate int) bool { return rate*1000/60*window <= requests*1000 }
		if !passes(rate) || rate < maxRate && passes(rate+1) {
			t.Fatalf("%d in %d s: %d a minute", requests, window, rate)
		}
	})
}

// flood sends n requests on one connection, all before the first is answered,
// and counts the answers by status.
func (s *server) flood(host, target string, n int, headers string) (map[int]int, []*http.Response, time.Duration) {
	s.t.Helper()
	c, err := s.dial(host, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	begun := time.Now()
	go func() {
		_, _ = c.Write([]byte(strings.Repeat("GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\n"+headers+"\r\n", n)))
	}()
	counts := map[int]int{}
	var answers []*http.Response
	r := bufio.NewReader(c)
	for range n {
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			s.t.Fatalf("after %v: %v", counts, err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		counts[answer.StatusCode]++
		answers = append(answers, answer)
	}
	return counts, answers, time.Since(begun)
}

// TestLimit is the promise: of 150 requests at once 100 pass and 50 get 429,
// and then 100 a minute do.
func TestLimit(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(echo))
	own, off, slow := aRoute("api", "/own", port), aRoute("api", "/off", port), aRoute("api", "/slow", port)
	own.RateLimit, slow.RateLimit = limitOf(60, 60, 3), limitOf(5, 60, 1)
	off.RateLimit = &ir.RateLimit{Off: yes()}
	s := anIngress(
		aHost("a.example.com", own, off, slow, aRoute("api", "/", port)),
		aHost("b.example.com", aRoute("api", "/", port)),
	)
	s.Ingress.RateLimit = limitOf(100, 60, 100)
	srv := start(t, s, setup{dns: loopback("api")})

	counts, answers, took := srv.flood("a.example.com", "/", 150, "")
	if refilled := int(took / (600 * time.Millisecond)); counts[200] < 100 || counts[200] > 100+refilled || counts[200]+counts[429] != 150 {
		t.Errorf("150 at once, in %v: %v", took, counts)
	} else if refilled == 0 {
		for i, answer := range answers {
			if want := map[bool]int{true: 200, false: 429}[i < 100]; answer.StatusCode != want {
				t.Errorf("request %d: %d", i+1, answer.StatusCode)
			}
		}
	}
	last := answers[len(answers)-1]
	if last.Header.Get("Retry-After") != "1" || last.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers of 429: %v", last.Header)
	}
	if answers[0].Header.Get("Retry-After") != "" {
		t.Errorf("headers of 200: %v", answers[0].Header)
	}
	if counts, _, _ := srv.flood("b.example.com", "/", 3, ""); counts[429] < 2 {
		t.Errorf("the ingress's limit is not one for all hosts: %v", counts)
	}
	if counts, _, _ := srv.flood("a.example.com", "/", 5, "X-Forwarded-For: 198.51.100.9\r\n"); counts[429] < 4 {
		t.Errorf("a client got around its limit with a header: %v", counts)
	}
	if counts, _, took := srv.flood("a.example.com", "/own", 10, ""); counts[200] != 3 && took < time.Second {
		t.Errorf("a route's own limit: %v", counts)
	}
	if counts, _, _ := srv.flood("a.example.com", "/off/x", 300, ""); counts[200] != 300 {
		t.Errorf("a route without a limit: %v", counts)
	}
	if _, answers, _ := srv.flood("a.example.com", "/slow/x", 2, ""); answers[1].StatusCode != 429 || answers[1].Header.Get("Retry-After") != "13" {
		t.Errorf("a slow limit: %v", answers[1])
	}

	// One passes every 0.6 s from here on, however many are sent.
	time.Sleep(700 * time.Millisecond)
	begun := time.Now()
	passed := 0
	for time.Since(begun) < 2500*time.Millisecond {
		counts, _, _ := srv.flood("a.example.com", "/", 2, "")
		passed += counts[200]
		time.Sleep(20 * time.Millisecond)
	}
	if most := int((time.Since(begun)+1500*time.Millisecond)/(600*time.Millisecond)) + 1; passed < 3 || passed > most {
		t.Errorf("%d passed in %v, want 3 to %d", passed, time.Since(begun), most)
	}
}

// TestLimitHTTP2 floods over HTTP/2, where all requests share a connection.
func TestLimitHTTP2(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(echo))
	s := anIngress(aHost("a.example.com", aRoute("api", "/", port)))
	s.Ingress.RateLimit = limitOf(100, 60, 100)
	srv := start(t, s, setup{dns: loopback("api")})
	client := srv.client(true)
	if answer, err := client.Get("https://a.example.com/.."); err != nil { // opens the connection, and counts for nothing
		t.Fatal(err)
	} else {
		answer.Body.Close()
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	counts := map[int]int{}
	begun := time.Now()
	for range 150 {
		wg.Go(func() {
			answer, err := client.Get("https://a.example.com/")
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			counts[answer.StatusCode]++
		})
	}
	wg.Wait()
	refilled := int(time.Since(begun) / (600 * time.Millisecond))
	if counts[200] < 99 || counts[200] > 100+refilled || counts[200]+counts[429] != 150 {
		t.Errorf("got %v after %v", counts, time.Since(begun))
	}
}

// TestLimitClients counts clients as networks, behind a proxy that names them.
func TestLimitClients(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(echo))
	s := anIngress(aHost("a.example.com", aRoute("api", "/", port)))
	s.Ingress.RateLimit = limitOf(60, 60, 2)
	s.Ingress.TrustedProxy = []ir.String{str("127.0.0.1")}
	srv := start(t, s, setup{dns: loopback("api")})
	for _, tc := range []struct {
		clients []string
		passes  int
	}{
		{[]string{"198.51.100.1", "198.51.100.1", "198.51.100.1"}, 2},
		{[]string{"198.51.100.2", "198.51.100.3", "198.51.100.4"}, 3},
		{[]string{"2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::3"}, 2},
		{[]string{"2001:db8:2:1::1", "2001:db8:2:2::1", "2001:db8:2:3::1"}, 3},
		{[]string{"2001:db8:3::a0a", "2001:db8:3::0a0a:0a0a", "2001:db8:3:0:a0a:a0a:a0a:a0a"}, 2},
		{[]string{"::ffff:198.51.100.5", "::ffff:198.51.100.6", "::ffff:198.51.100.7"}, 3},
		{[]string{"::ffff:198.51.100.8", "198.51.100.8", "::ffff:198.51.100.8"}, 2},
	} {
		begun := time.Now()
		passed := 0
		for _, client := range tc.clients {
			if answer := srv.get("a.example.com", "/", "X-Forwarded-For: "+client); status(answer) == "200" {
				passed++
			}
		}
		if passed != tc.passes && time.Since(begun) < time.Second {
			t.Errorf("%v: %d passed, want %d", fmt.Sprint(tc.clients), passed, tc.passes)
		}
	}
}
