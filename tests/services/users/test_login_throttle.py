"""How long guesses have to wait, and whom that concerns."""

import pytest

from domain.shared.errors import TooManyRequestsError
from services.users import login_throttle
from services.users.login_throttle import FORGOTTEN_AFTER_SECONDS, WAIT_MAX_SECONDS, LoginThrottle


class Clock:
    """Time that tests move."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def wait_of(throttle: LoginThrottle, name: str = "rita", address: str = "10.0.0.1") -> float:
    try:
        throttle.check(name, address)
    except TooManyRequestsError as error:
        seconds: float = error.details["retry_after"]
        return seconds
    return 0.0


def test_the_wait_doubles_up_to_a_minute_and_ends() -> None:
    clock = Clock()
    throttle, waits = LoginThrottle(3, clock), []
    for _ in range(12):
        throttle.failed("rita", "10.0.0.1")
        waits.append(wait_of(throttle))
        clock.now += waits[-1]
        assert wait_of(throttle) == 0, "whoever waits may try again"
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, *[WAIT_MAX_SECONDS] * 4]


def test_other_users_and_addresses_do_not_wait() -> None:
    throttle = LoginThrottle(1, Clock())
    throttle.failed("rita", "10.0.0.1")
    assert wait_of(throttle) == 1
    assert wait_of(throttle, address="10.0.0.2") == 0
    assert wait_of(throttle, name="wendy") == 0


def test_a_right_password_or_a_quiet_time_ends_the_count() -> None:
    clock = Clock()
    throttle = LoginThrottle(2, clock)
    throttle.failed("rita", "10.0.0.1")
    throttle.succeeded("rita", "10.0.0.1")
    throttle.failed("rita", "10.0.0.1")
    assert wait_of(throttle) == 0
    clock.now += FORGOTTEN_AFTER_SECONDS + 1
    throttle.failed("rita", "10.0.0.1")
    assert wait_of(throttle) == 0
    throttle.failed("rita", "10.0.0.1")
    assert wait_of(throttle) == 1


def test_guesses_of_many_names_take_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_throttle, "ENTRIES_MAX", 3)
    throttle = LoginThrottle(1, Clock())
    for number in range(5):
        throttle.failed(f"name{number}" + "x" * 10_000, "10.0.0.1")
    waits = [wait_of(throttle, f"name{number}" + "x" * 10_000) for number in range(5)]
    assert waits == [0, 0, 1, 1, 1], "the oldest are forgotten"
