"""The settings of booking tools and of those who are told: what the guide says works."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from booking_adapter.protocol import Power
from practice.messages import Receiver
from praxis_caldav.composition import outside_of, profile_of, receivers_of
from praxis_caldav.setting_sources import SettingsError, load
from praxis_caldav.settings import Settings

GUIDE = Path(__file__).parents[1] / "docs" / "buchungstools.md"
_BLOCK = re.compile(r"(?:^ {4}.*\n|^\n)+", re.MULTILINE)
EXAMPLES = [
    textwrap.dedent(block).strip()
    for block in _BLOCK.findall(GUIDE.read_text("utf-8"))
    if block.strip().startswith("[")
]
TELLS = Power.MOVES | Power.CANCELS


def settings_from(text: str, folder: Path) -> Settings:
    """Load settings; the files with secrets are in `folder`."""
    for name in re.findall(r"/etc/praxis-caldav/([\w.]+)", text):
        (folder / name).write_text("ein langes erfundenes Geheimnis\n", "utf-8")
    config = folder / "praxis.toml"
    config.write_text(text.replace("/etc/praxis-caldav/", f"{folder}/"), "utf-8")
    return load(config, {})


def test_the_guide_has_an_example_of_every_tool() -> None:
    text = "\n".join(EXAMPLES)
    tools = {"easyappointments", "calcom", "calldoc", "generic_rest", "csv_file"}
    assert set(re.findall(r'^tool = "(\w+)"', text, re.MULTILINE)) == tools


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("]")[0].strip("["))
def test_every_example_of_the_guide_can_be_used(example: str, tmp_path: Path) -> None:
    settings = settings_from(example, tmp_path)
    outside = outside_of(settings, profile_of(settings))
    assert outside is not None
    outside.close()
    assert list(outside.sources) == list(settings.booking.sources)


def test_a_mapping_says_what_a_tool_can_do(tmp_path: Path) -> None:
    (example,) = (text for text in EXAMPLES if "generic_rest" in text)
    settings = settings_from(example, tmp_path)
    outside = outside_of(settings, profile_of(settings))
    assert outside is not None
    with_all = outside.sources["klinik"].tool.powers
    outside.close()
    assert with_all & TELLS == TELLS
    assert not with_all & Power.HOOKS


def test_nobody_outside_is_told_unless_the_settings_say_so(tmp_path: Path) -> None:
    plain = settings_from("", tmp_path)
    assert receivers_of(plain) == {Receiver.BOOKING_TOOL}
    assert outside_of(plain, profile_of(plain)) is None
    mail = '[mail]\nhost = "127.0.0.1"\nsecurity = "none"\nadmin = "leitung@example.org"\n'
    told = {Receiver.BOOKING_TOOL, Receiver.PATIENT, Receiver.ADMIN}
    assert receivers_of(settings_from(mail, tmp_path)) == told


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[booking.sources.a]\ntool = "fax"\n', "booking.sources.a"),
        ('[booking.sources.a]\ntool = "easyappointments"\n', "booking.sources.a"),
        (
            '[booking.sources.a]\ntool = "easyappointments"\nurl = "http://termine.example.org"\n',
            "must begin with https://",
        ),
        (
            '[booking.sources.a]\ntool = "generic_rest"\nurl = "https://example.org"\n'
            'doctors = { 2 = "dr-mueller" }\n',
            "booking.sources.a.generic_rest.doctors",
        ),
        (
            '[booking.sources.a]\ntool = "csv_file"\npath = "/srv"\nkinds = { 2 = "B" }\n',
            "booking.sources.a.csv_file.kinds",
        ),
        (
            '[booking.sources.a]\ntool = "calldoc"\nurl = "https://example.org"\n'
            'minutes = { 24 = 20 }\npatients_url = "http://example.org"\n',
            "must begin with https://",
        ),
        ('[mail]\nadmin = "leitung"\n', "must be an e-mail address"),
        ('[mail]\nwebsite = "praxis.example.org"\n', "must begin with https://"),
        ('[webhook]\nurl = "https://example.org/hook"\n', "webhook.secret"),
        ('[webhook]\nurl = "https://example.org/hook"\nsecret = "kurz"\n', "webhook.secret"),
        ("[software]\ninterface = { wrong = 1 }\n", "software.interface"),
        (
            '[booking.sources.a]\ntool = "generic_rest"\nurl = "https://example.org"\n'
            "[booking.sources.a.api.fields]\nlastname = 1\n",
            "did you mean last_name?",
        ),
    ],
)
def test_a_fault_is_told_by_its_place_and_without_its_value(
    text: str, fault: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from(text, tmp_path)
    assert fault in str(refused.value)
    assert "kurz" not in str(refused.value)
