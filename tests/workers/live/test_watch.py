"""The clock of live sessions."""

import threading

from workers.live.watch import unwatch, watch


class Failing:
    def tick(self) -> None:
        raise ConnectionError("Redis is gone.")


class Counting:
    def __init__(self) -> None:
        self.n_ticks = 0
        self.has_lasted = threading.Event()

    def tick(self) -> None:
        self.n_ticks += 1
        if self.n_ticks == 3:
            self.has_lasted.set()


def test_a_session_that_fails_does_not_stop_the_clock_of_the_others() -> None:
    failing, counting = Failing(), Counting()
    watch(failing)
    watch(counting)
    assert counting.has_lasted.wait(5)
    unwatch(failing)
    unwatch(counting)
