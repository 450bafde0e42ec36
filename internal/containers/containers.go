// Package containers asks Docker which containers of a Compose project run. It
// starts, stops and looks into none, and asks for labels alone: what inspecting a
// container shows may hold secrets.
package containers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// wait bounds the question: an engine that hangs must not hang whoever asks.
const wait = 20 * time.Second

// Container is one that runs, or is paused.
type Container struct {
	Name    string
	Service string // of Compose
	Config  string // digest of the files that it was started with; "" when it has none
}

// Running lists the containers of a project. Without an answer from an engine it
// is an error, which is not the same as none.
func Running(ctx context.Context, project string) ([]Container, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	// Paused ones and those that restart count: they go on with what they have.
	cmd := exec.CommandContext(ctx, "docker", "ps", "--no-trunc", "--filter", "label=com.docker.compose.project="+project, "--format",
		`{"Name":{{json .Names}},"Service":{{json (.Label "com.docker.compose.service")}},"Config":{{json (.Label "io.nselfc.config")}}}`)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.WaitDelay = time.Second
	switch err := cmd.Run(); {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("docker is not installed here")
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("docker did not answer in %v", wait)
	case err != nil:
		return nil, fmt.Errorf("docker ps failed: %s", firstLine(said.String(), err))
	}
	var list []Container
	for d := json.NewDecoder(&out); ; {
		var c Container
		switch err := d.Decode(&c); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, errors.New("docker ps printed something else than it was asked for")
		}
		list = append(list, c)
	}
}

// firstLine gives what a program said, or how it ended.
func firstLine(said string, err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if line == "" {
		return err.Error()
	}
	return line
}
