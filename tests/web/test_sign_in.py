"""Who gets in: tokens, Cognito (a fake of it on loopback), strangers on every route."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from backend import ROOT, Backend
from cognito import CLIENT, Cognito
from driving import Visit
from playwright.sync_api import Browser, Page, expect

Opened = Callable[[], Page]


@pytest.fixture
def cognito(backend: Backend) -> Iterator[Cognito]:
    made = Cognito(backend.api)
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def opened(backend: Backend, browser: Browser, cognito: Cognito, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """The page as CloudFront serves it: with a config.json, and a policy that lets Cognito be reached."""
    context = browser.new_context()
    policy = backend.api.policy.replace("connect-src", f"connect-src {cognito.url}")
    monkeypatch.setattr(backend.api, "policy", policy)

    def open_page() -> Page:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.route("**/config.json", lambda route: route.fulfill(json={"domain": cognito.url, "client": CLIENT}))
        page.goto(backend.api.url)
        return page

    yield open_page
    context.close()


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_sign_in_by_code_with_pkce(cognito: Cognito, opened: Opened) -> None:
    page = opened()
    sign_in(page)
    expect(page.locator(".who")).to_have_text("ann")
    assert cognito.grants == ["authorization_code"] and cognito.asked == {}
    assert "code=" not in page.url and "state=" not in page.url

    page.goto(f"{page.url.split('#')[0]}?code=stolen&state=unasked")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    assert cognito.grants == ["authorization_code"], "a code that this tab did not ask for is not redeemed"


def test_a_token_that_ends_is_renewed_once_and_work_goes_on(cognito: Cognito, opened: Opened) -> None:
    cognito.lasts = 30  # within the time before its end at which a token is renewed
    page = opened()
    sign_in(page)
    cognito.lasts = 3600
    before = len(cognito.grants)
    page.keyboard.press("t")
    expect(page.locator(".tiles").first).to_be_visible()
    assert cognito.grants[before:] == ["refresh_token"], "three requests at once, one renewal"
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Drops")).to_be_visible()
    assert len(cognito.grants) == before + 1


def test_a_session_that_cannot_be_renewed_ends_on_the_sign_in_page(cognito: Cognito, opened: Opened) -> None:
    cognito.lasts = 30
    page = opened()
    sign_in(page)
    cognito.living.clear()
    page.keyboard.press("d")
    expect(page.get_by_role("alert")).to_contain_text("Your session is over")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_signing_out_revokes_the_session_here_and_there(cognito: Cognito, opened: Opened) -> None:
    page = opened()
    sign_in(page)
    assert len(cognito.living) == 1
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert cognito.revoked.wait(20), "sent as the page leaves: its answer may find nobody"
    assert (cognito.living, cognito.left) == (set(), [CLIENT])
    assert page.evaluate("Object.keys(sessionStorage)") == []


def test_a_sign_in_that_is_refused_or_meant_for_another_page_is_said_so(cognito: Cognito, opened: Opened) -> None:
    page = opened()
    cognito.refuses = True
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("User is disabled")
    cognito.refuses, cognito.forges = False, True
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("made for another page")
    expect(page.locator("table")).to_have_count(0)


def test_an_account_that_is_no_reviewer_is_told_whom_to_ask(cognito: Cognito, opened: Opened) -> None:
    cognito.groups = ("leads",)
    page = opened()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Not a reviewer")).to_be_visible()
    expect(page.get_by_role("alert").last).to_contain_text("not in the group reviewers")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_without_a_good_token_there_is_nothing_to_see(backend: Backend, visit: Visit) -> None:
    page = visit()
    page.evaluate("""() => sessionStorage.setItem('packshot.session', '{"token": "wrong"}')""")
    page.reload()
    expect(page.get_by_role("heading", name="Review desk")).to_be_visible()
    expect(page.locator("table")).to_have_count(0)


def every_route() -> list[tuple[str, str]]:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))["paths"]
    own = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [*own, ("POST", "/v1/tasks/{task}/preview"), ("POST", "/v1/tasks/{task}/render"), ("GET", "/v1/none")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer wrong"}, 401), ({"Authorization": "wrong"}, 401),
     ({"Authorization": "Bearer "}, 401), ({"Origin": "https://elsewhere.test"}, 403), ({"Origin": "null"}, 403),
     ({"Host": "elsewhere.test"}, 421)],
)  # fmt: skip
def test_strangers_get_nothing_on_any_route(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], status: int
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(backend.api, "invoke", lambda function, event: asked.append(function))
    routes = every_route()
    assert len(routes) > 22
    for method, path in routes:
        data = None if method == "GET" else b"{}"
        request = urllib.request.Request(backend.api.url + path, headers=headers, data=data, method=method)
        if status != 401:
            request.add_header("Authorization", f"Bearer {backend.api.token}")
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request, timeout=10)
        assert (error.value.code, error.value.headers.get("Access-Control-Allow-Origin")) == (status, None), path
    assert asked == [], "no function was asked"
