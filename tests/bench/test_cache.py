import pytest

from bench.cache import DATA, bounds, load_pairs, table, upper_bound


@pytest.mark.parametrize(
    ("hits", "tries", "bound"), [(0, 130, 0.0228), (0, 300, 0.0099), (1, 100, 0.0466), (3, 3, 1.0)]
)
def test_the_bound_is_the_textbooks(hits: int, tries: int, bound: float) -> None:
    assert upper_bound(hits, tries) == pytest.approx(bound, abs=1e-4)


def test_false_hits_are_counted_by_part_and_shown() -> None:
    rows = [
        {"split": split, "language": "en", "label": "different", "a": a, "b": "Else?"}
        for split, a in (("dev", "This?"), ("test", "That?"))
    ]
    text = bounds({"near.tsv": rows}, {id(rows[1])})
    assert "| near.tsv, dev | 0 of 1 | 95.0% |" in text
    assert "| all | 1 of 2 |" in text
    assert "False hit (test, en): That? | Else?" in text
    assert "This?" not in text
    assert "| dev, en | 0 of 0 | 0 of 1 (0.0%) |" in table("rules", rows, set())


def test_no_pair_is_there_twice() -> None:
    rows = [row for path in DATA for row in load_pairs(path)]
    assert {row["label"] for row in rows} == {"same", "different"}
    assert len({frozenset((row["a"], row["b"])) for row in rows}) == len(rows)
