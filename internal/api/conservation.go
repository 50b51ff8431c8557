package api

import "context"

// conservationBody is the books of all deliveries.
type conservationBody struct {
	Holds       bool  `json:"holds" doc:"Whether accepted is the sum of pending, succeeded, exhausted, cancelled, expired and quarantined."`
	Accepted    int64 `json:"accepted" doc:"Deliveries ever made: accepted events times the webhooks that wanted them."`
	Pending     int64 `json:"pending" doc:"Waiting, or leased by a node."`
	Leased      int64 `json:"leased" doc:"Those of the pending ones that a node holds at this moment."`
	Succeeded   int64 `json:"succeeded"`
	Exhausted   int64 `json:"exhausted"`
	Cancelled   int64 `json:"cancelled"`
	Expired     int64 `json:"expired"`
	Quarantined int64 `json:"quarantined"`
}

func (s *Server) conservationRoutes() []route {
	return []route{
		reading("/v1/conservation", "Show that no delivery has vanished (platform keys only)", getConservation).in("Deliveries"),
	}
}

func getConservation(ctx context.Context, c *call) (conservationBody, error) {
	books, err := c.Manager.Conservation(ctx, c.principal)
	if err != nil {
		return conservationBody{}, err
	}
	return conservationBody{
		Holds: books.Holds(), Accepted: books.Accepted, Pending: books.Pending, Leased: books.Leased,
		Succeeded: books.Succeeded, Exhausted: books.Exhausted, Cancelled: books.Cancelled, Expired: books.Expired, Quarantined: books.Quarantined,
	}, nil
}
