from web.realtime.limits import Allowance


def test_an_allowance_gives_its_burst_and_then_its_rate() -> None:
    now = [0.0]
    allowance = Allowance(rate=2.0, burst=10.0, clock=lambda: now[0])
    assert allowance.take(10.0)
    assert not allowance.take(0.5)
    now[0] = 1.0
    assert allowance.take(2.0)
    assert not allowance.take(0.1)
    now[0] = 1_000.0
    assert allowance.take(10.0)
    assert not allowance.take(0.1)
