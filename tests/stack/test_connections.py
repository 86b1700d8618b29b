"""What a connection to the stand-in for AWS understands, beyond what the SDK sends in every other test."""

from __future__ import annotations

import socket
from http.client import HTTPConnection
from urllib.parse import urlsplit

from small import Bench


def said(bench: Bench, text: bytes) -> bytes:
    """What a fresh connection answers until it is closed from there."""
    address = urlsplit(bench.stack.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(text)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def connection(bench: Bench) -> HTTPConnection:
    return HTTPConnection(urlsplit(bench.stack.endpoint).netloc, timeout=10)


def address(bench: Bench, key: str, call: str) -> str:
    """The path of a presigned call."""
    url = bench.stack.client("s3").generate_presigned_url(call, Params={"Bucket": bench.bucket, "Key": key})
    return "?".join(urlsplit(url)[2:4])


def test_what_is_no_request_is_refused(bench: Bench) -> None:
    assert said(bench, b"what is this\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert said(bench, b"GET http://elsewhere/ HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert said(bench, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200) == b""


def test_requests_follow_each_other_on_one_connection(bench: Bench) -> None:
    open_one = connection(bench)
    for round_ in (b"first", b"second"):
        open_one.request("PUT", address(bench, "kept ö+%.txt", "put_object"), round_)
        assert open_one.getresponse().read() == b""
    open_one.request("HEAD", address(bench, "kept ö+%.txt", "head_object"))
    head = open_one.getresponse()
    assert (head.status, head.headers["Content-Length"], head.read()) == (200, "6", b"")
    open_one.request("GET", address(bench, "kept ö+%.txt", "get_object"))
    assert open_one.getresponse().read() == b"second"
    bench.stack.client("s3").head_object(Bucket=bench.bucket, Key="kept ö+%.txt")


def test_old_clients_are_told_where_an_answer_ends(bench: Bench) -> None:
    bench.put("old.txt", b"body")
    path = address(bench, "old.txt", "get_object").encode()
    assert said(bench, b"GET " + path + b" HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nbody")
    closing = said(bench, b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Connection: close" in closing and closing.endswith(b"body")


def test_bodies_in_chunks_and_headers_that_come_twice(bench: Bench) -> None:
    path = address(bench, "chunks.txt", "put_object").encode()
    parts = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    headers = b"Transfer-Encoding: chunked\r\nx-amz-meta-a_b: 1\r\nx_other: 2\r\nConnection: close\r\n\r\n"
    assert said(bench, b"PUT " + path + b" HTTP/1.1\r\n" + headers + parts).startswith(b"HTTP/1.1 200")
    found = bench.stack.client("s3").get_object(Bucket=bench.bucket, Key="chunks.txt")
    assert found["Body"].read() == b"abcde"
    assert found["Metadata"] == {"a_b": "1"}


def test_pages_of_a_browser_still_get_their_permission(bench: Bench) -> None:
    open_one = connection(bench)
    headers = {"Origin": "http://localhost:1", "Access-Control-Request-Method": "PUT"}
    open_one.request("OPTIONS", address(bench, "page.txt", "put_object"), headers=headers)
    answer = open_one.getresponse()
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"]
    answer.read()
    open_one.request("GET", address(bench, "page.txt", "get_object"), headers={"Origin": "http://elsewhere.example"})
    assert open_one.getresponse().status == 403
