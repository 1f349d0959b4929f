"""What the tools return: their fields are the schemas that clients read."""

from pydantic import BaseModel, Field


class Answer(BaseModel):
    """An answer and how it was found."""

    id: str = Field(description="Give it to `explain` for the rounds of this answer.")
    answer: str | None = Field(description="The answer; null when none could be read.")
    confidence: float = Field(description="From 0 to 1, such as the share of the votes.")
    round: int = Field(description="The number of the round that answered, from 1.")
    plan: str | None = Field(description="The plan behind the answer, if there was one.")
    cost_usd: float | None = Field(description="What it cost; null when a price is unknown.")
    last_tier_alone_usd: float | None = Field(
        description="What the largest model alone would have cost, estimated; null when unknown."
    )
    seconds: float


class Plan(BaseModel):
    """A plan without an answer."""

    plan: str | None = Field(description="The plan; null when none could be read.")
    kind: str = Field(description="What the plan says, such as `guideline`.")
    tier: str = Field(description="The tier of the model that wrote it.")
    round: int = Field(description="The round whose plan it is.")
    cost_usd: float | None = Field(description="What it cost; null when a price is unknown.")


class ExplainedRound(BaseModel):
    """One round of an answer."""

    round: int
    description: str = Field(description="Tiers, plans, samples and threshold of the round.")
    plans: list[str]
    votes: dict[str, int] = Field(description="How many samples gave each answer.")
    unread: int = Field(default=0, description="Samples whose answer could not be read.")
    answer: str | None = None
    confidence: float = 0.0
    threshold: float | None = Field(
        default=None, description="The confidence that the round needs."
    )
    accepted: bool = False
    reason: str = Field(default="", description="Why the answer was accepted, or not.")


class Explanation(BaseModel):
    """The rounds of an answer."""

    id: str
    question: str
    answer: str | None
    rounds: list[ExplainedRound]
