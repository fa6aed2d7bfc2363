"""Reasons taken from library exceptions contain no path of the machine."""

import pytest

from domain.shared.errors import reason_of, without_paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Failed to open file '/srv/lake/files/a3/a358' as type pdf.", "Failed to open file … as type pdf."),
        ("Cannot open empty file: filename='/srv/My Data/files/a3'.", "Cannot open empty file: filename=…."),
        ("Object at /srv/lake/bronze/_delta_log/0.json not found", "Object at … not found"),
        ("no such file: file:///srv/lake/bronze (os error 2)", "no such file: … (os error 2)"),
        ("Error 2 connecting to /data/redis.sock.", "Error 2 connecting to …"),
        ("can't write (/a/b): full", "can't write (…): full"),
        (
            "it answers at https://rates.example.org/v1/2024 and http://x/y/z",
            "it answers at https://rates.example.org/v1/2024 and http://x/y/z",
        ),
        ("send a token from POST /v1/auth/token", "send a token from POST /v1/auth/token"),
        ("a and/or b, 1/2/3, <a/b/c>, a/b/c.json", "a and/or b, 1/2/3, <a/b/c>, a/b/c.json"),
    ],
)
def test_paths_of_files_are_left_out_and_nothing_else(text: str, expected: str) -> None:
    assert without_paths(text) == expected


def test_a_reason_is_one_short_line() -> None:
    assert reason_of(FileNotFoundError(2, "No such file or directory", "/srv/lake/x")) == "No such file or directory"
    assert reason_of(ValueError("first\n  second")) == "first second"
    assert reason_of(ValueError("x" * 999)) == "x" * 300
    assert reason_of(ValueError()) == "ValueError"
