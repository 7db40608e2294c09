"""An identity provider for the tests: real HTTP, real keys, and every way to misbehave.

Tokens are put together here by hand, with `cryptography` alone: what the server verifies with is
not what signs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

__all__ = ["AUDIENCE", "Issuer", "Key", "b64"]

AUDIENCE = "praxis-kalender"
DISCOVERY = "/.well-known/openid-configuration"


def b64(content: bytes | Mapping[str, Any]) -> str:
    """Return base64url without padding, of bytes or of an object as JSON."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8))


@cache
def _rsa(number: int, bits: int) -> rsa.RSAPrivateKey:
    del number
    return rsa.generate_private_key(65537, bits)


class Key:
    """A key pair. Those of one kind and number are the same, since making RSA keys takes long."""

    def __init__(self, algorithm: str, kid: str = "", number: int = 0, bits: int = 2048) -> None:
        self.algorithm, self.kid = algorithm, kid
        self._key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
        if algorithm == "ES256":
            self._key = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == "Ed25519":
            self._key = ed25519.Ed25519PrivateKey.generate()
        else:
            self._key = _rsa(number, bits)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as a provider publishes it."""
        named = {"kid": self.kid} if self.kid else {}
        if isinstance(self._key, rsa.RSAPrivateKey):
            public = self._key.public_key().public_numbers()
            parts = {"kty": "RSA", "n": _number(public.n), "e": _number(public.e)}
        elif isinstance(self._key, ec.EllipticCurvePrivateKey):
            point = self._key.public_key().public_numbers()
            parts = {"kty": "EC", "crv": "P-256"}
            parts |= {"x": _number(point.x, 32), "y": _number(point.y, 32)}
        else:
            raw = self._key.public_key().public_bytes_raw()
            parts = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        return parts | named | {"use": "sig"}

    @property
    def pem(self) -> bytes:
        """The public half, as people pass it on."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def sign(self, content: bytes) -> bytes:
        """Return the signature, in the form of RFC 7518."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(content)
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self._key.sign(content, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        if self.algorithm == "PS256":
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            return self._key.sign(content, pss, hashes.SHA256())
        return self._key.sign(content, padding.PKCS1v15(), hashes.SHA256())

    def token(self, claims: Mapping[str, Any] | bytes, **header: Any) -> str:
        """Return a signed token; `header` overrides, None leaves out."""
        told = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid or None} | header
        told = {name: value for name, value in told.items() if value is not None}
        content = f"{b64(told)}.{b64(claims)}"
        if told.get("alg") == "none":
            return content + "."
        if told.get("alg") == "HS256":  # with what everybody knows for a secret
            return f"{content}.{b64(hmac.digest(self.pem, content.encode(), hashlib.sha256))}"
        return f"{content}.{b64(self.sign(content.encode()))}"


class Issuer:
    """Use as a context manager. Its documents are attributes, to be changed at will."""

    def __init__(self) -> None:
        self.key = Key("RS256", "rsa-1")
        self.keys = [self.key.jwk]
        self.asked: list[str] = []
        self.answers = threading.Event()  # cleared: every answer waits
        self.answers.set()
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.up()
        self.url = f"http://127.0.0.1:{self._port}"
        self.told: dict[str, Any] = {"issuer": self.url, "jwks_uri": self.url + "/keys"}
        #: Instead of a document: status, headers, body.
        self.instead: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.told |= {
            f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token")
        }
        #: Codes that were given out, with what they are worth; what was posted for them, and how.
        self.codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.posted: list[tuple[dict[str, str], str]] = []
        #: The header that the client has to send, and what the answer to a code has beside a token.
        self.authorization = ""
        self.answered: dict[str, Any] = {"token_type": "Bearer", "access_token": "secret"}

    def __enter__(self) -> Issuer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.answers.set()
        self.down()

    def up(self) -> None:
        """Listen (again, at the same address)."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def rotate(self, key: Key, *, keep: bool = True) -> None:
        """Sign with another key from now on; publish the old ones still, or not."""
        self.key = key
        self.keys = [key.jwk, *(self.keys if keep else [])]

    def claims(self, name: str = "empfang", now: datetime | None = None, **more: Any) -> Any:
        """Return the claims of a token of an hour; None leaves one out."""
        seconds = int((now or datetime.now(UTC)).timestamp())
        told = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "7d1f9a40",
            "preferred_username": name,
            "iat": seconds,
            "exp": seconds + 3600,
        }
        return {key: value for key, value in (told | more).items() if value is not None}

    def token(self, name: str = "empfang", now: datetime | None = None, **more: Any) -> str:
        """Return a token signed with the key of now."""
        return self.key.token(self.claims(name, now, **more))

    def authorize(self, address: str, name: str = "empfang", **claims: Any) -> str:
        """Sign somebody in who was sent to an address; return where the browser is sent back to."""
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        code = secrets.token_urlsafe(9)
        told = {"aud": asked["client_id"], "nonce": asked["nonce"]} | claims
        self.codes[code] = asked, self.claims(name, **told)
        back = {"state": asked["state"], "code": code, "session_state": "x.y"}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def _exchanged(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.posted.append((form, authorization))
        asked, claims = self.codes.pop(form.get("code", ""), ({}, {}))
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if self.authorization not in {authorization, form.get("client_secret", "")}:
            return 401, {"error": "invalid_client", "error_description": "<script>"}
        if not asked or asked["code_challenge"] != b64(hashed):
            return 400, {"error": "invalid_grant"}
        if asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, self.answered | {"id_token": self.key.token(claims)}

    def _document(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path in self.instead:
            return self.instead[path]
        documents: dict[str, Any] = {DISCOVERY: self.told, "/keys": {"keys": self.keys}}
        if path not in documents:
            return 404, {}, b""
        return 200, {"Content-Type": "application/json"}, json.dumps(documents[path]).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                issuer.answers.wait(60)
                status, headers, body = issuer._document(self.path)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                issuer.asked.append(self.path)
                issuer.answers.wait(60)
                content = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if self.path in issuer.instead:
                    status, _, body = issuer.instead[self.path]
                else:
                    form = dict(parse_qsl(content, strict_parsing=True))
                    told = self.headers.get("Authorization", "")
                    status, answer = issuer._exchanged(form, told)
                    body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
