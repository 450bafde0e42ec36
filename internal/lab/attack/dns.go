package attack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Names is what a look-up found.
type Names struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	Error     string   `json:"error,omitempty"`
	// Unknown is set when a resolver said that there is no such name, which is more than no answer.
	Unknown bool `json:"unknown,omitempty"`
}

// Resolve asks the resolver of this network namespace.
func Resolve(ctx context.Context, name string, timeout time.Duration) Names {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	names := Names{Name: name, Addresses: addresses}
	if err != nil {
		names.Error = err.Error()
		var problem *net.DNSError
		names.Unknown = errors.As(err, &problem) && problem.IsNotFound
	}
	return names
}

// Internet plays everything that is not the host under test: a name server that knows no name, and an HTTP server for
// containers that may, or may not, reach out. It serves until ctx ends.
func Internet(ctx context.Context, dnsAddress, httpAddress string) error {
	packets, err := net.ListenPacket("udp", dnsAddress)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", httpAddress)
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		packets.Close()
		listener.Close()
	}()
	go answerNothing(packets)
	server := &http.Server{
		ReadHeaderTimeout: time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("the internet sees " + r.RemoteAddr + "\n"))
		}),
	}
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// answerNothing turns each query into its answer "no such name": the same bytes with three flags set.
func answerNothing(packets net.PacketConn) {
	buffer := make([]byte, 4096)
	for {
		size, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		if size < 12 {
			continue
		}
		const response, recursion, noSuchName = 0x80, 0x80, 3
		buffer[2] |= response
		buffer[3] = recursion | noSuchName
		// The additional section (EDNS) is left out: no records follow the question.
		buffer[10], buffer[11] = 0, 0
		_, _ = packets.WriteTo(buffer[:question(buffer[:size])], from)
	}
}

// question returns where the question of a query ends.
func question(packet []byte) int {
	at := 12
	for at < len(packet) && packet[at] != 0 {
		at += 1 + int(packet[at])
	}
	return min(at+5, len(packet))
}
