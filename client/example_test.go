package client_test

import (
	"log"

	"github.com/sessnode/sessnode/client"
)

func ExampleWithSharedConnections() {
	sessions, err := client.New("sessnode://n1,n2,n3/web", client.WithSharedConnections(2))
	if err != nil {
		log.Fatal(err)
	}
	defer sessions.Close()
}
