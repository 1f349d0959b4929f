"""Start the servers of llama.cpp in this process, one for the same weights and settings."""

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...errors import CopeError
from ...util.json_types import JsonObject
from ...util.signals import defer_interrupts
from .draft import NGRAM
from .mapped_weights import can_release, release_pages


class LlamaServer(Protocol):
    """A running server of llama.cpp."""

    def handle_chat_completions(
        self, body: JsonObject, on_chunk: Callable[[JsonObject], bool], /
    ) -> object: ...


@dataclass(frozen=True)
class LlamaLoad:
    """What a server of llama.cpp is started with.

    Attributes:
        path: the weights.
        slots: requests generated concurrently.
        context: maximum tokens of a request.
        threads: CPU threads.
        draft: the weights that draft, `ngram`, or None.
    """

    path: Path
    slots: int
    context: int
    threads: int
    draft: Path | str | None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of weights."""
        return (self.path, self.draft) if isinstance(self.draft, Path) else (self.path,)


_load_lock = threading.Lock()
_loaded_servers: dict[LlamaLoad, LlamaServer] = {}


def llama_server(load: LlamaLoad) -> LlamaServer:
    """Return the running server, which is started at the first call. That takes seconds.

    Raises:
        CopeError: when the weights do not load.
    """
    with _load_lock:
        if load not in _loaded_servers:
            _release_mapped_weights()  # while a model loads, it takes more memory than later
            # A server that is interrupted before it is kept would be destroyed, and its destructor
            # waits without end for its thread.
            with defer_interrupts():
                _loaded_servers[load] = _start_server(load)
            _release_mapped_weights()
        return _loaded_servers[load]


def _release_mapped_weights() -> None:
    if can_release():
        paths = [path for load in _loaded_servers for path in load.files]
        release_pages(paths)


def _start_server(load: LlamaLoad) -> LlamaServer:
    # The compiled module, because the package re-exports its names without types.
    import xllamacpp.xllamacpp as llama

    params = llama.CommonParams()
    params.model.path = str(load.path)
    params.n_parallel = load.slots
    params.n_ctx = load.context * load.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = load.threads
    params.n_ubatch = 256  # prompts are seldom longer, and the buffers grow with it
    if _computes_on_cpu(llama.get_device_info()):
        # It would read the file twice, and only changes what a GPU takes of a model.
        params.fit_params = False
    params.warmup = False  # the first request does the same
    modes = llama.llama_load_mode
    # A mapped file that cannot be released would stay in memory in addition to the weights that the
    # engine repacks for the CPU.
    mode = modes.LLAMA_LOAD_MODE_MMAP if can_release() else modes.LLAMA_LOAD_MODE_NONE
    params.load_mode = mode
    params.cache_ram_mib = 0  # prefixes are shared in the slots, without a second copy
    params.verbosity = -1
    params.offline = True
    # The package opens a port on loopback, which COPE does not need. So that nobody else can use it
    # either, all its interfaces are off and its key is random.
    params.ui = params.ui_mcp_proxy = False
    params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    params.server_tools = []
    params.api_keys = [secrets.token_hex(16)]
    if load.draft is not None:
        _add_draft(params, load)
    try:
        return llama.Server(params)
    except RuntimeError as error:
        drafts = "" if load.draft in (None, NGRAM) else f", or {load.draft} has other tokens"
        raise CopeError(
            f"{load.path} does not load ({error}): the file is not a complete model, or the memory "
            f"does not suffice{drafts}"
        ) from None


def _computes_on_cpu(devices: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether llama.cpp sees no other device than processors."""
    return all(device["type"].name.endswith("_CPU") for device in devices)


def _add_draft(params: Any, load: LlamaLoad) -> None:
    """Set what drafts for a model. Both use the same threads, because they take turns."""
    import xllamacpp.xllamacpp as llama

    kinds = llama.common_speculative_type
    if load.draft == NGRAM:
        params.speculative.types = [kinds.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        return
    params.speculative.types = [kinds.COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE]
    draft = params.speculative.draft
    draft.mparams.path = str(load.draft)
    draft.cpuparams.n_threads = draft.cpuparams_batch.n_threads = load.threads
