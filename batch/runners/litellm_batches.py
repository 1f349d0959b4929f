"""Batches by LiteLLM, which knows the batch APIs of more providers than OpenAI's."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import CopeError, first_line
from ...util.json_types import JsonObject
from ...util.redact import redact_error
from .batch_service import is_ended, lines_of, why_failed
from .parked import ENDPOINT, Target

_OWN_ADDRESS = ("openai", "hosted_vllm", "litellm_proxy")
"""Providers that are asked at the address of the tier, with its key."""


@dataclass(frozen=True)
class LiteLLMBatches:
    """The batch API of a provider that LiteLLM knows.

    Providers other than OpenAI's kind have their addresses and keys in the variables of LiteLLM,
    such as `AZURE_API_BASE` and `AZURE_API_KEY`.

    Attributes:
        provider: its name in LiteLLM, such as `azure`.
        headers: returns the headers of requests to an address, with the key.
        window: in which time a batch is answered.
    """

    provider: str
    headers: Callable[[str], dict[str, str]]
    window: str = "24h"

    async def submit(self, target: Target, name: str, content: bytes) -> str:
        """Submit a file of requests, and return the id of its batch.

        Raises:
            CopeError: when it cannot be submitted.
        """
        import litellm  # takes seconds

        upload = (name, content, "application/jsonl")
        sent = await self._ask(target, litellm.acreate_file, file=upload, purpose="batch")
        made = await self._ask(
            target,
            litellm.acreate_batch,
            input_file_id=sent.id,
            endpoint=ENDPOINT,
            completion_window=self.window,
            metadata={"cope": name},
        )
        return made.id

    async def results(self, target: Target, batch: str) -> Iterator[JsonObject] | None:
        """Return the lines of an ended batch, also those of errors; None while it is in progress.

        Raises:
            CopeError: when the batch failed as a whole, or cannot be asked for.
        """
        import litellm

        state = await self._ask(target, litellm.aretrieve_batch, batch_id=batch)
        if not is_ended(state.status):
            return None
        files = [name for name in (state.output_file_id, state.error_file_id) if name]
        if not files and state.status != "expired":
            document = state.model_dump(mode="json")
            raise why_failed(batch, f"LiteLLM's {self.provider}", state.status, document)
        contents = []
        for name in files:
            reply = await self._ask(target, litellm.afile_content, file_id=name)
            contents.append(reply.content)
        return lines_of(b"\n".join(contents), f"the batch {batch}")

    async def _ask(
        self, target: Target, function: Callable[..., Awaitable[Any]], **arguments: Any
    ) -> Any:
        if self.provider in _OWN_ADDRESS:
            headers = {name.lower(): value for name, value in self.headers(target.base).items()}
            key = headers.get("authorization", "").removeprefix("Bearer ")
            arguments |= {"api_base": target.base, "api_key": key or "none"}
        try:
            return await function(custom_llm_provider=self.provider, **arguments)
        except Exception as error:  # LiteLLM's, of the provider's client, or of the connection
            reason = redact_error(first_line(error) or type(error).__name__)
            raise CopeError(
                f"LiteLLM's {self.provider}: {reason}; what is answered is saved, and the same "
                "command resumes"
            ) from None
