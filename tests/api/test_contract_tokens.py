"""The two calls that issue tokens, in bytes, and how long a token lasts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

import msgspec
import pytest

from reportdata.identity import App, hash_of, new_secret
from tests.support.calling import CORP, NOW, OK, Answer, Call, add_sample, connected
from tests.support.causes import ERRORS
from tests.support.folders import Folder
from tests.support.serving import Serving, exchange, serving

FORM = "content-type: application/x-www-form-urlencoded\r\n"
PATH = "/v1.0/oauth2/accessToken"
JSON = "content-type: application/json; charset=utf-8\r\n"
LIFETIME = 7200


class Issuing(NamedTuple):
    """A server of the sample organisation, an app of it with its secret, and the server's clock: its only element."""

    folder: Folder
    served: Serving
    app: App
    secret: str
    clock: list[float]

    def credentials(self, secret: str = "") -> bytes:
        return msgspec.json.encode({"appKey": self.app.app_key, "appSecret": secret or self.secret})

    def issue(self, secret: str = "") -> Answer:
        return post(self.served, self.credentials(secret))

    def token(self, secret: str = "") -> str:
        answer = self.issue(secret)
        assert answer.status == OK
        found = re.fullmatch(rb'{"expireIn":7200,"accessToken":"([0-9a-f]{32})"}', answer.body)
        assert found
        return found[1].decode()

    def status(self, token: str) -> str:
        """What a token is worth."""
        answer = Call(self.served.address, token).answer()
        return "OK" if answer.status == OK else str(msgspec.json.decode(answer.body)["code"])

    def change(self, **properties: object) -> None:
        """Change the app through another connection to the store, as the command line does."""
        self.folder.store.change_app(self.app.app_key, lambda app: msgspec.structs.replace(app, **properties))


@pytest.fixture
def issuing(folder: Folder) -> Iterator[Issuing]:
    add_sample(folder)
    clock = [NOW]
    with serving(folder, clock=lambda: clock[0]) as served:
        yield Issuing(folder, served, *folder.add_app(CORP), clock)


def post(served: Serving, body: bytes, headers: str = JSON) -> Answer:
    with connected(served.address) as ask:
        head = f"POST {PATH} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        return ask(head.encode() + body)


def get(served: Serving, query: str) -> Answer:
    with connected(served.address) as ask:
        return ask(f"GET /gettoken{query} HTTP/1.1\r\nHost: h\r\n\r\n".encode())


def shaped(answer: Answer, code: str, message: str, *, by_service: bool = False) -> bytes:
    """The body of an error."""
    names = ("requestid", "code", "message") if by_service else ("code", "requestid", "message")
    values = {"code": code, "requestid": answer.request_id, "message": message}
    return msgspec.json.encode({name: values[name] for name in names})


NO_BODY = ("Missingbody", "body is mandatory for this action.")
BAD_BODY = ("Invalidbody", "Specified parameter body is not valid. JSON parsing error")
NO_KEY = ("MissingappKey", "appKey is mandatory for this action.")
NO_SECRET = ("MissingappSecret", "appSecret is mandatory for this action.")


LACKING = [
    (b"", JSON, NO_BODY),
    (b" \r\n", JSON, NO_BODY),
    (b"appKey=a&appSecret=b", FORM, NO_BODY),
    (b'{"appKey":"a","appSecret":"b"}', FORM, NO_BODY),
    (b'{"appKey":', JSON, BAD_BODY),
    (b"\xff\xfe{}", JSON, BAD_BODY),
    (b'{"appKey":"\xff","appSecret":"b"}', JSON, BAD_BODY),
    (b"[" * 10_000, JSON, BAD_BODY),
    (b'["appKey"]', JSON, BAD_BODY),
    (b"null", JSON, BAD_BODY),
    (b"{}", JSON, NO_KEY),
    (b'{"appKey":"","appSecret":"b"}', JSON, NO_KEY),
    (b'{"appKey":7,"appSecret":"b"}', JSON, NO_KEY),
    (b'{"appkey":"a","appSecret":"b"}', JSON, NO_KEY),
    (b'{"appKey":"a"}', JSON, NO_SECRET),
    (b'{"appKey":"a","appSecret":null}', "", NO_SECRET),
]


def test_a_request_for_a_token_that_lacks_something_is_told_what(issuing: Issuing) -> None:
    for body, headers, error in LACKING:
        answer = post(issuing.served, body, headers)
        assert (answer.status, answer.body) == ("HTTP/1.1 400 Bad Request", shaped(answer, *error))


def test_a_wrong_key_is_answered_like_a_wrong_secret(issuing: Issuing) -> None:
    key = issuing.app.app_key
    for wrong in ((key, "x"), (key, issuing.app.secret_hash), ("x", issuing.secret), (key.upper(), issuing.secret)):
        answer = post(issuing.served, msgspec.json.encode({"appKey": wrong[0], "appSecret": wrong[1]}))
        body = shaped(answer, "invalidClientIdOrSecret", "无效的clientId或者clientSecret", by_service=True)
        assert (answer.status, answer.body) == ("HTTP/1.1 400 Bad Request", body)


def test_the_old_call_answers_everything_with_200_and_an_errcode(issuing: Issuing) -> None:
    key, secret = issuing.app.app_key, issuing.secret
    good = f'{{"errcode":0,"access_token":"{issuing.token()}","errmsg":"ok","expires_in":7200}}'
    wrong = '{"errcode":40096,"errmsg":"不合法的appKey或appSecret"}'
    missing = '{"errcode":40035,"errmsg":"缺少参数 corpid or appkey"}'
    for query, body in (
        (f"?appkey={key}&appsecret={secret}", good),
        (f"?appkey={key}&appsecret=x", wrong),
        (f"?appkey=x&appsecret={secret}", wrong),
        (f"?corpid={key}&corpsecret={secret}", good),
        (f"?corpid={key}&corpsecret=x", '{"errcode":40089,"errmsg":"不合法的corpId或corpSecret"}'),
        (f"?appkey={key}", missing),
        (f"?appsecret={secret}&appkey=", missing),
        ("", missing),
    ):
        answer = get(issuing.served, query)
        assert (answer.status, answer.body.decode()) == (OK, body)


def test_what_the_sdks_and_net_send_is_understood(issuing: Issuing) -> None:
    token, body = issuing.token(), issuing.credentials()
    start = f"POST {PATH} HTTP/1.1\r\nHost: h\r\n".encode()
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"  # as Node does
    middle = len(body) // 2
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:middle], body[middle:], b"")]
    expecting = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    end = f'"accessToken":"{token}"}}'.encode()
    assert exchange(issuing.served.address, start + chunked + b"".join(chunks)).endswith(end)
    assert exchange(issuing.served.address, start + chunked, *chunks).endswith(end)
    received = exchange(issuing.served.address, start + expecting, body)
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert received.endswith(end)
    assert post(issuing.served, body, "").body.endswith(end)
    assert post(issuing.served, body[:-1] + b',"corpId":"ding1","n":[1]}').body.endswith(end)


def test_a_body_that_is_not_wanted_is_not_asked_for(issuing: Issuing) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    with connected(issuing.served.address) as ask:
        assert ask(head).status == "HTTP/1.1 404 Not Found"


def test_a_repeated_call_gives_the_same_token_and_renews_it_until_it_has_expired(issuing: Issuing) -> None:
    token = issuing.token()
    issuing.clock[0] += LIFETIME - 1
    assert issuing.status(token) == "OK"
    assert issuing.token() == token
    issuing.clock[0] += LIFETIME - 1
    assert issuing.status(token) == "OK"
    issuing.clock[0] += 1
    assert issuing.status(token) == "InvalidAuthentication"
    new = issuing.token()
    assert new != token
    assert (issuing.status(new), issuing.status(token)) == ("OK", "InvalidAuthentication")


def test_both_calls_give_the_same_token_and_each_app_has_its_own(issuing: Issuing) -> None:
    other_app, other_secret = issuing.folder.add_app(CORP)
    other = issuing._replace(app=other_app, secret=other_secret)
    tokens = [issuing.token(), other.token()]
    assert len(set(tokens)) == 2
    for who, token in zip((issuing, other), tokens, strict=True):
        answer = get(issuing.served, f"?appkey={who.app.app_key}&appsecret={who.secret}")
        assert msgspec.json.decode(answer.body)["access_token"] == token
        assert issuing.status(token) == "OK"


def test_many_first_calls_at_once_give_one_token(issuing: Issuing) -> None:
    with ThreadPoolExecutor(8) as callers:
        tokens = list(callers.map(lambda _: issuing.token(), range(16)))
    assert len(set(tokens)) == 1
    assert issuing.status(tokens[0]) == "OK"


def test_a_rotated_secret_ends_the_old_one_and_its_tokens_at_once(issuing: Issuing) -> None:
    tokens = [issuing.token(), issuing.folder.token(issuing.app, NOW)]
    secret = new_secret()
    issuing.change(secret_hash=hash_of(secret))
    assert [issuing.status(token) for token in tokens] == ["InvalidAuthentication"] * 2
    assert b"invalidClientIdOrSecret" in issuing.issue().body
    new = issuing.token(secret)
    assert new not in tokens
    assert issuing.status(new) == "OK"


def test_a_disabled_app_is_refused_at_once_and_let_in_again(issuing: Issuing) -> None:
    token = issuing.token()
    issuing.change(disabled=True)
    assert issuing.status(token) == "InvalidAuthentication"
    assert b"invalidClientIdOrSecret" in issuing.issue().body
    issuing.change(disabled=False)
    assert (issuing.status(token), issuing.token()) == ("OK", token)


def test_a_scope_is_taken_and_given_at_once(issuing: Issuing) -> None:
    token, scopes = issuing.token(), issuing.app.scopes
    issuing.change(scopes=())
    assert issuing.status(token) == "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    assert issuing.token() == token
    issuing.change(scopes=scopes)
    assert issuing.status(token) == "OK"


def test_a_store_that_cannot_issue_is_a_system_error(issuing: Issuing) -> None:
    with closing(sqlite3.connect(issuing.folder.settings.store)) as store:
        store.execute("drop table tokens")
    answer = issuing.issue()
    body = shaped(answer, "systemError", ERRORS["systemError"].message, by_service=True)
    assert (answer.status, answer.body) == ("HTTP/1.1 500 Internal Server Error", body)


def test_what_nobody_foresaw_is_an_unknown_error(issuing: Issuing) -> None:
    with closing(sqlite3.connect(issuing.folder.settings.store)) as store, store:
        store.execute("update apps set secret_hash = '不是哈希'")
    answer = issuing.issue()
    body = shaped(answer, "unknownError", ERRORS["unknownError"].message, by_service=True)
    assert (answer.status, answer.body) == ("HTTP/1.1 500 Internal Server Error", body)


@pytest.mark.whole
def test_all_who_wait_for_a_locked_store_are_answered_while_it_is_locked(issuing: Issuing) -> None:
    with closing(sqlite3.connect(issuing.folder.settings.store, isolation_level=None)) as store:
        store.execute("begin immediate")
        with ThreadPoolExecutor(2) as callers:
            for answer in callers.map(lambda _: issuing.issue(), range(2)):
                assert b"systemError" in answer.body
