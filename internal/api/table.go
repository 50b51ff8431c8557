package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/posthorn/posthorn"
)

// routes is the whole API.
func (s *Server) routes() []route {
	return slices.Concat(
		s.eventRoutes(), s.webhookRoutes(), s.filterRoutes(), s.deliveryRoutes(), s.replayRoutes(), s.conservationRoutes(), s.eventTypeRoutes(), s.formatRoutes(), s.detectionRoutes(),
		s.tenantRoutes(), s.environmentRoutes(), s.keyRoutes(), s.signingKeyRoutes(), s.limitRoutes(), s.egressRoutes(), s.serverRoutes(),
	)
}

// serverRoutes are about the server itself; they need no key.
func (s *Server) serverRoutes() []route {
	open := func(path, summary string, handle func(context.Context, *call) (reply, error)) route {
		return route{method: http.MethodGet, path: path, summary: summary, status: http.StatusOK, open: true, tag: "Server", handle: handle}
	}
	return []route{
		open("/livez", "Tell that the process is running", live),
		open("/readyz", "Tell whether the server can do its work", ready),
		open("/openapi.json", "This description", func(context.Context, *call) (reply, error) {
			return reply{status: http.StatusOK, body: s.openAPI}, nil
		}),
		open("/docs", "This description as a page", func(_ context.Context, c *call) (reply, error) {
			c.writer.Header()["Content-Security-Policy"] = []string{"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
			return reply{status: http.StatusOK, body: s.docsPage, contentType: "text/html; charset=utf-8"}, nil
		}),
	}
}

func live(context.Context, *call) (reply, error) {
	return reply{status: http.StatusOK, body: []byte(`{"status":"ok"}`)}, nil
}

func ready(ctx context.Context, c *call) (reply, error) {
	if err := c.Ready(ctx); err != nil {
		notReady := &posthorn.Error{Code: posthorn.CodeUnavailable, Message: "The server can't do its work now.", Hint: "Its log says why."}
		return reply{}, fmt.Errorf("%w (%w)", notReady, err)
	}
	return reply{status: http.StatusOK, body: []byte(`{"status":"ready"}`)}, nil
}
