"""What a server is made of, as plain data, so that several processes can make the same one."""

from dataclasses import dataclass
from pathlib import Path

from ..models import Team
from ..programs.options import ProgramOptions, TeamOptions
from ..programs.resolve import Notify
from .access import Access, open_access
from .options import ServeOptions
from .service import Service


@dataclass(frozen=True)
class ServerSetup:
    """Names all that a server is made of.

    Attributes:
        options: address and limits.
        program: the program that is served.
        team: its models.
        key_file: the file of keys; None is the one in the user's data folder.
        budget: USD that all requests together may cost; None for no limit.
        shortcut: the tier that answers requests for titles and tags; None for the program.
        record: the file to which requests are appended; None for no record.
        audit: the share of the requests that are audited.
        traces: the store in which questions are traced; None for no traces.
    """

    options: ServeOptions
    program: ProgramOptions
    team: TeamOptions
    key_file: Path | None = None
    budget: float | None = None
    shortcut: str | None = None
    record: Path | None = None
    audit: float = 0.0
    traces: str | None = None

    def access(self) -> Access:
        """Return who may ask, see `open_access`."""
        return open_access(self.key_file, self.options.host, self.budget)

    def service(self, team: Team, notify: Notify) -> Service:
        """Return the service with a team that `team` names, see `Service.from_options`."""
        return Service.from_options(
            self.program,
            self.team,
            self.options.domain,
            team=team,
            notify=notify,
            shortcut=self.shortcut,
        )
