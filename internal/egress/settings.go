package egress

import (
	"fmt"

	"github.com/posthorn/posthorn"
)

// Settings says where requests may go, and how the proxy is. It holds no
// credentials.
func (s *Sender) Settings() posthorn.Egress {
	settings := s.settings
	settings.ProxyFailingSince = s.proxy.failingSince()
	return settings
}

func (o Options) settings() posthorn.Egress {
	settings := posthorn.Egress{Production: string(o.Production), Development: string(o.Development), Strict: o.Strict}
	for _, prefix := range o.Allow {
		settings.Allow = append(settings.Allow, prefix.String())
	}
	for _, r := range o.Ports {
		text := fmt.Sprint(r[0])
		if r[0] != r[1] {
			text = fmt.Sprintf("%d-%d", r[0], r[1])
		}
		settings.Ports = append(settings.Ports, text)
	}
	if o.Proxy != nil {
		settings.Proxy = o.Proxy.Scheme + "://" + o.Proxy.Host
	}
	return settings
}
