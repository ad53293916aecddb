# SPDX-License-Identifier: GPL-2.0-or-later
"""A server in msegd's place that answers what a test wants, and keeps what it was asked."""

import contextlib
import http.server
import json
import os
import socketserver
import threading
import urllib.parse


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        parts = urllib.parse.urlsplit(target)
        self.target, self.path = target, urllib.parse.unquote(parts.path)
        self.query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)

    def one(self, key):
        """The only value of a parameter, or None."""
        values = self.query.get(key, [None])
        return values[0] if len(values) == 1 else values

    def json(self):
        return json.loads(self.body)


class Stub:
    """Answers from a table: "METHOD path" to (status, body) or a function of the request."""

    def __init__(self, path):
        self.path, self.answers, self.requests = path, {}, []
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, self.headers,
                                  self.rfile.read(length).decode())
                stub.requests.append(request)
                stub.answer(self, request)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

            def finish_request(self, request, client_address):
                Handler(request, ("stub", 0), self)

            def handle_error(self, *_):
                pass

        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.server = Server(path, None)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, request):
        wanted = self.answers.get(f"{request.method} {request.path}")
        if callable(wanted):
            wanted = wanted(request)
        if wanted is None:
            wanted = 404, {"title": "Not Found", "status": 404, "detail": "there is none"}
        status, body, *kind = wanted
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if kind:
            kind = kind[0]
        else:
            kind = "application/json" if status < 400 else "application/problem+json"
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        handler.send_header("ETag", '"7"')
        handler.end_headers()
        handler.wfile.write(data)

    def asked(self):
        """What was asked since the last time."""
        requests, self.requests = self.requests, []
        return requests

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.path)
