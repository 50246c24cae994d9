package main

import (
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

// words are the second and third line of a problem.
type words struct{ why, try string }

// explainStore finds the words for what the client returned. Details come from nodes, or from what stood in their place: they
// are cleaned before a terminal shows them.
func explainStore(e *sessnode.Error, err error) *problem {
	code := sessnode.CodeOf(err)
	say := storeWords(code, e)
	if e.RetryAfter > 0 && code == sessnode.CodeUnavailable {
		say.try += "   (the node asks to wait " + view.Span(e.RetryAfter.Round(10*time.Millisecond)) + ")"
	}
	return &problem{what: term.Clean(e.Error()), why: say.why, try: say.try, exit: code.Info().Exit, err: err}
}

func storeWords(code sessnode.Code, e *sessnode.Error) words {
	switch code {
	case sessnode.CodeUnavailable:
		return unavailable(e)
	case sessnode.CodeUnknown:
		return words{"the change was sent and no answer came: it may have been made, or may yet be",
			"look before doing it again: sessnode session list, app get or why show what is stored"}
	case sessnode.CodeUnauthorized:
		return words{"the nodes ask for an API key, and none was sent or this one is not in their --api-keys-file",
			"--api-key-file FILE, or a key in the URL: SESSNODE_URL=sessnode://KEY@HOST/APP"}
	case sessnode.CodeForbidden:
		return forbidden(e)
	case sessnode.CodeUnknownApp:
		return words{"the nodes run with --strict-apps, and nobody has declared this app", "sessnode app set " + named(e.App) + " declares it; sessnode app list shows all"}
	case sessnode.CodeNotFound:
		return notFound(e)
	case sessnode.CodeConflict:
		return conflict(e)
	case sessnode.CodeLimit:
		return words{"the app's policy allows no more sessions of this kind", "sessnode app get " + named(e.App) + " shows the limit; sessnode subject sessions NAME who uses it; app set --subject-limit or --on-limit change it"}
	case sessnode.CodePrecondition:
		return words{"the session changed since its etag was read", "sessnode session get shows it as it is, with the etag for the next try"}
	case sessnode.CodeTooLarge:
		return words{"it is larger than the app's policy or a fixed limit allows", "sessnode app get " + named(e.App) + "; all limits are in docs/reference/limits.md"}
	case sessnode.CodeFull:
		if e.Reason == sessnode.ReasonDisk {
			return words{"the disks of too many nodes are nearly full: creating and growing are refused, ending goes on", "sessnode check --url http://HOST:7480 for each node shows whose; docs/how-to/disk-full.md says how to make room"}
		}
		return words{"sessions fill the memory that the cluster has for them: creating and growing are refused, ending goes on", "sessnode app list shows whose they are; revoke what is not needed, or give the nodes more memory (--max-memory)"}
	case sessnode.CodeGone:
		return words{"the place in the list or stream is no longer kept", "start again from the beginning"}
	}
	return words{"the request cannot be understood as it was written", "the message above says which part; --help shows examples"}
}

func named(app string) string {
	if app == "" {
		return "NAME"
	}
	return term.Clean(app)
}

// unavailable tells the many ways apart in which no answer comes.
func unavailable(e *sessnode.Error) words {
	says := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(e.Detail, part) {
				return true
			}
		}
		return false
	}
	switch {
	case e.Reason == sessnode.ReasonNoLeader:
		return words{"too few voters reach each other, or an election is under way, which takes a second or two", "sessnode status shows which nodes are missing; then the same again"}
	case e.Reason == sessnode.ReasonOverload:
		return words{"the node has as many requests as it can take", "the same again in a moment; sessnode top shows the load"}
	case e.Reason == sessnode.ReasonGeneration:
		return words{"the nodes belong to different lives of the cluster, as during a restore", "sessnode status --url http://HOST:7480 for each node shows its generation"}
	case e.Reason != "":
		return words{"the node cannot answer at the moment", "the same again in a moment, or at another node: --url; sessnode status shows how the cluster is"}
	case says("connection refused"):
		return words{"nothing listens at that address: the node is not running, or listens elsewhere", "sessnode status shows which nodes answer; check --url and SESSNODE_URL; sessnode serve runs a node, sessnode demo three"}
	case says("no such host"):
		return words{"the name of the host is not known here", "check --url and SESSNODE_URL for a typing error, or use an address"}
	case says("one side speaks TLS", "status 400 of something"):
		return words{"nodes speak plain HTTP unless a proxy gives them TLS, and the URL says otherwise", "http:// or sessnode:// for plain HTTP, https:// or sessnodes:// for TLS"}
	case says("TLS handshake"):
		return words{"the certificate does not fit the host's name, or nobody here trusts who signed it", "use the name that is in the certificate, or add its authority to the system (SSL_CERT_FILE)"}
	case says("that is no sessnode", "of something"):
		return words{"another program answers at that address, or a proxy in front of the nodes", "check the port: the HTTP API is on 7480 by default"}
	case says("no answer in time", "no time left"):
		return words{"the node is overloaded or paused, or packets are dropped on the way", "--timeout 30s waits longer; sessnode check --url http://HOST:7480 asks one node alone"}
	}
	return words{"no node gave an answer", "sessnode status shows how the cluster is"}
}

func forbidden(e *sessnode.Error) words {
	if strings.Contains(e.Detail, "Host") {
		return words{"without API keys a node answers only to its addresses and to names that it was told, so that no web page reaches it", "use the node's address in --url, or run it with --hosts NAME"}
	}
	return words{"an app's key covers its own sessions and subjects; looking at the cluster, lists of all sessions and policies take an operator's key",
		"--api-key-file with an operator's key; for an app's key check --app"}
}

func notFound(e *sessnode.Error) words {
	switch e.Reason {
	case sessnode.ReasonRotated:
		return words{"the session lives on under a newer token", "use the newest token; the session itself needs no new login"}
	case sessnode.ReasonExpired, sessnode.ReasonRevoked, sessnode.ReasonEvicted:
		return words{"the session was " + e.Reason + ": it is over for good", "sessnode why ID, or why --subject NAME, tells when and by whom"}
	}
	return words{"no live session has it: it ended, never was, or belongs to another app", "check --app; sessnode why --subject NAME tells what ended lately"}
}

func conflict(e *sessnode.Error) words {
	switch e.Reason {
	case sessnode.ReasonRotated:
		return words{"the session has a newer token already: this one may only finish what is under way", "use the newest token"}
	case sessnode.ReasonChanging:
		return words{"an earlier change of the policy is still being carried out", "the same again in a few seconds"}
	}
	return words{"what is stored does not allow this change; nothing was changed", "sessnode session get shows what is stored"}
}
