import importlib.util
import unittest

import posthorn
import posthorn.flask

from tests.signing import BODY, NOW, OTHER, SECRET, standard


@unittest.skipUnless(importlib.util.find_spec("flask"), "needs Flask")
class Flask(unittest.TestCase):
    def setUp(self):
        import flask

        self.events, self.seen = [], []
        app = flask.Flask("receiver")
        app.testing = True  # what a view raises comes out here
        check = posthorn.flask.webhook(SECRET, format="standard", now=NOW, max_body=1000)

        @app.post("/webhooks/<tenant>")
        @check
        def receive(event, tenant):
            self.events.append(event)
            self.seen.append((tenant, flask.request.get_data()))
            return "", 204

        @app.post("/async")
        @check
        async def receive_async(event):
            self.events.append(event)
            return "", 204

        @app.post("/late")
        def late():
            flask.request.form.get("x")
            event = posthorn.flask.verified_event(flask.request, SECRET, format="standard", now=NOW)
            return event.id

        @app.post("/misconfigured")
        @posthorn.flask.webhook("", format="standard")
        def misconfigured(event):
            return "", 204

        self.client = app.test_client()

    def post(self, path="/webhooks/acme", body=BODY, headers=None, **more):
        return self.client.post(path, data=body, headers=headers or standard(), **more)

    def test_accepted(self):
        for content_type in ("application/json", "application/x-www-form-urlencoded", None):
            answer = self.post(content_type=content_type)
            self.assertEqual((answer.status_code, self.events[-1].id, self.events[-1].body), (204, "evt_1", BODY))
            self.assertEqual(self.seen[-1], ("acme", BODY))

    def test_async_view(self):
        self.assertEqual((self.post("/async").status_code, self.events[0].id), (204, "evt_1"))

    def test_refused(self):
        for body, headers, code in (
            (BODY + b" ", standard(), "no_matching_signature"),
            (BODY, standard(secret=OTHER), "no_matching_signature"),
            (BODY, standard(at=NOW - 301), "timestamp_too_old"),
            (BODY, standard(at=NOW + 301), "timestamp_too_new"),
            (BODY, {"webhook-id": "evt_1"}, "missing_header"),
            (BODY, list(standard().items()) * 2, "malformed_header"),  # WSGI joins them
        ):
            answer = self.post(body=body, headers=headers)
            self.assertEqual((answer.status_code, answer.get_json()["error"]), (401, code))
        self.assertEqual(self.events, [])

    def test_a_body_beyond_bounds(self):
        import io

        answer = self.post(body=b"x" * 1001)
        self.assertEqual((answer.status_code, answer.get_json()["error"]), (413, "body_too_large"))
        chunked = {**standard(), "Transfer-Encoding": "chunked"}

        class Counting(io.BytesIO):
            count = 0

            def read(self, *arguments):
                chunk = super().read(*arguments)
                self.count += len(chunk)
                return chunk

        for body, status, count in ((BODY, 204, len(BODY)), (b"x" * 9999, 413, 1001)):
            stream = Counting(body)
            answer = self.client.post(
                "/webhooks/acme",
                input_stream=stream,
                headers=chunked,
                environ_overrides={"wsgi.input_terminated": True},
            )
            self.assertEqual((answer.status_code, stream.count), (status, count))

    def test_a_body_that_was_read_before(self):
        with self.assertRaisesRegex(posthorn.NotRawBody, "request.form"):
            self.post("/late", content_type="application/x-www-form-urlencoded")

    def test_a_mistake_of_the_receivers_is_raised(self):
        with self.assertRaises(posthorn.BadSecret):
            self.post("/misconfigured")
