import importlib.util
import unittest

import posthorn
import posthorn.fastapi
import posthorn.starlette

from tests.asgi import call, refusal
from tests.signing import BODY, NOW, OTHER, SECRET, standard

FORM = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(BODY))}


class Receivers:
    """What holds for both frameworks."""

    def setUp(self):
        self.events = []
        self.app = self.build({"secrets": SECRET, "format": "standard", "now": NOW, "max_body": 1000})

    def test_accepted(self):
        for body in (BODY, [BODY[:5], BODY[5:], b""]):
            self.assertEqual(call(self.app, "/webhooks", body, standard())[0], 204)
            self.assertEqual((self.events[-1].id, self.events[-1].body), ("evt_1", BODY))

    def test_refused(self):
        for body, headers, code in (
            (BODY + b" ", standard(), "no_matching_signature"),
            (BODY, standard(secret=OTHER), "no_matching_signature"),
            (BODY, standard(at=NOW - 301), "timestamp_too_old"),
            (BODY, standard(at=NOW + 301), "timestamp_too_new"),
            (BODY, {"webhook-id": "evt_1"}, "missing_header"),
            (BODY, list(standard().items()) * 2, "doubled_header"),
        ):
            self.assertEqual(refusal(call(self.app, "/webhooks", body, headers)), (401, code))
        self.assertEqual(self.events, [])

    def test_a_body_beyond_bounds(self):
        answer = call(self.app, "/webhooks", [b"x" * 600, b"x" * 600, b"never read"], standard())
        self.assertEqual(refusal(answer), (413, "body_too_large"))

    def test_a_body_that_was_read_before(self):
        self.assertEqual(call(self.app, "/after-body", BODY, standard())[0], 204)
        with self.assertRaisesRegex(posthorn.NotRawBody, "request.stream"):
            call(self.app, "/after-stream", BODY, {**standard(), **FORM})

    def test_a_mistake_of_the_receivers_is_raised(self):
        with self.assertRaises(posthorn.BadSecret):
            call(self.app, "/misconfigured", BODY, standard())


@unittest.skipUnless(importlib.util.find_spec("starlette"), "needs Starlette")
class Starlette(Receivers, unittest.TestCase):
    def build(self, settings):
        from starlette.applications import Starlette as Application
        from starlette.responses import Response
        from starlette.routing import Route

        async def receive(request, event):
            self.events.append(event)
            return Response(status_code=204)

        async def after_body(request):
            await request.body()
            await posthorn.starlette.verified_event(request, **settings)
            return Response(status_code=204)

        async def after_stream(request):
            async for _ in request.stream():
                pass
            await posthorn.starlette.verified_event(request, **settings)

        views = {
            "/webhooks": posthorn.starlette.webhook(**settings)(receive),
            "/after-body": after_body,
            "/after-stream": after_stream,
            "/misconfigured": posthorn.starlette.webhook("", format="standard")(receive),
        }
        return Application(routes=[Route(path, view, methods=["POST"]) for path, view in views.items()])


@unittest.skipUnless(importlib.util.find_spec("fastapi"), "needs FastAPI")
class FastAPI(Receivers, unittest.TestCase):
    def build(self, settings):
        from fastapi import Body, Depends, Request
        from fastapi import FastAPI as Application

        app = Application()
        verified = posthorn.fastapi.webhook(**settings)

        @app.post("/webhooks", status_code=204)
        async def receive(event: posthorn.Event = Depends(verified)) -> None:
            self.events.append(event)

        @app.post("/after-body", status_code=204)  # FastAPI reads the body itself
        async def after_body(data: dict = Body(), event: posthorn.Event = Depends(verified)) -> None:
            self.events.append(event)

        async def consume(request: Request) -> None:
            async for _ in request.stream():
                pass

        @app.post("/after-stream", dependencies=[Depends(consume)])
        async def after_stream(event: posthorn.Event = Depends(verified)) -> None:
            self.events.append(event)

        @app.post("/misconfigured")
        async def misconfigured(event: posthorn.Event = Depends(posthorn.fastapi.webhook("", format="standard"))) -> None:
            self.events.append(event)

        return app

    def test_the_document_of_the_api(self):
        """The dependency asks for nothing that a caller would see."""
        operation = self.app.openapi()["paths"]["/webhooks"]["post"]
        self.assertNotIn("parameters", operation)
        self.assertNotIn("requestBody", operation)
