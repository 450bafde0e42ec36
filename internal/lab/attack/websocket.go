package attack

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Echo opens a websocket with the request's TLS parameters, sends a text of at most 125 bytes and returns what came back.
func (r Request) Echo(ctx context.Context, text string) (Response, error) {
	target, err := url.Parse(r.URL)
	if err != nil {
		return Response{}, err
	}
	if len(text) > 125 {
		return Response{}, errors.New("text too long for a short frame")
	}
	if r.TimeoutMS == 0 {
		r.TimeoutMS = 10_000
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.TimeoutMS)*time.Millisecond)
	defer cancel()
	connection, err := r.open(ctx, target)
	if err != nil {
		return Response{Error: err.Error()}, nil
	}
	defer connection.Close()
	deadline, _ := ctx.Deadline()
	_ = connection.SetDeadline(deadline)

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+target.Host+target.RequestURI(), nil)
	if err != nil {
		return Response{}, err
	}
	key := make([]byte, 16)
	_, _ = rand.Read(key)
	request.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {base64.StdEncoding.EncodeToString(key)},
	}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
	}
	if err := request.Write(connection); err != nil {
		return Response{Error: err.Error()}, nil
	}
	reader := bufio.NewReader(connection)
	answer, err := http.ReadResponse(reader, request)
	if err != nil {
		return Response{Error: err.Error()}, nil
	}
	response := Response{Status: answer.StatusCode, Proto: answer.Proto, Headers: answer.Header}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return response, nil
	}
	response.Body, err = exchange(connection, reader, text)
	if err != nil {
		response.Error = err.Error()
	}
	return response, nil
}

func (r Request) open(ctx context.Context, target *url.URL) (net.Conn, error) {
	address := r.Connect
	if address == "" {
		address = target.Host
	}
	if target.Scheme != "https" && target.Scheme != "wss" {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	config, err := r.tls()
	if err != nil {
		return nil, err
	}
	if config.ServerName == "" {
		config.ServerName = target.Hostname()
	}
	config.NextProtos = []string{"http/1.1"}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
}

// exchange sends one masked text frame, with a mask of zeroes, and reads one short unmasked one.
func exchange(w io.Writer, r io.Reader, text string) (string, error) {
	const finalText, masked = 0x81, 0x80
	frame := append([]byte{finalText, masked | byte(len(text)), 0, 0, 0, 0}, text...)
	if _, err := w.Write(frame); err != nil {
		return "", err
	}
	var header [2]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return "", err
	}
	if header[0] != finalText || header[1] > 125 {
		return "", fmt.Errorf("unexpected frame %x", header)
	}
	body := make([]byte, header[1])
	_, err := io.ReadFull(r, body)
	return string(body), err
}
