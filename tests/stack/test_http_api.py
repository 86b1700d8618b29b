"""The HTTP API on loopback: routes, tokens, hosts, origins, files."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from small import SAMPLE, Bench

from packshot_local.stack.http_api import HttpApi
from packshot_local.stack.http_events import match_route
from packshot_local.stack.translate import Route


@pytest.fixture(scope="module")
def api(bench: Bench) -> Iterator[HttpApi]:
    yield bench.stack.serve_http(SAMPLE / "web")


def ask(
    api: HttpApi, method: str, path: str, body: bytes | None = None, token: str | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", api.server_port, timeout=20)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    found = {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return answer.status, json.loads(content) if "json" in found.get("content-type", "") else content, found


def test_a_request_with_the_token_becomes_an_event(api: HttpApi) -> None:
    status, seen, _ = ask(
        api,
        "POST",
        "/tasks/lot%201/verdict?flag=a&flag=b&empty=",
        b'{"ok": true}',
        api.token,
        Content_Type="application/json",
    )
    assert status == 200
    assert seen["route"] == "POST /tasks/{task}/verdict"
    assert seen["task"] == "lot 1"
    assert seen["query"] == {"flag": "a,b", "empty": ""}
    assert seen["body"] == '{"ok": true}'
    assert seen["claims"]["username"] == "local"


def test_every_user_has_claims_of_his_own(api: HttpApi) -> None:
    _, seen, _ = ask(api, "GET", "/tasks", token=api.add_user("mia", groups=["leads"]))
    assert seen["claims"]["username"] == "mia"
    assert seen["claims"]["cognito:groups"] == "[leads]"


@pytest.mark.parametrize("token", [None, "", "wrong", "undefined"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/tasks"), ("POST", "/tasks/1/verdict")])
def test_without_the_token_nothing_is_told(api: HttpApi, token: str | None, method: str, path: str) -> None:
    assert ask(api, method, path, token=token)[:2] == (401, {"message": "Unauthorized"})


def test_an_open_route_needs_none(api: HttpApi) -> None:
    status, content, _ = ask(api, "GET", "/health")
    assert (status, content) == (204, b"")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "packshot.local:{port}", "127.0.0.1.evil.example:{port}"]
)
def test_other_hosts_are_refused(api: HttpApi, host: str) -> None:
    status, _, _ = ask(api, "GET", "/tasks", token=api.token, Host=host.format(port=api.server_port))
    assert status == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"])
def test_other_origins_are_refused(api: HttpApi, origin: str) -> None:
    status, _, _ = ask(api, "GET", "/tasks", token=api.token, Origin=origin.format(port=api.server_port))
    assert status == 403
    assert ask(api, "GET", "/tasks", token=api.token, Origin=api.url)[0] == 200


def test_the_page_comes_with_a_strict_policy(api: HttpApi, bench: Bench) -> None:
    status, content, headers = ask(api, "GET", "/")
    assert status == 200 and b"<title>desk</title>" in content
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert f"img-src 'self' data: blob: {bench.stack.endpoint}" in policy
    assert f"connect-src 'self' {bench.stack.endpoint}" in policy
    assert ask(api, "GET", "/desk.js")[2]["content-type"].startswith("text/javascript")
    assert ask(api, "HEAD", "/desk.js")[1] == b""


@pytest.mark.parametrize(
    "path", ["/../template.yaml", "/%2e%2e/template.yaml", "/..%2ftemplate.yaml", "/no.js", "/%00"]
)
def test_nothing_beside_the_page_is_served(api: HttpApi, path: str) -> None:
    assert ask(api, "GET", path)[0] == 404


def test_bodies_too_large_are_refused(api: HttpApi) -> None:
    status, _, _ = ask(api, "POST", "/tasks/1/verdict", None, api.token, Content_Length=str(11 * 1024 * 1024))
    assert status == 413


def test_the_most_specific_route_wins() -> None:
    routes = [
        Route("*", "/v1/{proxy+}", "F", True),
        Route("GET", "/v1/{task}", "F", True),
        Route("GET", "/v1/open", "F", True),
    ]
    paths = {"/v1/open": "/v1/open", "/v1/7": "/v1/{task}", "/v1/7/x": "/v1/{proxy+}"}
    for path, wanted in paths.items():
        match = match_route(routes, "GET", path)
        assert match is not None and match.route.path == wanted
    assert match_route(routes, "GET", "/v2") is None
    deep = match_route(routes, "PUT", "/v1/a%2Fb/c")
    assert deep is not None and deep.parameters == {"proxy": "a/b/c"}


def test_pages_from_elsewhere_do_not_reach_the_services(api: HttpApi, bench: Bench) -> None:
    port = int(bench.stack.endpoint.rsplit(":", 1)[1])
    path = f"/{bench.bucket}?list-type=2"
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", path, headers=headers)
        assert connection.getresponse().status == 403, headers
        connection.close()


def test_presigned_addresses_work_from_the_page(api: HttpApi, bench: Bench) -> None:
    s3 = bench.stack.client("s3")
    place = {"Bucket": bench.bucket, "Key": "page/ü 1.jpg"}
    address = s3.generate_presigned_url("put_object", Params=place)
    request = urllib.request.Request(address, data=b"photo", method="PUT", headers={"Origin": api.url})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", api.url)
    assert s3.get_object(**place)["Body"].read() == b"photo"
