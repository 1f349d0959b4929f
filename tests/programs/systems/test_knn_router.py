"""The k-nearest-neighbors router: argmax of the neighbors' mean score less lambda times the cost."""

import numpy as np
import pytest
from support.trained_systems import outcomes

from cope.errors import CopeError
from cope.programs.ngram_vectors import SIZE, similarities, tfidf
from cope.programs.systems.knn_router import KNNRouter, cross_validated_k, neighbor_means
from cope.programs.systems.outcomes import Observation
from cope.programs.systems.policy import Decision, FitOptions, simulate
from cope.programs.systems.router import best_cost_weight, route

BIRDS = ["a red bird", "a blue bird", "a green bird"]
STONES = ["heavy grey stone", "small grey stone", "large grey stone"]


def router(k: int, cost_weight: float) -> KNNRouter:
    """Return a router whose small tier is right on birds, and whose large one is right on all."""
    scores = np.array([[1.0, 1.0]] * 3 + [[0.0, 1.0]] * 3)
    made = KNNRouter(("small", "large"), (0.0, 1.0), k, BIRDS + STONES, scores)
    made.cost_weight = cost_weight
    return made


def test_the_mean_score_of_the_nearest_questions_by_hand():
    similarity = np.array([[0.9, 0.8, 0.1, 0.7], [0.0, 0.2, 0.2, 0.9]])
    scores = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.5]])
    one, two, all_of_them = neighbor_means(similarity, scores, (1, 2, 9))
    assert one.tolist() == [[1.0, 0.0], [1.0, 0.5]]
    # The second question has two neighbors at 0.2: the earlier one counts.
    assert two.tolist() == [[0.5, 0.5], [0.5, 0.75]]
    assert all_of_them.tolist() == [[0.75, 0.625]] * 2


@pytest.mark.parametrize(
    ("cost_weight", "chosen"),
    # q = (0.6, 0.9), c = (0.1, 1): 0.6 - 0.1 w against 0.9 - w, so large wins below w = 1/3.
    [(0.0, 1), (0.3, 1), (1 / 3, 0), (0.5, 0)],
)
def test_the_score_less_the_price_of_the_cost_decides(cost_weight: float, chosen: int):
    assert route(np.array([[0.6, 0.9]]), np.array([0.1, 1.0]), cost_weight).tolist() == [chosen]


def test_it_asks_one_tier_and_takes_its_answer():
    made = router(k=3, cost_weight=0.5)
    asked = made.decide(["one more bird", "one more grey stone"], [{}, {}])
    assert asked == [Decision("small", False, 1.0), Decision("large", False, 1.0)]
    (final,) = made.decide(["one more bird"], [{"small": Observation("x", 1.0)}])
    assert final == Decision("small", True, 1.0)


def test_the_cost_weight_is_the_most_accurate_within_the_share():
    # Large is worth 0.9 on the first row, 0.4 on the second one, 0.2 on the third one.
    estimates = np.array([[0.0, 0.9], [0.4, 0.8], [0.6, 0.8]])
    held = outcomes([[0, 1], [0, 1], [1, 1]])
    costs = np.array([0.0, 1.0])
    for share, large in ((1.0, 2), (0.7, 2), (0.34, 1), (0.1, 0)):
        weight = best_cost_weight(estimates, costs, held, share)
        assert route(estimates, costs, weight).sum() == large, share


def test_k_is_chosen_on_left_out_questions():
    """Of 5 or more neighbors the 5 nearest are of the question's own kind; 100 are everything."""
    kinds = ["bird", "stone", "river", "cloud"]
    questions = [f"{kind} {kind}s {number}" for number in range(12) for kind in kinds]
    scores = [[float(kind in ("bird", "river")), 1.0] for _ in range(12) for kind in kinds]
    assert cross_validated_k(outcomes(scores, questions=questions), seed=0) == 5


def test_what_was_learned_is_plain_data():
    table = outcomes([[1, 1], [0, 1]] * 20, questions=["a bird", "a stone"] * 20)
    made = KNNRouter.fit(table, table, FitOptions(share=0.6))
    again = KNNRouter.from_state(made.state(), made.tiers, made.costs)
    found = [simulate(one, table) for one in (made, again)]
    assert found[0].scores.tolist() == found[1].scores.tolist() == [1.0] * 40
    assert found[0].costs.mean() == 0.5, "the small tier answers about birds"
    assert KNNRouter.from_state(made.state(), made.tiers, made.costs).state() == made.state()


def test_too_few_questions_are_an_error():
    table = outcomes([[1, 1]] * 9)
    with pytest.raises(CopeError, match="too few for neighbors: train on 10 or more"):
        KNNRouter.fit(table, table, FitOptions())


def test_long_texts_have_the_same_similarities():
    long = [" ".join(f"word{number}{place}" for number in range(80)) for place in range(4)]
    for texts in (BIRDS + STONES, long):
        vectors = tfidf(texts, np.ones(SIZE))
        expected = (vectors @ vectors.T).toarray()
        assert np.allclose(similarities(vectors, vectors), expected, atol=1e-12)
    assert tfidf(long, np.ones(SIZE)).nnz > 0.02 * 4 * SIZE > tfidf(BIRDS, np.ones(SIZE)).nnz
