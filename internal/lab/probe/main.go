// Command probe attacks from wherever it is put: the lab's client namespace, or a container. It is one static file. Its
// argument is JSON, its answer is one line of JSON, and exit status 0 means that the attempt was made, not that it
// succeeded.
//
// It does not know what it should find; package attack says what the words mean.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"nselfc/internal/lab/attack"
)

const usage = `usage:
  probe connect '["HOST:PORT", …]'        TCP, 2 s each
  probe scan '{"host": "ADDRESS", …}'     all TCP ports
  probe resolve NAME
  probe http '{"url": "https://…", …}'    one request, or "count" at once
  probe load '{"write": "https://…", …}'  steadily, until told to stop
  probe websocket '{"url": "https://…", …}' TEXT
  probe internet DNS-ADDRESS HTTP-ADDRESS serves until interrupted
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	answer, err := run(ctx, os.Args[1:])
	if err == nil && answer != nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (any, error) {
	if len(args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		return nil, errors.New("too few arguments")
	}
	switch input := []byte(args[1]); args[0] {
	case "connect":
		var addresses []string
		if err := json.Unmarshal(input, &addresses); err != nil {
			return nil, err
		}
		return attack.Connect(ctx, addresses, 2*time.Second), nil
	case "scan":
		var scan attack.Scan
		if err := json.Unmarshal(input, &scan); err != nil {
			return nil, err
		}
		return scan.Run(ctx)
	case "resolve":
		return attack.Resolve(ctx, args[1], 5*time.Second), nil
	case "load":
		var load attack.Load
		if err := json.Unmarshal(input, &load); err != nil {
			return nil, err
		}
		return load.Run(ctx)
	case "http", "websocket":
		var request attack.Request
		if err := json.Unmarshal(input, &request); err != nil {
			return nil, err
		}
		if args[0] == "http" {
			return request.Do(ctx)
		}
		if len(args) == 3 {
			return request.Echo(ctx, args[2])
		}
	case "internet":
		if len(args) == 3 {
			return nil, attack.Internet(ctx, args[1], args[2])
		}
	}
	fmt.Fprint(os.Stderr, usage)
	return nil, fmt.Errorf("cannot do %q", args[0])
}
