package egress

import "slices"

// portPolicy decides which ports may be reached. The zero value allows all.
type portPolicy struct {
	ranges [][2]uint16
	except []uint16
}

// portsFor returns what the operator named, or else what is prudent. PolicyAny
// is for development, where a receiver may listen anywhere.
func portsFor(policy Policy, named [][2]uint16) portPolicy {
	switch {
	case len(named) > 0:
		return portPolicy{ranges: named}
	case policy == PolicyAny:
		return portPolicy{}
	default:
		return portPolicy{ranges: [][2]uint16{{80, 80}, {443, 443}, {1024, 65535}}, except: servicePorts()}
	}
}

func (p portPolicy) permits(port uint16) bool {
	if len(p.ranges) == 0 {
		return true
	}
	within := slices.ContainsFunc(p.ranges, func(r [2]uint16) bool { return r[0] <= port && port <= r[1] })
	return within && !slices.Contains(p.except, port)
}

// servicePorts are ports from 1024 on where a service usually listens that isn't
// a receiver of webhooks, and that the text of a request could do something to:
// those that browsers refuse (https://fetch.spec.whatwg.org/#port-blocking), and
// databases, caches, queues and whatever controls containers.
func servicePorts() []uint16 {
	return []uint16{
		1719, 1720, 1723, // H.323, PPTP
		2049,             // NFS
		3659, 4045, 4190, // Apple SASL, NFS locks, ManageSieve
		5060, 5061, // SIP
		6000, 6566, // X11, SANE
		6665, 6666, 6667, 6668, 6669, 6679, 6697, // IRC
		10080, // Amanda

		1433, 1521, 3306, 5432, // SQL Server, Oracle, MySQL, PostgreSQL
		5984, 9042, 27017, 27018, 27019, // CouchDB, Cassandra, MongoDB
		6379, 11211, // Redis, Memcached
		9200, 9300, // Elasticsearch
		2181, 5672, 9092, // ZooKeeper, AMQP, Kafka
		2375, 2376, 2379, 2380, 10250, // Docker, etcd, kubelet
	}
}
