//go:build linux

// Command shell starts a lab and opens a shell on its host, or with -client on the other machine; the lab ends with the
// shell. With -up it first brings up the compose project in a folder.
//
// It does not know any test: it is for looking around when one fails.
package main

import (
	"context"
	"flag"
	"log"
	"path/filepath"

	"nselfc/internal/lab"
)

func main() {
	log.SetFlags(0)
	client := flag.Bool("client", false, "open the shell on the client machine")
	up := flag.String("up", "", "a `folder` with a compose project to bring up first")
	flag.Parse()
	if err := run(*client, *up); err != nil {
		log.Fatal("lab shell: ", err)
	}
}

func run(client bool, up string) error {
	engine, err := lab.Open(context.Background(), lab.Options{Log: log.Printf})
	if err != nil {
		return err
	}
	defer engine.Close()
	if up != "" {
		dir, err := filepath.Abs(up)
		if err != nil {
			return err
		}
		log.Print(engine.Compose(dir, "up", "--detach", "--wait"))
	}
	return engine.Shell(client)
}
