package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strconv"
)

// serveRaw answers every request with the same bytes.
func serveRaw(ln net.Listener, answer []byte) error {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() { // ends with the connection
			defer conn.Close()
			in := bufio.NewReaderSize(conn, 4096)
			for skip(in) == nil {
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}()
	}
}

// skip reads one request and forgets it.
func skip(in *bufio.Reader) error {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			_, err := io.CopyN(io.Discard, in, int64(length))
			return err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
}
