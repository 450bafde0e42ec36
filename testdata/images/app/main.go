// Command app stands for a user's own services in the lab's stacks: an HTTP API and a worker. It has no shell beside it
// (its image is empty but for this file), runs as any numeric user on a read-only root, and takes its credentials from
// files. On purpose it also does what an attacker inside it would: run SQL, talk to Redis, open connections.
//
// It does not know how it was deployed: every address and credential comes from outside.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage:
  app serve            HTTP on $LISTEN (default :8080)
  app worker           moves jobs from the Redis list "jobs" to PostgreSQL; health on $LISTEN
  app healthcheck URL  exit 0 when URL answers 200
`

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:]); err != nil {
		log.Fatal("app: ", err)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case len(args) == 1 && args[0] == "serve":
		return serve(ctx, newAPI())
	case len(args) == 1 && args[0] == "worker":
		stores := &stores{}
		go work(ctx, stores)
		mux := http.NewServeMux()
		mux.HandleFunc("GET /healthz", stores.healthz)
		return serve(ctx, mux)
	case len(args) == 2 && args[0] == "healthcheck":
		return healthcheck(ctx, args[1])
	}
	fmt.Fprint(os.Stderr, usage)
	return errors.New("bad arguments")
}

func serve(ctx context.Context, handler http.Handler) error {
	listen := os.Getenv("LISTEN")
	if listen == "" {
		listen = ":8080"
	}
	server := &http.Server{Addr: listen, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("app: listening on %s", listen)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

func healthcheck(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}
