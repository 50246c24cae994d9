package check

import (
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// at builds histories by hand: at(1, 2, op) takes from 1 s to 2 s.
func at(call, ret int, op history.Op) history.Op {
	op.Call, op.Return = time.Duration(call)*time.Second, time.Duration(ret)*time.Second
	if op.Kind != history.RevokeSubject {
		op.Except = -1
	}
	return op
}

func create(session int, subject string, version uint64) history.Op {
	return history.Op{Kind: history.Create, Session: session, Bind: subject != "", Subject: subject,
		Content: history.Content{A: "a0"}, Answer: history.Answer{Version: version}}
}

func read(session, token int, version uint64, c history.Content) history.Op {
	return history.Op{Kind: history.Read, Session: session, Token: token, Answer: history.Answer{Version: version, Content: c}}
}

func gone(kind history.Kind, session, token int) history.Op {
	return history.Op{Kind: kind, Session: session, Token: token, Register: "a", Value: "late",
		Answer: history.Answer{Code: sessnode.CodeNotFound}}
}

func patch(session, token int, value string, version uint64) history.Op {
	return history.Op{Kind: history.Patch, Session: session, Token: token, Register: "a", Value: value,
		Answer: history.Answer{Version: version}}
}

func incr(session int, number int64, version uint64) history.Op {
	return history.Op{Kind: history.Incr, Session: session, Delta: 1, Answer: history.Answer{Version: version, Number: number}}
}

func revoke(session, token int) history.Op {
	return history.Op{Kind: history.Revoke, Session: session, Token: token}
}

func rotate(session, token int, bind bool, subject string, version uint64) history.Op {
	return history.Op{Kind: history.Rotate, Session: session, Token: token, NewToken: token + 1, Bind: bind, Subject: subject,
		Answer: history.Answer{Version: version}}
}

func everyone(subject string, except int, ended uint64) history.Op {
	return history.Op{Kind: history.RevokeSubject, Session: -1, Subject: subject, Except: except,
		Answer: history.Answer{Ended: ended}}
}

func listed(subject string, sessions ...int) history.Op {
	return history.Op{Kind: history.List, Session: -1, Subject: subject, Answer: history.Answer{Sessions: sessions}}
}

func refusedWith(code sessnode.Code, op history.Op) history.Op {
	op.Answer = history.Answer{Code: code}
	return op
}

func unknown(op history.Op) history.Op {
	op.Outcome, op.Answer = history.Unknown, history.Answer{}
	return op
}

func notDone(op history.Op) history.Op {
	op.Outcome, op.Answer = history.NotDone, history.Answer{}
	return op
}
