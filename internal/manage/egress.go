package manage

import "github.com/posthorn/posthorn"

// Egress says where requests may go, and how the egress proxy is. Only a platform
// key may see it: it tells of the operator's own network.
func (m *Manager) Egress(p Principal) (posthorn.Egress, error) {
	if !p.IsPlatform() {
		return posthorn.Egress{}, forbidden("see where requests may go")
	}
	return m.egress(), nil
}
