"""Take given actions in a game, to see how they end."""

from collections.abc import Sequence

from ...programs.agent.environment import Game, GameFailed, OpenGame, Turn
from .outcomes import Outcome, known_outcome, remember_outcome


async def play_actions(game: Game, actions: Sequence[str], open_game: OpenGame) -> Outcome:
    """Return how a sequence of actions ends. One that was just played is not played again.

    Args:
        game: the game as plain data.
        actions: the actions in order; those after the end of the game are left out.
        open_game: opens a game.
    """
    known = known_outcome(game, actions)
    if known is not None:
        return known
    turn = Turn("", ())
    failure: str | None = None
    async with open_game(game) as opened:
        try:
            turn = await opened.reset()
            for action in actions:
                if turn.done:
                    break
                turn = await opened.step(action)
        except GameFailed as error:
            failure = str(error)
    outcome = Outcome(turn.reward, turn.won, failure)
    remember_outcome(game, actions, outcome)
    return outcome
