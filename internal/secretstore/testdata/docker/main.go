// Command docker hands what it is asked to the test that stands in for the engine, and
// answers as that says. It is this small because a rotation starts it by the hundred.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
)

func main() {
	code, err := ask(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "docker:", err)
		code = 125
	}
	os.Exit(code)
}

func ask(args []string) (int, error) {
	engine, err := net.Dial("unix", os.Getenv("DOCKER_FAKE"))
	if err != nil {
		return 0, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	var in []byte
	if args[0] == "exec" {
		if in, err = io.ReadAll(os.Stdin); err != nil {
			return 0, err
		}
	}
	kill, _ := strconv.Atoi(os.Getenv("DOCKER_FAKE_KILL"))
	if err := json.NewEncoder(engine).Encode(map[string]any{"Args": args, "Dir": dir, "In": in, "Caller": os.Getppid(), "Kill": kill}); err != nil {
		return 0, err
	}
	var answer struct {
		Out  string
		Code int
	}
	if err := json.NewDecoder(engine).Decode(&answer); err != nil {
		return 0, err
	}
	_, err = os.Stdout.WriteString(answer.Out)
	return answer.Code, err
}
