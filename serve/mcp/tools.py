"""The tools as an MCP server. Only this module and its neighbors import the package `mcp`."""

from typing import Annotated, NoReturn

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from ..errors import as_api_error
from ..service import SERVED
from .asker import Asker
from .results import Answer, Explanation, Plan
from .steps import Progress

_INSTRUCTIONS = (
    "A small and a large language model answer questions together. `ask` answers a question and "
    "says how sure the answer is. `plan` lets the larger model write a plan that you follow "
    "yourself. `explain` shows the rounds behind an answer."
)
_QUESTION = Field(description="The question, with all that it needs.")
_ID = (
    "The id of an answer of `ask`, of a chat completion, or of a response; further choices of a "
    "chat completion have their number at the end, such as chatcmpl-1a2b/1."
)
_ANNOTATIONS = ToolAnnotations(read_only_hint=True, idempotent_hint=False, open_world_hint=False)


def make_mcp_server(asker: Asker, version: str = "") -> MCPServer:
    """Return a server with the tools `ask`, `plan` and `explain`.

    Args:
        asker: answers the calls.
        version: the version of the package, which clients display.
    """
    server = MCPServer(
        "cope", title="COPE", instructions=_INSTRUCTIONS, version=version, log_level="ERROR"
    )
    names = ", ".join(asker.service.model_names)
    one_of = Field(description=f"Who answers: one of {names}.")

    @server.tool(title="Ask", annotations=_ANNOTATIONS)
    async def ask(
        question: Annotated[str, _QUESTION], ctx: Context, model: Annotated[str, one_of] = SERVED
    ) -> Answer:
        """Answer a question in rounds: a small model votes, and a larger one helps if needed."""

        async def report(progress: Progress, message: str) -> None:
            await ctx.report_progress(progress.done, progress.total, message)

        try:
            return await asker.ask(ctx.headers, question, model, report)
        except Exception as error:
            _refuse(error)

    @server.tool(title="Plan", annotations=_ANNOTATIONS)
    async def plan(
        question: Annotated[str, _QUESTION],
        ctx: Context,
        model: Annotated[str, one_of] = SERVED,
        round: Annotated[
            int | None,
            Field(description="Whose plan, from 1; null for the one of the largest planner."),
        ] = None,
    ) -> Plan:
        """Write a plan for a question, without an answer, for you to follow."""
        try:
            return await asker.plan(ctx.headers, question, model, round)
        except Exception as error:
            _refuse(error)

    @server.tool(title="Explain", annotations=_ANNOTATIONS)
    async def explain(id: Annotated[str, Field(description=_ID)], ctx: Context) -> Explanation:
        """Show the rounds of an answer: plans, votes, and why each was accepted or not."""
        try:
            return asker.explain(ctx.headers, id)
        except Exception as error:
            _refuse(error)

    return server


def _refuse(error: Exception) -> NoReturn:
    """Raise what a client reads about an error: one line without a secret."""
    raise ToolError(as_api_error(error).message) from None
