"""The gateways against a server that redirects, dawdles or shows a bad certificate (SEC-92)."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from eboks.integrations import http
from eboks.integrations.sms import client, smsapi
from eboks.integrations.sms.client import Fate, SmsRefused, SmsUnavailable, SmsUnknown
from eboks.integrations.sms.console import ConsoleGateway
from eboks.integrations.sms.http_json import HttpJsonGateway
from eboks.integrations.sms.smsapi import SmsapiGateway

ID, TO, TEXT = "0b6ba58c-6a54-4a0e-9d7c-9f6f51b2d9a1", "+48601234741", "Kod nr 1: 048213."
OK = b'{"status": "accepted"}'


class Server(HTTPServer):
    status, body, wait = 200, OK, 0.0
    headers: dict[str, str] = {}
    seen: list[tuple[str, dict[str, str], bytes]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(length)))
        time.sleep(self.server.wait)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.seen = []
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.SMS_URL = f"http://127.0.0.1:{made.server_port}/send?k=1"
    settings.SMS_TOKEN = "tajne"
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def send(gateway: client.SmsGateway | None = None) -> client.Answer:
    return (gateway or HttpJsonGateway()).send(id=ID, to=TO, text=TEXT)


def test_json_gateway_sends_what_is_documented(server):
    assert send().status == "accepted"

    [(path, headers, body)] = server.seen
    assert path == "/send?k=1"
    assert headers["Authorization"] == "Bearer tajne"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"id": ID, "to": TO, "text": TEXT}


def test_token_is_left_out_when_there_is_none(server, settings):
    settings.SMS_TOKEN = ""
    send()

    assert "Authorization" not in server.seen[0][1]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, SmsUnavailable),
        (503, SmsUnavailable),
        (429, SmsUnavailable),
        (401, SmsUnavailable),
        (402, SmsUnavailable),
        (400, SmsRefused),
        (422, SmsRefused),
        (502, SmsUnknown),
        (504, SmsUnknown),
    ],
)
def test_json_gateway_answers_with_an_error(status, error, server):
    server.status = status

    with pytest.raises(error, match=f"HTTP {status}"):
        send()


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "file:///etc/passwd", "/elsewhere"])
def test_redirect_is_not_followed(target, server):
    server.status, server.headers = 302, {"Location": target}

    with pytest.raises(SmsUnknown, match="HTTP 302"):
        send()
    assert len(server.seen) == 1


@pytest.mark.parametrize("body", [b"", b"OK", b"[]", b'{"id": 1}', b"\xff\xfe", b"null"])
def test_answer_that_is_no_answer(body, server):
    server.body = body

    with pytest.raises(SmsUnknown):
        send()


def test_refusal_in_a_good_answer(server):
    server.body = b'{"status": "rejected"}'

    with pytest.raises(SmsRefused):
        send()


def test_endless_answer_is_cut(server):
    server.body = b" " * 1_000_000

    with pytest.raises(SmsUnknown):
        send()


def test_slow_answer_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    server.wait = 0.6
    start = time.monotonic()

    with pytest.raises(SmsUnknown):
        send()
    assert time.monotonic() - start < 0.55


def test_dripping_answer_is_not_waited_for(settings, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)

    def drip(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(20):
            connection.sendall(b" ")
            time.sleep(0.05)

    with raw_server(drip) as port:
        settings.SMS_URL = f"http://127.0.0.1:{port}/"
        start = time.monotonic()
        with pytest.raises(SmsUnknown):
            send()
        assert time.monotonic() - start < 0.8


def test_connection_that_breaks_after_the_request(settings):
    with raw_server(lambda connection: connection.recv(4096)) as port:
        settings.SMS_URL = f"http://127.0.0.1:{port}/"
        with pytest.raises(SmsUnknown):
            send()


def test_server_that_is_not_there(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.SMS_URL = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(SmsUnavailable):
        send()


def test_bad_certificate_is_refused_before_anything_is_sent(settings, tmp_path):
    received: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))

    def serve(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                received.append(secure.recv(4096))
        except OSError:
            pass  # the client hung up, as it should

    with raw_server(serve) as port:
        settings.SMS_URL = f"https://localhost:{port}/"
        with pytest.raises(SmsUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            send()
    assert received in ([], [b""])


class raw_server:  # noqa: N801 -- reads as the context manager that it is
    """Gives one connection to `serve` in a thread; the value is the port."""

    def __init__(self, serve: Callable[[socket.socket], object]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._run, args=(serve,))

    def _run(self, serve: Callable[[socket.socket], object]) -> None:
        connection, _address = self.listener.accept()
        try:
            serve(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def __enter__(self) -> int:
        self.thread.start()
        return int(self.listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.thread.join(5)
        self.listener.close()


def self_signed(directory: Path) -> Path:
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime.now(tz=dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


# --- SMSAPI.pl -----------------------------------------------------------------------------------


@pytest.fixture
def smsapi_server(server, settings, monkeypatch):
    monkeypatch.setattr(smsapi, "URL", settings.SMS_URL)
    settings.SMSAPI_TOKEN, settings.SMSAPI_SENDER = "tajne", "Leasing"
    server.body = b'{"count": 1, "list": [{"id": "A1B2", "status": "QUEUE", "number": "48601"}]}'
    return server


def test_smsapi_is_called_over_tls_with_our_own_number(smsapi_server):
    assert smsapi.SmsapiGateway.repeats_are_safe
    answer = send(SmsapiGateway())

    assert (answer.provider_id, answer.status) == ("A1B2", "QUEUE")
    [(_path, headers, body)] = smsapi_server.seen
    fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert headers["Authorization"] == "Bearer tajne"
    assert fields["to"] == "48601234741"
    assert fields["from"] == "Leasing"
    assert fields["message"] == TEXT
    assert (fields["format"], fields["check_idx"]) == ("json", "1")
    assert fields["idx"] == ID.replace("-", "")


def test_smsapi_address_is_fixed():
    assert smsapi.URL == "https://api.smsapi.pl/sms.do"


def test_smsapi_has_it_already(smsapi_server):
    smsapi_server.body = b'{"invalid_numbers": null, "error": 53, "message": "Not unique idx"}'

    assert send(SmsapiGateway()).status == "wysłana wcześniej"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"error": 103, "message": "No credits"}', SmsUnavailable),
        (b'{"error": 101, "message": "Authorization failed"}', SmsUnavailable),
        (b'{"error": 201, "message": "Internal"}', SmsUnavailable),
        (b'{"error": 13, "message": "No correct phonenumbers"}', SmsRefused),
        (b'{"error": "x"}', SmsUnknown),
        (b'{"count": 0, "list": []}', SmsUnknown),
        (b"<html>", SmsUnknown),
    ],
)
def test_smsapi_answers_with_an_error(body, error, smsapi_server):
    smsapi_server.body = body

    with pytest.raises(error):
        send(SmsapiGateway())


def test_smsapi_is_away(smsapi_server):
    smsapi_server.status, smsapi_server.body = 503, b"<html>"

    with pytest.raises(SmsUnavailable):
        send(SmsapiGateway())


# --- the demo ------------------------------------------------------------------------------------


def test_demo_writes_a_file_once_and_logs_no_code(settings, tmp_path, caplog):
    caplog.set_level("DEBUG")
    settings.DATA_DIR = tmp_path
    assert ConsoleGateway().status(id=ID) == Fate.MISSING
    for _ in range(2):
        send(ConsoleGateway())

    [file] = (tmp_path / "sms").iterdir()
    assert file.name.endswith(f"-{ID}.txt")
    assert file.read_text() == f"Do: {TO}\n{TEXT}\n"
    assert ConsoleGateway().status(id=ID) == Fate.SENT
    assert "048213" not in caplog.text
    assert TO not in caplog.text


def test_gateways_that_cannot_tell_say_so():
    assert HttpJsonGateway().status(id=ID) == Fate.UNSURE
    assert SmsapiGateway().status(id=ID) == Fate.UNSURE
