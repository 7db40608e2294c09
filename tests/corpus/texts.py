"""Objects whose text is awkward, and whose time is not."""

from __future__ import annotations

import base64
from dataclasses import replace

from tests.corpus.building import Case, case

__all__ = ["TEXTS"]

_PLAIN = case("plain", "SUMMARY:Kontrolle").text


def _as_sent(name: str, text: str) -> Case:
    return replace(case(name), text=text.replace("fall-plain", f"fall-{name}"))


def _fold(line: str, width: int, by: str = "\r\n ") -> str:
    return by.join(line[start : start + width] for start in range(0, len(line), width))


_NOTE = "Ein langer Text, mit Umlauten äöüß und Komma\\, Semikolon\\; und Zeilen\\n"

TEXTS: tuple[Case, ...] = (
    # How lines end and are folded
    _as_sent("line-feeds", _PLAIN.replace("\r\n", "\n")),
    _as_sent("mixed-line-ends", _PLAIN.replace("\r\n", "\n", 4)),
    _as_sent("no-last-line-end", _PLAIN.removesuffix("\r\n")),
    _as_sent("blank-lines", _PLAIN.replace("BEGIN:VEVENT", "\r\nBEGIN:VEVENT")),
    _as_sent("blank-lines-after", _PLAIN + "\r\n\r\n"),
    _as_sent("byte-order-mark", "\ufeff" + _PLAIN),
    _as_sent(
        "lower-case-names",
        _PLAIN.replace("BEGIN:VEVENT", "begin:vevent")
        .replace("END:VEVENT", "end:vevent")
        .replace("DTSTART;TZID=", "dtstart;tzid=")
        .replace("SUMMARY", "summary"),
    ),
    _as_sent("folded-names", _PLAIN.replace("DTSTART;TZID", "DTST\r\n ART;TZ\r\n ID")),
    _as_sent("trailing-spaces", _PLAIN.replace("SUMMARY:Kontrolle", "SUMMARY:Kontrolle  \t")),
    case("folded-with-tabs", _fold("SUMMARY:Kontrolle nach drei Wochen", 9, "\r\n\t")),
    case("folded-at-every-letter", _fold("DESCRIPTION:" + "Wunde gut verheilt. " * 6, 1)),
    case("fold-between-surrogates", _fold("SUMMARY:" + "🦷👩‍⚕️🇩🇪" * 20, 3)),
    case("line-of-100-kb", "DESCRIPTION:" + "Länge " * 17_000),
    case("folded-100-kb", _fold("DESCRIPTION:" + _NOTE * 1400, 75)),
    case("a-thousand-lines", *(f"X-ZEILE-{n}:{n}" for n in range(1000))),
    case("odd-breaks-in-text", "SUMMARY:eins\u2028zwei\u0085drei"),
    # Letters
    case("umlauts", "SUMMARY:Größe prüfen – Übergabe an Jörg Weiß", "LOCATION:Straße 5"),
    case("decomposed-umlauts", "SUMMARY:Mu\u0308ller a\u0308 o\u0308", uid="mu\u0308ller-nfd"),
    case("emoji", "SUMMARY:🦷 Zahn 👩‍⚕️ 🇩🇪 👍🏽"),
    case("right-to-left", "SUMMARY:\u202bמוזמן\u202c موعد \u200f", "LOCATION:\u200b"),
    case("beyond-the-basic-plane", "SUMMARY:𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𠜎"),
    case("private-use", "SUMMARY:\ue000\uf8ff", "COMMENT:\ufffd\U0010fffd"),
    case("xml-in-text", "SUMMARY:a < b && c > d ]]> &amp; <![CDATA[x]]>", uid="<a&b>\"'@x"),
    case("html-description", 'X-ALT-DESC;FMTTYPE=text/html:<p style="x:y">Fu\\;ß</p>'),
    # Escapes and separators
    case("escapes", "DESCRIPTION:a\\nb\\Nc\\,d\\;e\\\\f\\\\n", "SUMMARY:C:\\\\Praxis\\\\neu"),
    case("odd-escapes", 'SUMMARY:100\\% \\: \\"x\\" \\', "DESCRIPTION:\\t\\x"),
    case("commas-unescaped", "SUMMARY:Müller, Eva, geb. 1970", "DESCRIPTION:a,b;c:d"),
    case("text-like-components", "DESCRIPTION:x\\nEND:VEVENT\\nBEGIN:VALARM", "SUMMARY:END:VEVENT"),
    case("empty-values", "SUMMARY:", "LOCATION:", "DESCRIPTION:", "CATEGORIES:"),
    case("spaces-around", "SUMMARY:  vorn und hinten  ", "LOCATION:\tTab"),
    case("doubled-summary", "SUMMARY;LANGUAGE=de:Zahn", "SUMMARY;LANGUAGE=en:Tooth"),
    case("categories", "CATEGORIES:A,B\\,C", "CATEGORIES:D", "CATEGORIES;LANGUAGE=de:Ä,Ö"),
    case("links", "URL:https://example.org/a;b=c,d?e=f&g=%20#h", "COMMENT:tel:+49 30 1234;ext=5"),
    # Parameters
    case(
        "quoted-parameters", 'LOCATION;ALTREP="https://example.org/a:b;c,d":Raum 1; links, hinten'
    ),
    case("caret-parameters", "ORGANIZER;CN=\"Dr. ^'Eva^' M^nZeile ^^\":mailto:praxis@example.org"),
    case("empty-parameter", "SUMMARY;LANGUAGE=:leer", 'X-LEER;A=;B="":x'),
    case("parameter-twice", 'ATTENDEE;MEMBER="mailto:a@x.org","mailto:b@x.org":mailto:c@x.org'),
    case("umlaut-parameter", "ATTENDEE;CN=Jörg Weiß;X-Ä=ö:mailto:joerg@example.org"),
    case("many-parameters", "X-VIELE;" + ";".join(f"P{n}={n}" for n in range(100)) + ":x"),
    # Properties of our own and of others
    case(
        "patient", "X-PATIENT-ID;X=1:47,11", "X-INSURANCE-TYPE:GKV", "X-APPOINTMENT-TYPE:KONTROLLE"
    ),
    case(
        "structured-location",
        'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="Am Park 1\\n10115 Berlin";'
        'X-APPLE-RADIUS=70;X-TITLE="Praxis, hinten":geo:52.531,13.384',
    ),
    case("geo-uri", "X-ORT:geo:123.123,123.124", "GEO:52.531;13.384", "X-Gemischt-Name:a,b;c"),
    case("names-in-small", "x-praxis-feld:klein", "X-Praxis-Feld:gemischt"),
    case("unknown-properties", "FUTURE-PROPERTY;NEW=1:Wert", "RESOURCES:Stuhl 1,Röntgen"),
    case("microsoft", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE"),
    case("mozilla", "X-MOZ-LASTACK:20261122T090000Z", "X-MOZ-GENERATION:3"),
    case("attendees", *(f"ATTENDEE;CN=P{n};RSVP=TRUE:MAILTO:p{n}@example.org" for n in range(99))),
    case(
        "organizer",
        'ORGANIZER;CN="Empfang";SENT-BY="mailto:e@example.org":mailto:praxis@example.org',
        "REQUEST-STATUS:2.0;Success;a\\,b",
    ),
    case(
        "attachment",
        "ATTACH;FMTTYPE=image/png;ENCODING=BASE64;VALUE=BINARY:"
        + base64.b64encode(bytes(range(256)) * 200).decode(),
    ),
    case("attached-link", "ATTACH;FMTTYPE=application/pdf;X-SIZE=12:https://example.org/a,b;c.pdf"),
    case("numbers", "SEQUENCE:2147483647", "PRIORITY:9", "X-ZAHL:-0.0e-5"),
    case("relations", "RELATED-TO;RELTYPE=SIBLING:fall-plain@example.org", "CONTACT:Empfang\\, EG"),
    case("stamps", "CREATED:19700101T000000Z", "LAST-MODIFIED:20380119T031408Z"),
    case("uid-of-odd-letters", uid="a b/c%20d?e#f&g=ü;,:@{}"),
    case("uid-of-250-letters", uid="u" * 250),
    case("private", "CLASS:PRIVATE", "SUMMARY:Nur für mich"),
    case("status-in-small", "STATUS:confirmed", "TRANSP:opaque"),
    # What says of the time that it is free
    case("transparent", "TRANSP:TRANSPARENT", busy=False),
    case("cancelled", "STATUS:CANCELLED", busy=False),
    case("tentative", "STATUS:TENTATIVE"),
    # Around the event
    case(
        "odd-head", head=("CALSCALE:GREGORIAN", "X-WR-CALNAME:Praxis\\, alle", "X-WR-TIMEZONE:UTC")
    ),
    case(
        "head-of-7986",
        "COLOR:turquoise",
        "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:https://example.org/x;y",
        "IMAGE;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=image/png;DISPLAY=BADGE:iVBORw0KGgo=",
        head=("NAME:Praxis", "UID:kalender-1", "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "COLOR:red"),
    ),
    _as_sent("no-prodid", _PLAIN.replace("PRODID:-//T//T//DE\r\n", "")),
    # Components within
    case(
        "alarms",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT15M",
        "DESCRIPTION:Gleich",
        "END:VALARM",
        "BEGIN:VALARM",
        "ACTION:AUDIO",
        "TRIGGER;RELATED=END:PT5M",
        "REPEAT:4",
        "DURATION:PT5M",
        "ATTACH;FMTTYPE=audio/basic:ftp://example.org/x.aud",
        "END:VALARM",
        "BEGIN:VALARM",
        "ACTION:EMAIL",
        "TRIGGER;VALUE=DATE-TIME:20261122T080000Z",
        "SUMMARY:Erinnerung",
        "DESCRIPTION:Morgen",
        "ATTENDEE:mailto:p@example.org",
        "END:VALARM",
    ),
    case(
        "alarm-of-9074",
        "BEGIN:VALARM",
        "UID:alarm-1",
        "ACTION:NONE",
        "TRIGGER;VALUE=DATE-TIME:19760401T005545Z",
        "ACKNOWLEDGED:20261101T000000Z",
        "PROXIMITY:DEPART",
        "BEGIN:VLOCATION",
        "UID:ort-1",
        "URL:geo:40.443,-79.945;u=10",
        "END:VLOCATION",
        "END:VALARM",
    ),
    case("alarm-without-trigger", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "END:VALARM"),
    case(
        "participants",
        "BEGIN:PARTICIPANT",
        "UID:p-1",
        "PARTICIPANT-TYPE:PATIENT",
        "STRUCTURED-DATA;VALUE=TEXT;"
        'FMTTYPE=application/json;SCHEMA="https://schema.org/Person":{"name":"E\\, M"}',
        "END:PARTICIPANT",
        "BEGIN:VLOCATION",
        "UID:o-1",
        "NAME:Raum 1",
        "END:VLOCATION",
    ),
    case(
        "unknown-component-within",
        "BEGIN:X-PRAXIS",
        "X-A:1",
        "BEGIN:X-TIEFER",
        "X-B:2",
        "END:X-TIEFER",
        "END:X-PRAXIS",
    ),
)
