"""The pool of candidates: its frontier, and the promising one."""

from cope.optimize.compiler.candidates import Candidate, CandidatePool


def with_scores(*points: tuple[float, int]) -> CandidatePool:
    """Candidates by accuracy on two validation questions and tokens of the large tier."""
    found = CandidatePool(["a", "b"])
    for number, (accuracy, tokens) in enumerate(points):
        found.register(str(number), {}, 0)
        for key, value in zip("ab", {0.0: (0, 0), 0.5: (0, 1), 1.0: (1, 1)}[accuracy], strict=True):
            found.add_score(str(number), key, value, tokens, tokens)
    return found


def test_the_frontier_holds_what_nothing_beats_in_both():
    found = with_scores((0.5, 10), (0.5, 30), (1.0, 40), (0.0, 0), (1.0, 40), (0.5, 10))
    assert [candidate.number for candidate in found.pareto_front()] == [3, 0, 2]
    assert [candidate.number for candidate in found.fully_evaluated()] == [2, 4, 0, 1, 5, 3]


def test_refused_and_half_asked_candidates_are_no_choice():
    found = with_scores((0.5, 10))
    found.register("refused", {}, 0, "too long")
    found.register("half", {}, 0)
    for name, keys in (("refused", "ab"), ("half", "a")):
        for key in keys:
            found.add_score(name, key, 1.0, 0, 0)
    assert (
        [candidate.number for candidate in found.fully_evaluated()]
        == [candidate.number for candidate in found.pareto_front()]
        == [0]
    )


def test_the_promising_one_gained_most_on_what_it_was_asked():
    found = with_scores((0.5, 10))  # right on b alone
    base = found["0"]
    assert found.most_promising(base) is None
    for name, asked in (
        ("worse", {"b": 0.0, "c": 1.0}),
        ("lucky", {"a": 1.0}),
        ("better", {"a": 1.0, "c": 1.0, "d": 1.0}),
    ):
        found.register(name, {}, 0)
        for key, value in asked.items():
            found.add_score(name, key, value, 0, 0)
    best: Candidate | None = found.most_promising(base)
    assert best is found["better"]
