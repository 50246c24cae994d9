package local

import (
	"net"
	"slices"
	"testing"
)

func TestTakenPortsArePassedOverThreeAtATime(t *testing.T) {
	for _, test := range []struct {
		name  string
		taken []int
		want  []int
	}{
		{"all free", nil, []int{7480, 7490, 7500}},
		{"the HTTP port of the first", []int{7480}, []int{7490, 7500, 7510}},
		{"the node port of the second", []int{7491}, []int{7480, 7500, 7510}},
		{"the gossip port of the third", []int{7502}, []int{7480, 7490, 7510}},
		{"a port in between", []int{7483, 7499}, []int{7480, 7490, 7500}},
		{"a whole demo", []int{7480, 7490, 7500}, []int{7510, 7520, 7530}},
	} {
		got, err := nodePorts(7480, 3, func(port int) bool { return !slices.Contains(test.taken, port) })
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: nodePorts() = %v, %v; want %v", test.name, got, err, test.want)
		}
	}
}

func TestWithoutFreePortsThereIsAnError(t *testing.T) {
	if got, err := nodePorts(7480, 3, func(int) bool { return false }); err == nil {
		t.Errorf("nodePorts() = %v, want an error", got)
	}
}

func TestAPortIsTakenByTCPAndByUDP(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	if port := tcp.Addr().(*net.TCPAddr).Port; portFree(port) {
		t.Errorf("portFree(%d) = true for a TCP listener", port)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	if port := udp.LocalAddr().(*net.UDPAddr).Port; portFree(port) {
		t.Errorf("portFree(%d) = true for a UDP listener", port)
	}
}

func TestTheAppTakesTheNextFreePort(t *testing.T) {
	first, err := ListenApp(18970)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	port := first.Addr().(*net.TCPAddr).Port
	second, err := ListenApp(port)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if got := second.Addr().(*net.TCPAddr).Port; got <= port {
		t.Errorf("listenApp(%d) took %d, want a later one", port, got)
	}
}
