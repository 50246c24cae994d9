// Package sessnodetest is a sessnode cluster in the memory of a test: for applications that want to test their logins and
// logouts, and what they do while the store is down.
//
//	func TestLogout(t *testing.T) {
//		store := sessnodetest.New(t)
//		app := newApp(store.Client("web"))
//		...
//		store.Advance(time.Hour)                             // everyone's idle timeout
//		store.FailNext(1, sessnodetest.Unavailable)          // the next request finds no leader
//	}
//
// It is no imitation: the state machine and the HTTP API are those of the product, on one replica with a clock that
// stands still until Advance moves it. What it leaves out is the cluster: nothing is replicated or stored, and no request
// ever waits for an election.
//
// All of it is safe for concurrent use.
package sessnodetest
