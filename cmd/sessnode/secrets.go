package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/sessnode/sessnode"
)

// maxTokenFile is more than any file with one token has.
const maxTokenFile = 4096

// tokenFlag is the flag that names where a token is. There is none for a token itself: other users of a host can see
// command lines.
const tokenFlag = "token-file"

const tokenFlagHelp = "file with the session's token; - reads it from standard input"

// readToken reads the token that --token-file names. No error quotes it.
func readToken(std stdio, path string) (sessnode.Token, error) {
	bad := func(why string, err error) error {
		return &problem{what: "cannot read the token from " + whereFrom(path), why: why,
			try: "--token-file FILE with the token alone on its line, or --token-file - to read it from standard input", exit: exitUsage, err: err}
	}
	raw, err := readSecret(std, path)
	if err != nil {
		return "", bad(reasonOf(err), err)
	}
	token := sessnode.Token(bytes.TrimSpace(raw))
	switch {
	case len(raw) > maxTokenFile:
		return "", bad(fmt.Sprintf("it has more than %d bytes: a token has at most %d characters", maxTokenFile, sessnode.MaxTokenLength), nil)
	case token == "":
		return "", bad("there is nothing in it", nil)
	case !token.Valid(1):
		return "", bad("it holds more than one word, or characters that no token has", nil)
	}
	return token, nil
}

func whereFrom(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// readSecret reads a file or standard input. A person types without being shown.
func readSecret(std stdio, path string) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	}
	if in, ok := std.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprint(std.err, "token (not shown): ")
		defer fmt.Fprintln(std.err)
		return term.ReadPassword(int(in.Fd()))
	}
	return io.ReadAll(io.LimitReader(std.in, maxTokenFile+1))
}

// reasonOf drops the path that an error of the file system repeats.
func reasonOf(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}
