package egress

import (
	"context"
	"slices"
	"sync"
	"time"
)

// connections are those of the direct way. It bounds how many a host may have
// open, and keeps some for later.
type connections struct {
	now            func() time.Time
	maxPerHost     int
	maxIdlePerHost int
	maxIdle        int

	mu    sync.Mutex
	hosts map[string]*hostConnections
	idle  int
	sweep *time.Timer // nil while nothing is idle
}

// hostConnections are those of one scheme, host and port.
type hostConnections struct {
	open    int
	idle    []*directConn // the youngest last
	waiting []chan struct{}
}

func newConnections(o Options) *connections {
	return &connections{
		now: o.Now, maxPerHost: o.MaxConnectionsPerHost, maxIdlePerHost: o.MaxIdlePerHost, maxIdle: o.MaxIdle,
		hosts: map[string]*hostConnections{},
	}
}

// acquire returns an idle connection, the youngest first, or nil when the caller
// may open one, which calls for close or forget at the end; it waits while the
// host has as many as it may. Who wants a fresh one gets no idle one.
func (c *connections) acquire(ctx context.Context, key string, wantsFresh bool) (*directConn, error) {
	for {
		kept, turn := c.next(key, wantsFresh)
		switch {
		case turn != nil:
			select {
			case <-turn:
			case <-ctx.Done():
				c.giveUp(key, turn)
				return nil, ctx.Err()
			}
		case kept == nil:
			return nil, nil
		case !wantsFresh && c.isUsable(kept):
			return kept, nil
		default:
			c.close(kept)
		}
	}
}

// kept returns an idle connection that is alive, the youngest first, or nil.
func (c *connections) kept(key string) *directConn {
	for {
		conn := c.takeYoungest(key)
		if conn == nil || c.isUsable(conn) {
			return conn
		}
		c.close(conn)
	}
}

func (c *connections) takeYoungest(key string) *directConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if host := c.hosts[key]; host != nil {
		return c.pop(host)
	}
	return nil
}

// pop takes the youngest idle connection of a host, nil when there is none.
func (c *connections) pop(host *hostConnections) *directConn {
	last := len(host.idle) - 1
	if last < 0 {
		return nil
	}
	conn := host.idle[last]
	host.idle[last] = nil
	host.idle = host.idle[:last]
	c.idle--
	return conn
}

func (c *connections) isUsable(conn *directConn) bool {
	return c.now().Sub(conn.idleSince) < idleTimeout && isSilent(conn.Conn)
}

// next returns an idle connection, or when to ask again, or neither: then one more
// is counted as open.
func (c *connections) next(key string, wantsFresh bool) (*directConn, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.hosts[key]
	if host == nil {
		host = &hostConnections{}
		c.hosts[key] = host
	}
	if wantsFresh && host.open < c.maxPerHost {
		host.open++
		return nil, nil
	}
	if kept := c.pop(host); kept != nil {
		return kept, nil
	}
	if host.open < c.maxPerHost {
		host.open++
		return nil, nil
	}
	turn := make(chan struct{}, 1)
	host.waiting = append(host.waiting, turn)
	return nil, turn
}

// giveUp ends waiting; a turn that came meanwhile goes to the next one.
func (c *connections) giveUp(key string, turn <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.hosts[key]
	if host == nil {
		return // all its connections were closed since the turn came
	}
	place := slices.IndexFunc(host.waiting, func(waiting chan struct{}) bool { return waiting == turn })
	if place >= 0 {
		host.waiting = slices.Delete(host.waiting, place, place+1)
	} else {
		host.wakeOne()
	}
	c.drop(key, host)
}

// drop forgets a host of which there is nothing to know.
func (c *connections) drop(key string, host *hostConnections) {
	if host.open == 0 && len(host.waiting) == 0 {
		delete(c.hosts, key)
	}
}

func (h *hostConnections) wakeOne() {
	if len(h.waiting) > 0 {
		h.waiting[0] <- struct{}{}
		h.waiting = h.waiting[1:]
	}
}

// keep takes back a connection for later use, and closes the one that there is no
// room for.
func (c *connections) keep(conn *directConn) {
	if surplus := c.takeBack(conn); surplus != nil {
		c.close(surplus)
	}
}

// takeBack returns the connection that is to be closed instead of being kept: this one,
// or the oldest of the host that keeps most, so that a few busy hosts don't cost all
// others theirs.
func (c *connections) takeBack(conn *directConn) *directConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.hosts[conn.key]
	if len(host.idle) >= c.maxIdlePerHost {
		return conn
	}
	var surplus *directConn
	if c.idle >= c.maxIdle {
		most := c.keepsMost()
		if len(most.idle) <= len(host.idle)+1 {
			return conn
		}
		surplus = most.idle[0]
		most.idle = slices.Delete(most.idle, 0, 1)
		c.idle--
	}
	conn.idleSince = c.now()
	host.idle = append(host.idle, conn)
	c.idle++
	if c.sweep == nil {
		c.sweep = time.AfterFunc(idleTimeout, c.closeOld)
	}
	host.wakeOne()
	return surplus
}

func (c *connections) keepsMost() *hostConnections {
	var most *hostConnections
	for _, host := range c.hosts {
		if most == nil || len(host.idle) > len(most.idle) {
			most = host
		}
	}
	return most
}

// close closes a connection.
func (c *connections) close(conn *directConn) {
	_ = conn.Close() // what was to be known of it is known
	c.forget(conn.key)
}

// forget counts one open connection less.
func (c *connections) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.hosts[key]
	host.open--
	host.wakeOne()
	c.drop(key, host)
}

// closeOld closes what has been idle for too long, and plans the next time.
func (c *connections) closeOld() {
	before := c.now().Add(-idleTimeout)
	c.closeIdle(func(conn *directConn) bool { return !conn.idleSince.After(before) })
}

// closeAll closes everything that is idle.
func (c *connections) closeAll() { c.closeIdle(func(*directConn) bool { return true }) }

func (c *connections) closeIdle(isUnwanted func(conn *directConn) bool) {
	for _, conn := range c.takeIdle(isUnwanted) {
		c.close(conn)
	}
}

func (c *connections) takeIdle(isUnwanted func(conn *directConn) bool) []*directConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	var taken []*directConn
	for _, host := range c.hosts {
		var wanted []*directConn
		for _, conn := range host.idle {
			if isUnwanted(conn) {
				taken = append(taken, conn)
			} else {
				wanted = append(wanted, conn)
			}
		}
		host.idle = wanted
	}
	c.idle -= len(taken)
	if c.sweep != nil {
		c.sweep.Stop()
		c.sweep = nil
	}
	if c.idle > 0 {
		c.sweep = time.AfterFunc(idleTimeout/4, c.closeOld)
	}
	return taken
}
