package rotation

import (
	"context"
	"io"
	"time"
)

// Engine is what a rotation does with the containers of one compose project. Docker
// is one; a fake in memory is another, which tests kill at every step. Each method
// is idempotent: where there is nothing to do, nothing is done.
type Engine interface {
	// Containers lists those of the project, stopped ones too, sorted by service and number.
	Containers(ctx context.Context) ([]Container, error)
	// Create brings services to so many containers each; the new ones are not started.
	// It is told of every service of the stack, also of those that stay as they are.
	Create(ctx context.Context, counts map[string]int) error
	Start(ctx context.Context, id string) error
	// Attach joins a container to a network of the project, where it answers to the aliases.
	Attach(ctx context.Context, c Container, network string, aliases []string) error
	Detach(ctx context.Context, c Container, network string) error
	// Remove asks a container to end, waits as long as it may take, and removes it.
	Remove(ctx context.Context, id string) error
	// Exec runs a command in a container and gives its exit status.
	Exec(ctx context.Context, id string, command []string, stdin io.WriterTo) (int, error)
	// Mark makes a file in a container that goes away by itself after a while.
	Mark(ctx context.Context, id, path string, life time.Duration) error
	Unmark(ctx context.Context, id string, paths ...string) error
	// Memory is what the host has, in bytes.
	Memory(ctx context.Context) (int64, error)
	// Connections counts the connections from within a container to an address.
	Connections(ctx context.Context, id, address string) (int, error)
}

// Container is one of the project's.
type Container struct {
	ID, Name, Service string
	Number            int
	Running           bool
	Health            string // "starting", "healthy", "unhealthy"; "" without a health check
	ExitCode          int
	Networks          map[string]Endpoint // by the name in the stack
}

// Endpoint is a container's place in a network.
type Endpoint struct {
	Address string // IPv4; "" until it runs
	Aliases []string
}

// well tells whether a container does what it is there for.
func (c Container) well() bool { return c.Running && (c.Health == "" || c.Health == "healthy") }
