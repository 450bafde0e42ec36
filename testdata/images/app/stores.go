package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// stores opens PostgreSQL and Redis at first use, so that the service starts, and says what is wrong, without them.
type stores struct {
	mu    sync.Mutex
	pool  *pgxpool.Pool
	cache *redis.Client
}

// setting reads NAME from the file that NAME_FILE names, or from NAME itself.
func setting(name string) (string, error) {
	if file := os.Getenv(name + "_FILE"); file != "" {
		text, err := os.ReadFile(file)
		return strings.TrimRight(string(text), "\r\n"), err
	}
	if value := os.Getenv(name); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("neither %s_FILE nor %s is set", name, name)
}

func (s *stores) database(ctx context.Context) (*pgxpool.Pool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pool != nil {
		return s.pool, nil
	}
	url, err := setting("DATABASE_URL")
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a PostgreSQL URL") // the error would quote the password
	}
	config.MaxConns = 4
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	s.pool, err = pgxpool.NewWithConfig(ctx, config)
	return s.pool, err
}

func (s *stores) redis() (*redis.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cache != nil {
		return s.cache, nil
	}
	url, err := setting("REDIS_URL")
	if err != nil {
		return nil, err
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("REDIS_URL is not a Redis URL")
	}
	options.DisableIdentity = true // CLIENT SETINFO may be denied to the application's user
	options.MaxRetries = -1
	options.DialTimeout = 3 * time.Second
	s.cache = redis.NewClient(options)
	return s.cache, nil
}

// healthz is about this process; ?deep=1 also asks the stores that it was given.
func (s *stores) healthz(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("deep") == "" {
		fmt.Fprintln(w, "ok")
		return
	}
	if pool, err := s.database(r.Context()); err != nil {
		fail(w, err)
		return
	} else if err := pool.Ping(r.Context()); err != nil {
		fail(w, err)
		return
	}
	if cache, err := s.redis(); err != nil {
		fail(w, err)
		return
	} else if err := cache.Ping(r.Context()).Err(); err != nil {
		fail(w, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

// work moves jobs from a Redis list to the table, forever; it waits and tries again when a store is away.
func work(ctx context.Context, s *stores) {
	for ctx.Err() == nil {
		if err := s.moveOne(ctx); err != nil && ctx.Err() == nil {
			log.Print("worker: ", err)
			time.Sleep(time.Second)
		}
	}
}

func (s *stores) moveOne(ctx context.Context) error {
	cache, err := s.redis()
	if err != nil {
		return err
	}
	job, err := cache.BLPop(ctx, 2*time.Second, "jobs").Result()
	if errors.Is(err, redis.Nil) {
		return nil
	} else if err != nil {
		return err
	}
	pool, err := s.database(ctx)
	if err != nil {
		return err
	}
	_, err = pool.Exec(ctx, "INSERT INTO entries (key, value) VALUES ('job', $1)", job[1])
	return err
}
