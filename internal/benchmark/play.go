package benchmark

import (
	"context"
	"fmt"
	"io"
)

// Play makes this process one of the benchmark's, in the role that RoleVariable
// holds. It carries out what it is told over its input until that ends, and is
// nothing for people.
func Play(ctx context.Context, role string, in io.Reader, out, talk io.Writer) error {
	switch role {
	case roleReceiver:
		return playReceiver(ctx, in, out)
	case rolePublisher:
		return playPublisher(ctx, in, out)
	case roleBare:
		return playBare(ctx, in, out)
	case roleRelay:
		return playRelay(ctx, in, out)
	case roleServer:
		return playServer(ctx, in, out, talk)
	case roleFiller:
		return playFiller(ctx, in, out, talk)
	default:
		return fmt.Errorf("%s is %q: it is set by the benchmark alone", RoleVariable, role)
	}
}

// The roles.
const (
	roleReceiver  = "receiver"
	rolePublisher = "publisher"
	roleBare      = "bare loop"
	roleRelay     = "null relay"
	roleServer    = "server"
	roleFiller    = "filler"
)
