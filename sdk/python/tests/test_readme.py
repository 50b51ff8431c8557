import contextlib
import importlib.util
import io
import os
import pathlib
import re
import threading
import time
import unittest
import urllib.error
import urllib.request
from http.server import HTTPServer
from unittest import mock

import posthorn

from tests.asgi import call
from tests.signing import BODY, SECRET, standard

README = (pathlib.Path(__file__).resolve().parents[1] / "README.md").read_text("utf-8")
PRINTED = "evt_1 user.created\n"


def block(heading):
    """The first Python block after a heading; the empty heading is the beginning."""
    section = README.partition("\n## %s\n" % heading)[2] if heading else README
    return re.search(r"```python\n(.*?)```", section, re.DOTALL).group(1)


def installed(name):
    return unittest.skipUnless(importlib.util.find_spec(name), "needs " + name)


class Readme(unittest.TestCase):
    """The blocks do what they say when they are copied as they stand."""

    def setUp(self):
        environment = mock.patch.dict(os.environ, {"WEBHOOK_SECRET": SECRET})
        environment.start()
        self.addCleanup(environment.stop)
        self.body = BODY.replace(b"1e400", b"1.50")
        self.headers = standard(self.body, at=int(time.time()))

    def run_block(self, heading, **given):
        names = {"__name__": "receiver", **given}
        exec(compile(block(heading), "README.md: " + heading, "exec"), names)
        return names

    def check(self, post):
        """post sends a body and gives the status of the answer."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self.assertEqual(post(self.body), 204)
            self.assertEqual(post(self.body + b" "), 401)
        self.assertEqual(printed.getvalue(), PRINTED)

    def test_one_call(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self.run_block("", body=self.body, headers=self.headers, secret=SECRET)
        self.assertEqual(printed.getvalue(), PRINTED)

    @installed("flask")
    def test_flask(self):
        client = self.run_block("Flask")["app"].test_client()
        self.check(lambda body: client.post("/webhooks", data=body, headers=self.headers).status_code)

    @installed("fastapi")
    def test_fastapi(self):
        app = self.run_block("FastAPI")["app"]
        self.check(lambda body: call(app, "/webhooks", body, self.headers)[0])

    @installed("starlette")
    def test_starlette(self):
        app = self.run_block("Starlette")["app"]
        self.check(lambda body: call(app, "/webhooks", body, self.headers)[0])

    @installed("django")
    def test_django(self):
        from tests.test_django import Django

        Django.setUpClass()
        from django.test import RequestFactory

        view = self.run_block("Django")["urlpatterns"][0].resolve("webhooks").func
        headers = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in self.headers.items()}
        self.check(lambda body: view(RequestFactory().generic("POST", "/webhooks", body, **headers)).status_code)

    def test_anything_else(self):
        receiver = self.run_block("Anything else")["Receiver"]
        receiver.log_message = lambda *arguments: None
        server = HTTPServer(("127.0.0.1", 0), receiver)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def post(body):
            request = urllib.request.Request("http://127.0.0.1:%d" % server.server_port, body, self.headers)
            try:
                with opener.open(request, timeout=30) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        self.check(post)

    def test_a_scheme(self):
        import hashlib
        import hmac

        at = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), at.encode() + b"." + BODY, hashlib.sha256).hexdigest()
        headers = {"X-Acme-Time": at, "X-Acme-Signature": "sha256=" + signature}
        given = self.run_block("Formats", body=BODY, headers=headers, secret=SECRET)
        self.assertEqual(str(int(given["event"].timestamp.timestamp())), at)

    def test_tables(self):
        """Every format and every error is told."""
        for name in posthorn.formats():
            self.assertIn("`%s`" % name, README)
        for name in posthorn.__all__:
            kind = getattr(posthorn, name)
            if isinstance(kind, type) and issubclass(kind, posthorn.VerificationError) and kind.code:
                self.assertIn("| `%s` | `%s` |" % (name, kind.code), README)
