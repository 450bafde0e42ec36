package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

type api struct{ stores }

func newAPI() http.Handler {
	a := &api{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("/status/{code}", status)
	mux.HandleFunc("/slow/{duration}", slow)
	mux.HandleFunc("GET /ws", echoWebsocket)
	mux.HandleFunc("POST /migrate", a.migrate)
	mux.HandleFunc("POST /write", a.write)
	mux.HandleFunc("GET /read", a.read)
	mux.HandleFunc("POST /sql", a.sql)
	mux.HandleFunc("POST /redis", a.command)
	mux.HandleFunc("GET /connect", connect)
	mux.HandleFunc("GET /resolve", resolve)
	mux.HandleFunc("/", echo)
	return mux
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// fail answers 500 with the message and, where PostgreSQL refused, its SQLSTATE: what tests of privileges look at.
func fail(w http.ResponseWriter, err error) {
	answer := map[string]string{"error": err.Error()}
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) {
		answer["sqlstate"] = refused.Code
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	_ = json.NewEncoder(w).Encode(answer)
}

// echo answers with the request as it came through the proxies, and who this process is.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	host, _ := os.Hostname()
	reply(w, map[string]any{
		"method": r.Method, "path": r.URL.Path, "query": r.URL.RawQuery, "host": r.Host, "remote": r.RemoteAddr,
		"headers": r.Header, "body": string(body), "length": len(body),
		"container": host, "uid": os.Getuid(), "gid": os.Getgid(),
	})
}

func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		code = http.StatusBadRequest
	}
	w.WriteHeader(code)
}

func slow(w http.ResponseWriter, r *http.Request) {
	wait, err := time.ParseDuration(r.PathValue("duration"))
	if err != nil || wait > time.Minute {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case <-time.After(wait):
		echo(w, r)
	case <-r.Context().Done():
	}
}

func echoWebsocket(w http.ResponseWriter, r *http.Request) {
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer connection.CloseNow()
	for {
		kind, message, err := connection.Read(r.Context())
		if err != nil || connection.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}

func (a *api) migrate(w http.ResponseWriter, r *http.Request) {
	a.exec(w, r, "CREATE TABLE IF NOT EXISTS entries (id bigserial PRIMARY KEY, key text NOT NULL, value text NOT NULL)")
}

// write stores a key and its value in PostgreSQL and in Redis; read finds them again, in each.
func (a *api) write(w http.ResponseWriter, r *http.Request) {
	cache, err := a.redis()
	if err != nil {
		fail(w, err)
		return
	}
	if err := cache.Set(r.Context(), "app:"+r.FormValue("key"), r.FormValue("value"), time.Hour).Err(); err != nil {
		fail(w, err)
		return
	}
	a.exec(w, r, "INSERT INTO entries (key, value) VALUES ($1, $2)", r.FormValue("key"), r.FormValue("value"))
}

func (a *api) exec(w http.ResponseWriter, r *http.Request, text string, values ...any) {
	pool, err := a.database(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	tag, err := pool.Exec(r.Context(), text, values...)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, map[string]any{"result": tag.String()})
}

func (a *api) read(w http.ResponseWriter, r *http.Request) {
	pool, err := a.database(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	answer := map[string]string{}
	var value string
	err = pool.QueryRow(r.Context(), "SELECT value FROM entries WHERE key = $1 ORDER BY id DESC LIMIT 1", r.FormValue("key")).Scan(&value)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		fail(w, err)
		return
	}
	answer["postgres"] = value
	if cache, err := a.redis(); err == nil {
		answer["redis"] = cache.Get(r.Context(), "app:"+r.FormValue("key")).Val()
	}
	reply(w, answer)
}

// sql runs the body as one statement, with the privileges of this service and no others.
func (a *api) sql(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	pool, err := a.database(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	rows, err := pool.Query(r.Context(), string(text))
	if err != nil {
		fail(w, err)
		return
	}
	found, err := pgx.CollectRows(rows, pgx.RowToMap)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, map[string]any{"rows": found})
}

// command sends the body, split at spaces, to Redis.
func (a *api) command(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	cache, err := a.redis()
	if err != nil {
		fail(w, err)
		return
	}
	var words []any
	for _, word := range strings.Fields(string(text)) {
		words = append(words, word)
	}
	result, err := cache.Do(r.Context(), words...).Result()
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, map[string]any{"result": result})
}

func connect(w http.ResponseWriter, r *http.Request) {
	connection, err := net.DialTimeout("tcp", r.FormValue("address"), 2*time.Second)
	if err != nil {
		fail(w, err)
		return
	}
	connection.Close()
	reply(w, map[string]any{"open": true})
}

func resolve(w http.ResponseWriter, r *http.Request) {
	addresses, err := net.DefaultResolver.LookupHost(r.Context(), r.FormValue("name"))
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, map[string]any{"addresses": addresses})
}
