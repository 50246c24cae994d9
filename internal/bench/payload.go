package bench

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"

	"github.com/sessnode/sessnode"
)

// attributes are the names of a session's four attributes. Each has a quarter of the payload.
var attributes = [4]string{"cart", "locale", "profile", "recent"}

// idle is the idle timeout of the sessions that the load is about: nobody touches them while other runs are measured. It
// also bounds how long sessions live that could not be revoked.
const idle = "3h"

// payload writes bodies. It is for one goroutine: a body is good until the next one is written.
type payload struct {
	values [4][]byte // JSON texts
	buf    []byte
	rng    *rand.Rand
}

// newPayload makes values of random letters, so that nothing between here and the disk can make them smaller.
func newPayload(rng *rand.Rand, sizeBytes int) *payload {
	p := &payload{rng: rng}
	for i := range p.values {
		size := sizeBytes/4 - 2 // without the quotes
		if i < sizeBytes%4 {
			size++
		}
		raw := make([]byte, size)
		for j := range raw {
			raw[j] = byte(rng.Uint32())
		}
		p.values[i] = []byte(`"` + base64.RawURLEncoding.EncodeToString(raw)[:size] + `"`)
	}
	return p
}

// fresh changes a value's first letters, so that no two changes write the same.
func (p *payload) fresh(value []byte) []byte {
	var random [4]byte
	n := p.rng.Uint32()
	for i := range random {
		random[i] = byte(n >> (8 * i))
	}
	hex.Encode(value[1:9], random[:])
	return value
}

// create is the body that makes a session.
func (p *payload) create(token sessnode.Token, subject string) []byte {
	b := append(append(p.buf[:0], `{"token":"`...), token.Reveal()...)
	b = append(append(b, `","subject":"`...), subject...)
	b = append(b, `","idle":"`+idle+`","attrs":{`...)
	for i, name := range attributes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), `":`...)
		b = append(b, p.fresh(p.values[i])...)
	}
	p.buf = append(b, `}}`...)
	return p.buf
}

// patch is the body that changes one attribute.
func (p *payload) patch() []byte {
	i := p.rng.IntN(len(attributes))
	b := append(append(p.buf[:0], `{"set":{"`...), attributes[i]...)
	p.buf = append(append(append(b, `":`...), p.fresh(p.values[i])...), `}}`...)
	return p.buf
}
