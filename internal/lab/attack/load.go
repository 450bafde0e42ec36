package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// Load is a steady stream of requests that write an entry and read it again, as users
// of a running service send them: from several clients, who keep their connections.
type Load struct {
	// Request says where to and how to connect; its URL is that of the service, which
	// takes POST /write and GET /read, each with key and, the first, value.
	Request Request `json:"request"`
	Clients int     `json:"clients"`  // at once
	PauseMS int     `json:"pause_ms"` // of a client between two requests
	Stop    string  `json:"stop"`     // file that ends the load as soon as it exists
}

// Done is what became of a load.
type Done struct {
	Requests int      `json:"requests"`
	Failed   int      `json:"failed"`
	First    []string `json:"first,omitempty"` // of the failures, ten at most
	Slowest  int64    `json:"slowest_ms"`
}

// Run sends requests until the file is there.
func (l Load) Run(ctx context.Context) (Done, error) {
	var done Done
	var mu sync.Mutex
	var group sync.WaitGroup
	for c := range l.Clients {
		client, err := l.Request.client()
		if err != nil {
			return done, err
		}
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if _, err := os.Stat(l.Stop); err == nil {
					return
				}
				begun := time.Now()
				problems := l.once(ctx, client, fmt.Sprintf("%d-%d", c, i))
				took := time.Since(begun).Milliseconds()
				mu.Lock()
				done.Requests += 2
				done.Failed += len(problems)
				done.Slowest = max(done.Slowest, took)
				for _, p := range problems {
					if len(done.First) < 10 {
						done.First = append(done.First, begun.UTC().Format("15:04:05.000")+" "+p)
					}
				}
				mu.Unlock()
				time.Sleep(time.Duration(l.PauseMS) * time.Millisecond)
			}
		})
	}
	group.Wait()
	return done, nil
}

// once writes an entry and reads it again.
func (l Load) once(ctx context.Context, client *http.Client, key string) (problems []string) {
	form := url.Values{"key": {key}, "value": {"v" + key}}.Encode()
	for _, r := range []Request{{Method: http.MethodPost, URL: l.Request.URL + "/write?" + form}, {Method: http.MethodGet, URL: l.Request.URL + "/read?" + form}} {
		answer, err := r.once(ctx, client)
		var stored struct{ Postgres, Redis string }
		switch {
		case err != nil:
			problems = append(problems, err.Error())
		case answer.Error != "":
			problems = append(problems, answer.Error)
		case answer.Status != http.StatusOK:
			problems = append(problems, fmt.Sprintf("%s %s: %d %.200s", r.Method, r.URL, answer.Status, answer.Body))
		case r.Method == http.MethodPost:
		case json.Unmarshal([]byte(answer.Body), &stored) != nil, stored.Postgres != "v"+key, stored.Redis != "v"+key:
			problems = append(problems, fmt.Sprintf("%s %s: %.200s", r.Method, r.URL, answer.Body))
		}
	}
	return problems
}
