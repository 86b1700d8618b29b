"""Cognito's sign-in endpoints on loopback, as far as the page uses them: it checks what the real one checks."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from packshot_local.stack.http_api import HttpApi

CLIENT = "desk-client"


class Cognito(ThreadingHTTPServer):
    """Signs in ``who`` without asking. Tokens that it gives open the API; ``lasts`` is how long, in seconds."""

    daemon_threads = True

    def __init__(self, api: HttpApi, who: str = "ann", groups: tuple[str, ...] = ("reviewers",)) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api, self.who, self.groups, self.lasts = api, who, groups, 3600
        self.refuses = self.forges = False
        self.asked: dict[str, dict[str, str]] = {}  # code -> what authorize was asked
        self.living: set[str] = set()  # refresh tokens
        self.revoked = threading.Event()
        self.grants: list[str] = []
        self.left: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def token(self, nonce: str) -> str:
        """An identity token; its signature is API Gateway's to check, here the API knows it by heart."""
        claims = {"aud": CLIENT, "nonce": nonce, "exp": int(time.time()) + self.lasts, "jti": secrets.token_hex(8)}
        parts = [{"alg": "none"}, claims]
        token = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + ".x"
        return self.api.add_user(self.who, groups=self.groups, token=token)

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes next."""
        if self.refuses:
            said = {"error": "access_denied", "error_description": "User is disabled", "state": query["state"]}
            return f"{query['redirect_uri']}?{urlencode(said)}"
        code = secrets.token_urlsafe(8)
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def redeem(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Tokens for a code or a refresh token; None for what the real one refuses."""
        self.grants.append(form.get("grant_type", ""))
        if form.get("client_id") != CLIENT:
            return None
        answer = {"expires_in": self.lasts, "token_type": "Bearer"}
        if form["grant_type"] == "refresh_token":
            return {**answer, "id_token": self.token("")} if form["refresh_token"] in self.living else None
        asked = self.asked.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge_method"] != "S256":
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        renew = secrets.token_urlsafe(16)
        self.living.add(renew)
        nonce = "another page's" if self.forges else asked["nonce"]
        return {**answer, "id_token": self.token(nonce), "refresh_token": renew}


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        cognito = cast(Cognito, self.server)
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/logout":
            cognito.left.append(query["client_id"])
        self._answer(302, {"Location": query["logout_uri"] if parts.path == "/logout" else cognito.authorize(query)})

    def do_POST(self) -> None:
        cognito = cast(Cognito, self.server)
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if self.path == "/oauth2/revoke":
            cognito.living.discard(form["token"])
            cognito.revoked.set()
            return self._answer(200, {})
        answer = cognito.redeem(form)
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
        return self._answer(200 if answer else 400, headers, json.dumps(answer or {"error": "invalid_grant"}).encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
