import asyncio
import importlib.util
import json
import unittest

import posthorn
import posthorn.django

from tests.signing import BODY, NOW, OTHER, SECRET, standard


@unittest.skipUnless(importlib.util.find_spec("django"), "needs Django")
class Django(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import django
        from django.conf import settings

        if not settings.configured:
            settings.configure(ALLOWED_HOSTS=["testserver"], DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
            django.setup()

    def setUp(self):
        self.events = []

        @posthorn.django.webhook(SECRET, format="standard", now=NOW)
        def receive(request, event, tenant):
            from django.http import HttpResponse

            self.events.append((event, tenant, request.body))
            return HttpResponse(status=204)

        self.receive = receive

    def request(self, body=BODY, headers=None, content_type="application/json", method="POST"):
        from django.test import RequestFactory

        named = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in (headers or standard()).items()}
        return RequestFactory().generic(method, "/webhooks", body, content_type, **named)

    def test_accepted(self):
        for content_type in ("application/json", "application/x-www-form-urlencoded"):
            answer = self.receive(self.request(content_type=content_type), tenant="acme")
            event, tenant, body = self.events[-1]
            self.assertEqual((answer.status_code, event.id, event.body, tenant, body), (204, "evt_1", BODY, "acme", BODY))

    def test_async_view(self):
        from django.http import HttpResponse

        @posthorn.django.webhook(SECRET, format="standard", now=NOW)
        async def receive(request, event):
            return HttpResponse(event.id)

        self.assertTrue(asyncio.iscoroutinefunction(receive))
        self.assertEqual(asyncio.run(receive(self.request())).content, b"evt_1")
        self.assertEqual(asyncio.run(receive(self.request(b"{}"))).status_code, 401)

    def test_refused(self):
        doubled = {name: value + "," + value for name, value in standard().items()}  # as WSGI joins them
        for body, headers, code in (
            (BODY + b" ", standard(), "no_matching_signature"),
            (BODY, standard(secret=OTHER), "no_matching_signature"),
            (BODY, standard(at=NOW - 301), "timestamp_too_old"),
            (BODY, standard(at=NOW + 301), "timestamp_too_new"),
            (BODY, {"webhook-id": "evt_1"}, "missing_header"),
            (BODY, doubled, "malformed_header"),
        ):
            answer = self.receive(self.request(body, headers), tenant="acme")
            self.assertEqual((answer.status_code, json.loads(answer.content)["error"]), (401, code))
        self.assertEqual(self.receive(self.request(method="GET"), tenant="acme").status_code, 405)
        self.assertEqual(self.events, [])

    def test_no_csrf_token_is_needed(self):
        from django.middleware.csrf import CsrfViewMiddleware

        middleware = CsrfViewMiddleware(lambda request: None)
        self.assertIsNone(middleware.process_view(self.request(), self.receive, (), {}))
        refused = middleware.process_view(self.request(), lambda request: None, (), {})
        self.assertEqual(refused.status_code, 403)

    def test_a_body_beyond_bounds(self):
        from django.core.exceptions import RequestDataTooBig

        with self.assertRaises(RequestDataTooBig):  # which Django answers with 400
            self.receive(self.request(b"x" * 1001), tenant="acme")

    def test_a_body_that_was_read_before(self):
        def parsed(request):
            request.POST  # noqa: B018

        form = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
        for use in (lambda request: request.read(), parsed):
            request = self.request(form, standard(form), "multipart/form-data; boundary=b")
            use(request)
            with self.assertRaisesRegex(posthorn.NotRawBody, "request.POST"):
                self.receive(request, tenant="acme")

    def test_a_mistake_of_the_receivers_is_raised(self):
        with self.assertRaises(posthorn.BadSecret):
            posthorn.django.verified_event(self.request(), [], format="standard")
