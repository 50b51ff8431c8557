package datafile

import "testing"

// Invariant: the numbers of network file systems are known, and those of disks, of
// memory and of layers over them are none of them.
func TestNumbersOfFileSystems(t *testing.T) {
	t.Parallel()
	for number, want := range map[uint32]string{
		0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "SMB", 0xfe534d42: "SMB", 0x00c36400: "Ceph", 0x5346414f: "AFS",
		0xef53: "", 0x58465342: "", 0x9123683e: "", 0x01021994: "", 0x794c7630: "", 0x2fc12fc1: "", 0x65735546: "", 0x01021997: "",
	} {
		if got := nameOf(number); got != want {
			t.Errorf("%#x is %q, want %q", number, got, want)
		}
	}
}
