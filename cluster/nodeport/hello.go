package nodeport

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
)

// hello: "SNOD", version, role, nonce, generation, then node id and cluster id with a length byte each.
func (h *handshake) hello() []byte {
	b := append([]byte("SNOD"), protocolVersion, byte(h.role))
	var nonce [nonceSize]byte
	_, _ = rand.Read(nonce[:]) // never fails: crypto/rand crashes the program instead
	b = append(b, nonce[:]...)
	b = binary.BigEndian.AppendUint64(b, h.local.Generation)
	for _, name := range []string{h.local.NodeID, h.local.Cluster} {
		b = append(append(b, byte(len(name))), name...)
	}
	return b
}

// decodeHello reads a hello that want has sent. It wraps ErrVersion or ErrProtocol.
func decodeHello(b []byte, want role) (Identity, error) {
	if len(b) < 6 || string(b[:4]) != "SNOD" {
		return Identity{}, fmt.Errorf("%w: no greeting", ErrProtocol)
	}
	if b[4] != protocolVersion {
		return Identity{}, fmt.Errorf("%w: %d here, %d there", ErrVersion, protocolVersion, b[4])
	}
	if role(b[5]) != want {
		return Identity{}, fmt.Errorf("%w: role %d", ErrProtocol, b[5])
	}
	b = b[6:]
	if len(b) < nonceSize+8 {
		return Identity{}, fmt.Errorf("%w: greeting is cut short", ErrProtocol)
	}
	id := Identity{Generation: binary.BigEndian.Uint64(b[nonceSize:])}
	b = b[nonceSize+8:]
	for _, name := range []*string{&id.NodeID, &id.Cluster} {
		if len(b) == 0 || int(b[0]) > maxIdentityBytes || len(b) < 1+int(b[0]) {
			return Identity{}, fmt.Errorf("%w: greeting is cut short", ErrProtocol)
		}
		*name, b = string(b[1:1+b[0]]), b[1+b[0]:]
	}
	if len(b) != 0 {
		return Identity{}, fmt.Errorf("%w: %d bytes after the greeting", ErrProtocol, len(b))
	}
	return id, nil
}

func writeMessage(w io.Writer, b []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...))
	return err
}

// readMessage reads one message and not a byte more. The length is checked before anything is allocated.
func readMessage(r io.Reader) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint16(head[:])
	if n == 0 || n > maxHandshake {
		return nil, fmt.Errorf("%w: message of %d bytes", ErrProtocol, n)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}
