package httpapi

import "context"

// operation does what a route promises. Errors become problems.
type operation func(ctx context.Context, c *call) (*Reply, error)

// route is one row of the table. HEAD goes where GET goes, and OPTIONS is answered by the router.
type route struct {
	method  string
	pattern string // segments in braces are parameters
	role    role
	op      operation
	query   []string // the query parameters that are known; others are refused
	lane    lane
	metrics *routeMetrics
}

// changes reports whether the route changes what is stored, so that its outcome can be unknown.
func (r *route) changes() bool { return r != nil && r.method != "GET" }

// label names the route in metrics and logs: never the path, which holds subjects.
func (r *route) label() string {
	if r == nil {
		return "none"
	}
	return r.method + " " + r.pattern
}

const metricsPattern = "/metrics"

// routes returns the table. openapi.yaml describes the same; a test compares them in both directions.
//
// An app's own key covers its sessions, its subjects, and reading its policy: also a session by its public name, because
// a user must be able to end one of their other sessions (ASVS 7.5.2) without giving the application an operator's key.
// Going through everybody's sessions, ending all of them, and the policy itself are for operators.
func routes() []route {
	const (
		app      = "/v1/apps/{app}"
		session  = app + "/session"
		sessions = app + "/sessions"
		subject  = app + "/subjects/{subject}"
	)
	streamed := []string{"after", "kinds", "subject"}
	return []route{
		{method: "POST", pattern: sessions, role: roleApp, op: create},
		{method: "GET", pattern: session, role: roleApp, op: read, query: []string{"touch"}},
		{method: "PATCH", pattern: session, role: roleApp, op: patch},
		{method: "PUT", pattern: session, role: roleApp, op: replace},
		{method: "DELETE", pattern: session, role: roleApp, op: revoke},
		{method: "POST", pattern: session + "/pop", role: roleApp, op: pop},
		{method: "POST", pattern: session + "/touch", role: roleApp, op: touch},
		{method: "POST", pattern: session + "/rotate", role: roleApp, op: rotate},

		{method: "GET", pattern: sessions + "/{id}", role: roleApp, op: readID},
		{method: "DELETE", pattern: sessions + "/{id}", role: roleApp, op: revokeID},
		{method: "GET", pattern: subject + "/sessions", role: roleApp, op: listSubject},
		{method: "DELETE", pattern: subject + "/sessions", role: roleApp, op: revokeSubject, query: []string{"except"}},
		{method: "GET", pattern: subject, role: roleApp, op: exportSubject},
		{method: "GET", pattern: app + "/why", role: roleApp, op: why, query: []string{"id", "subject"}},
		{method: "GET", pattern: app + "/events", role: roleApp, op: follow, query: streamed, lane: laneFree},
		{method: "GET", pattern: app, role: roleApp, op: readApp},

		{method: "GET", pattern: sessions, role: roleOperator, op: listSessions, query: []string{"cursor"}},
		{method: "DELETE", pattern: sessions, role: roleOperator, op: revokeApp},
		{method: "POST", pattern: app + "/import", role: roleOperator, op: importSession},
		{method: "PUT", pattern: app, role: roleOperator, op: putPolicy},
		{method: "DELETE", pattern: app, role: roleOperator, op: dropApp},
		{method: "GET", pattern: "/v1/apps", role: roleOperator, op: listApps},
		{method: "GET", pattern: "/v1/events", role: roleOperator, op: follow, query: streamed, lane: laneFree},

		{method: "GET", pattern: "/v1/cluster", role: roleOperator, op: cluster, lane: laneReserve},
		{method: "POST", pattern: "/v1/cluster/transfer", role: roleOperator, op: transfer, lane: laneReserve},
		{method: "POST", pattern: "/v1/cluster/remove", role: roleOperator, op: remove, lane: laneReserve},
		{method: "POST", pattern: "/v1/cluster/leave", role: roleOperator, op: leaveCluster, lane: laneReserve},
		{method: "POST", pattern: "/v1/cluster/drain", role: roleOperator, op: drain, lane: laneReserve},
		{method: "GET", pattern: "/v1/cluster/backup", role: roleOperator, op: backUp, lane: laneReserve},
		{method: "GET", pattern: "/livez", role: rolePublic, op: livez, lane: laneFree},
		{method: "GET", pattern: "/readyz", role: rolePublic, op: readyz, query: []string{"verbose"}, lane: laneFree},
		{method: "GET", pattern: metricsPattern, role: roleOperator, op: showMetrics, lane: laneReserve},
		{method: "GET", pattern: "/openapi.yaml", role: rolePublic, op: contract, lane: laneFree},
	}
}
