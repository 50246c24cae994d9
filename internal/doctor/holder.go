package doctor

import (
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
)

// process is who holds a port.
type process struct {
	pid  int // 0 = not known: of another user, or not on Linux
	name string
}

// String names it for people.
func (p process) String() string {
	if p.pid == 0 {
		return "another program"
	}
	return fmt.Sprintf("%s (process %d)", p.name, p.pid)
}

// holder finds the process that listens on a port, by way of /proc.
func (p Patient) holder(l listening) process {
	_, port, _ := net.SplitHostPort(l.addr)
	n, _ := strconv.Atoi(port)
	sockets := map[string]bool{}
	for _, table := range []string{"proc/net/" + l.network, "proc/net/" + l.network + "6"} {
		text, _ := fs.ReadFile(p.Root, table) // none of it is needed
		for line := range strings.Lines(string(text)) {
			if inode := listensAt(line, n); inode != "" {
				sockets["socket:["+inode+"]"] = true
			}
		}
	}
	if len(sockets) == 0 {
		return process{}
	}
	return p.owns(sockets)
}

// listensAt returns the inode of a line of /proc/net/tcp or udp that is about a listening socket on a port.
func listensAt(line string, port int) string {
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != "0A" && f[3] != "07" { // TCP: LISTEN; UDP: unconnected
		return ""
	}
	_, hex, _ := strings.Cut(f[1], ":")
	if n, err := strconv.ParseInt(hex, 16, 32); err != nil || int(n) != port {
		return ""
	}
	return f[9]
}

// owns finds the process that has one of the sockets open.
func (p Patient) owns(sockets map[string]bool) process {
	links, isLinks := p.Root.(fs.ReadLinkFS)
	procs, _ := fs.ReadDir(p.Root, "proc")
	for _, d := range procs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || !isLinks {
			continue
		}
		open, _ := fs.ReadDir(p.Root, "proc/"+d.Name()+"/fd") // of another user: not readable
		for _, fd := range open {
			if to, err := links.ReadLink("proc/" + d.Name() + "/fd/" + fd.Name()); err == nil && sockets[to] {
				name, _ := fs.ReadFile(p.Root, "proc/"+d.Name()+"/comm")
				return process{pid, strings.TrimSpace(string(name))}
			}
		}
	}
	return process{}
}
