// Package apitest holds HTTP exchanges against the contract, httpapi's openapi.yaml. A test puts a Recorder between its client
// and the API; every exchange that passes is validated, and Check fails the test for those that broke the contract.
//
// It is for tests only: nothing that ships may import it. A Recorder is safe for concurrent use.
package apitest
