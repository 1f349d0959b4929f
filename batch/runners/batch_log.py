"""The files of a runner that asks batches: what was submitted, and what came back, by shard."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from ...errors import CopeError
from ...util.json_text import parse_json
from ...util.json_types import JsonObject
from ...util.storage import Storage
from ..stages.rows import ShardRequest, pack_requests, unpack_requests
from .parked import Target, row_of


@dataclass(frozen=True)
class SubmittedBatch:
    """A batch that is not finished.

    Attributes:
        id: its id at the service.
        name: the name of its file of requests.
        base: the address of the API.
        model: the model.
    """

    id: str
    name: str
    base: str
    model: str

    @property
    def target(self) -> Target:
        """Who answers it."""
        return Target(self.base, self.model)


class BatchLog:
    """The files of one stage.

    Args:
        storage: the folder of the stage.
        shard_rows: the number of rows of a shard.
    """

    def __init__(self, storage: Storage, shard_rows: int) -> None:
        self.storage, self._shard_rows = storage, shard_rows

    def keep(self, requests: Iterable[ShardRequest]) -> list[int]:
        """Write the rows that are asked, and return the numbers of their shards."""
        shards = []
        for request in requests:
            name = f"requests/{request.shard:05}.parquet"
            self.storage.write(name, pack_requests(request.rows))
            shards.append(request.shard)
        return shards

    def request(self, stage: int, shard: int) -> ShardRequest:
        """Return the rows of a shard that are asked."""
        name = f"requests/{shard:05}.parquet"
        data = self.storage.read(name) or b""
        return ShardRequest(stage, shard, unpack_requests(data, self.storage.address(name)))

    def batches(self) -> list[SubmittedBatch]:
        """Return the batches that are not finished.

        Raises:
            CopeError: when their file is damaged.
        """
        try:
            entries = parse_json(self.storage.read("batches.json") or b"[]")
            return [SubmittedBatch(**entry) for entry in entries]
        except (ValueError, TypeError) as error:
            raise CopeError(
                f"{self.storage.address('batches.json')} is damaged ({error}): remove it, and the "
                "same command submits its requests again"
            ) from None

    def save(self, batches: Iterable[SubmittedBatch]) -> None:
        """Replace the list of the batches that are not finished."""
        self.storage.write("batches.json", json.dumps([asdict(one) for one in batches]).encode())

    def next_name(self) -> str:
        """Return the name of the next file of requests."""
        return f"{len(self.storage.names('sent')):05}.jsonl"

    def keep_sent(self, name: str, content: bytes) -> None:
        """Keep a file of requests, until its batch is finished."""
        self.storage.write(f"sent/{name}", content)

    def sent(self, name: str) -> bytes:
        """Return a file of requests; empty once its batch is finished."""
        return self.storage.read(f"sent/{name}") or b""

    def sent_ids(self, name: str) -> Iterator[str]:
        """Yield the ids of the requests in a file."""
        for line in self.sent(name).splitlines():
            yield parse_json(line)["custom_id"]

    def keep_results(self, name: str, lines: Iterable[JsonObject]) -> None:
        """Keep the results of a batch by shard, and forget the requests of its file."""
        shards: dict[int, list[JsonObject]] = {}
        known = set(self.sent_ids(name))
        for line in lines:
            if line["custom_id"] in known:
                shard = (row_of(line["custom_id"]) - 1) // self._shard_rows
                shards.setdefault(shard, []).append(line)
        for shard, found in shards.items():
            text = "".join(json.dumps(line) + "\n" for line in found)
            self.storage.write(f"results/{shard:05}/{name}", text.encode())
        self.storage.write(f"sent/{name}", b"")

    def results(self, shard: int) -> dict[str, JsonObject]:
        """Return the results of a shard by the ids of their requests."""
        found = {}
        folder = f"results/{shard:05}"
        for name in self.storage.names(folder):
            for line in (self.storage.read(f"{folder}/{name}") or b"").splitlines():
                result = parse_json(line)
                found[result["custom_id"]] = result
        return found

    def forget_results(self, shard: int) -> None:
        """Remove the results of a shard, whose rows are saved or asked again."""
        self.storage.remove(f"results/{shard:05}")
