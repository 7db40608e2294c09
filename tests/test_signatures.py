"""Signed messages: every byte counts, old ones are refused, and no odd header is an accident."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_adapter.protocol import NotAuthentic
from booking_adapter.signatures import WINDOW, secret_of, signed, verify

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = b"ein Geheimnis aus 32 Bytes 12345"
BODY = '{"type": "appointment.moved", "data": {"id": 7, "grund": "Übelkeit"}}'.encode()
ID, TIME, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
HEADERS = signed(SECRET, "brief-7", BODY, NOW)
VISIBLE = "".join(map(chr, range(0x21, 0x7F))).replace(".", "")


def by_hand(secret: bytes, message_id: str, time: str, body: bytes) -> str:
    """Sign as the specification says it, in its words."""
    content = b".".join([message_id.encode(), time.encode(), body])
    digest = hmac.new(secret, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def refused(headers: dict[str, str], body: bytes = BODY, now: datetime = NOW) -> str:
    with pytest.raises(NotAuthentic) as error:
        verify(SECRET, headers, body, now)
    return str(error.value)


def flipped(text: str) -> list[str]:
    """Return a text with each of its bits changed, as latin-1 like a server reads headers."""
    octets = text.encode("latin-1")
    return [
        (octets[:place] + bytes([octets[place] ^ 1 << bit]) + octets[place + 1 :]).decode("latin-1")
        for place in range(len(octets))
        for bit in range(8)
    ]


def test_a_signed_message_is_taken_and_its_id_returned() -> None:
    assert verify(SECRET, HEADERS, BODY, NOW) == "brief-7"
    assert verify(SECRET, signed(SECRET, "x", b"", NOW), b"", NOW) == "x"


def test_a_message_is_signed_as_standard_webhooks_says() -> None:
    time = str(int(NOW.timestamp()))
    due = by_hand(SECRET, "brief-7", time, BODY)
    assert {ID: "brief-7", TIME: time, SIGNATURE: due} == HEADERS


def test_a_message_that_another_program_signed_is_taken() -> None:
    """Computed with `openssl dgst -sha256 -mac HMAC`, so that not both sides have one mistake."""
    secret = secret_of("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
    headers = {
        ID: "msg_1",
        TIME: "1700000000",
        SIGNATURE: "v1,bTIcwflaEcSYcosQkg7t5jWm6s+rlgfXSP309ecZ5XQ=",
    }
    then = datetime.fromtimestamp(1_700_000_000, UTC)
    assert verify(secret, headers, b'{"test": 2432232314}', then) == "msg_1"


@pytest.mark.parametrize("name", [ID, TIME, SIGNATURE])
def test_every_bit_of_a_header_counts(name: str) -> None:
    for changed in flipped(HEADERS[name]):
        refused(HEADERS | {name: changed})


def test_every_bit_of_the_body_counts() -> None:
    for changed in flipped(BODY.decode("latin-1")):
        refused(HEADERS, changed.encode("latin-1"))


@pytest.mark.parametrize("name", [ID, TIME, SIGNATURE])
def test_a_header_that_was_cut_lengthened_or_left_out_is_refused(name: str) -> None:
    value = HEADERS[name]
    for end in range(len(value)):
        refused(HEADERS | {name: value[:end]})
    for more in ("0", "=", "\n", "A"):
        refused(HEADERS | {name: value + more})
        refused(HEADERS | {name: more + value})
    refused({other: HEADERS[other] for other in HEADERS if other != name})


def test_a_body_that_was_cut_or_lengthened_is_refused() -> None:
    for end in range(len(BODY)):
        refused(HEADERS, BODY[:end])
    for more in (b" ", b"\n", b"\0"):
        refused(HEADERS, BODY + more)
        refused(HEADERS, more + BODY)


def test_other_base64_for_the_same_octets_is_refused() -> None:
    value = HEADERS[SIGNATURE]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # 32 octets leave four bits of the last letter unused by any decoder: two of them here.
    last = alphabet.index(value[-2])
    for sibling in range(last - last % 4, last - last % 4 + 4):
        if sibling == last:
            continue
        other = value[:-2] + alphabet[sibling] + "="
        assert base64.b64decode(other[3:]) == base64.b64decode(value[3:])
        refused(HEADERS | {SIGNATURE: other})
    refused(HEADERS | {SIGNATURE: value.rstrip("=")})


def test_one_right_signature_among_several_is_enough() -> None:
    """As while a sender changes its secret."""
    right = HEADERS[SIGNATURE]
    other = signed(b"noch ein Geheimnis, das alte", "brief-7", BODY, NOW)[SIGNATURE]
    for told in (f"{other} {right}", f"{right} {other}", f"v1a,AAAA {other} {right} v2,x"):
        assert verify(SECRET, HEADERS | {SIGNATURE: told}, BODY, NOW) == "brief-7"
    for told in (f"{other} {other}", f"{right},{other}", f"{other}\t{right}", "v1, v1,", ""):
        refused(HEADERS | {SIGNATURE: told})


def test_a_signature_of_another_version_is_none() -> None:
    digest = HEADERS[SIGNATURE].removeprefix("v1,")
    for version in ("v0,", "v2,", "v1a,", "V1,", "v1", ",", "", "v1,v1,", "sha256="):
        refused(HEADERS | {SIGNATURE: version + digest})


@pytest.mark.parametrize("odd", ["ä", "\x80", "\u2028", "\udc80", "١٧٠٠", "\0", "💥"])
def test_headers_that_are_not_ascii_are_refused_and_no_accident(odd: str) -> None:
    for name, value in HEADERS.items():
        refused(HEADERS | {name: odd})
        refused(HEADERS | {name: value + odd})


@pytest.mark.parametrize(
    "told", ["", "-5", "+5", "1_7", " 17", "1.5", "1e9", "0x1", "٣", "9" * 13, "nan"]
)
def test_a_time_that_is_none_is_refused_though_it_is_signed(told: str) -> None:
    signature = by_hand(SECRET, "brief-7", told, BODY)
    assert "time" in refused({ID: "brief-7", TIME: told, SIGNATURE: signature})


def test_a_message_is_taken_for_five_minutes_before_and_after() -> None:
    assert timedelta(seconds=300) == WINDOW
    for seconds in (0, 1, 299, 300):
        for now in (NOW + timedelta(seconds=seconds), NOW - timedelta(seconds=seconds)):
            assert verify(SECRET, HEADERS, BODY, now) == "brief-7"
    for seconds in (301, 3600, 10**8):
        for now in (NOW + timedelta(seconds=seconds), NOW - timedelta(seconds=seconds)):
            assert "time" in refused(HEADERS, now=now)


def test_the_window_can_be_another() -> None:
    day = timedelta(days=1)
    assert verify(SECRET, HEADERS, BODY, NOW + day, window=day) == "brief-7"
    with pytest.raises(NotAuthentic):
        verify(SECRET, HEADERS, BODY, NOW + timedelta(seconds=2), window=timedelta(seconds=1))


def test_a_dot_in_an_id_is_refused_because_two_messages_would_be_signed_alike() -> None:
    one = by_hand(SECRET, "brief", "1763888400", b"1763888401.{}")
    assert one == by_hand(SECRET, "brief.1763888400", "1763888401", b"{}")
    told = {ID: "brief.1763888400", TIME: "1763888401", SIGNATURE: one}
    assert "id" in refused(told, b"{}", datetime.fromtimestamp(1763888401, UTC))


@pytest.mark.parametrize(
    "message_id", ["", "a.b", "a b", "a\n", "ä", "\x7f", "a\0", "x" * 257], ids=repr
)
def test_an_id_that_could_be_misread_is_neither_signed_nor_taken(message_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        signed(SECRET, message_id, BODY, NOW)
    time = HEADERS[TIME]
    signature = by_hand(SECRET, message_id, time, BODY)
    refused({ID: message_id, TIME: time, SIGNATURE: signature})


def test_ids_of_every_length_up_to_256_are_taken() -> None:
    for message_id in (VISIBLE, "x" * 256):
        assert verify(SECRET, signed(SECRET, message_id, BODY, NOW), BODY, NOW) == message_id


def test_another_secret_is_refused_and_so_is_none() -> None:
    with pytest.raises(NotAuthentic):
        verify(SECRET[:-1] + b"6", HEADERS, BODY, NOW)
    forged = HEADERS | {SIGNATURE: by_hand(b"", "brief-7", HEADERS[TIME], BODY)}
    with pytest.raises(NotAuthentic, match="no secret"):
        verify(b"", forged, BODY, NOW)
    with pytest.raises(ValueError, match="no secret"):
        signed(b"", "brief-7", BODY, NOW)


def test_what_is_refused_is_not_repeated() -> None:
    for name in HEADERS:
        assert "Erika" not in refused(HEADERS | {name: "Erika"})


@given(
    st.binary(min_size=24, max_size=64),
    st.text(VISIBLE, min_size=1, max_size=256),
    st.binary(max_size=200),
    st.integers(0, 7 * 10**12).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC)),
    st.integers(-299, 300),
)
def test_what_is_signed_is_verified(
    secret: bytes, message_id: str, body: bytes, then: datetime, seconds: int
) -> None:
    headers = signed(secret, message_id, body, then)
    now = then.replace(microsecond=0) + timedelta(seconds=seconds)
    assert verify(secret, headers, body, now) == message_id
    assert headers[SIGNATURE] == by_hand(secret, message_id, headers[TIME], body)


@given(st.dictionaries(st.sampled_from([ID, TIME, SIGNATURE]), st.text()), st.binary())
def test_nothing_that_anybody_sends_is_an_accident(headers: dict[str, str], body: bytes) -> None:
    for told in (headers, HEADERS | headers):
        if told == HEADERS and body == BODY:
            continue
        with pytest.raises(NotAuthentic):
            verify(SECRET, told, body, NOW)


def test_a_secret_is_base64_after_its_prefix_and_else_plain() -> None:
    secret = bytes(range(24))
    assert secret_of("whsec_" + base64.b64encode(secret).decode()) == secret
    assert secret_of("ein langes Geheimnis, größer") == "ein langes Geheimnis, größer".encode()
    plain = base64.b64encode(secret).decode()
    assert secret_of(plain) == plain.encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kurz",
        "x" * 23,
        "whsec_",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + "A" * 31,
        "whsec_" + "A" * 31 + "-",
        "whsec_" + "A" * 32 + "\n",
        "whsec_" + "ä" * 32,
    ],
)
def test_a_secret_that_is_short_or_miswritten_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"octets|base64") as error:
        secret_of(text)
    for shown in (text, text.removeprefix("whsec_")):
        assert not shown or shown not in str(error.value)
