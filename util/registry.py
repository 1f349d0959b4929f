"""Look up the variants of one interface by name, built-in or from other packages' entry points.

The project registers its variants in `pyproject.toml` in the same way as any other package does. A
name is loaded on first use, so that listing names imports nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Generic, TypeVar

from ..errors import CopeError, first_line, suggest_names

OWN_PACKAGE = "cope-dspy"

T = TypeVar("T")


@lru_cache(maxsize=16)
def _is_own(package: Distribution | None) -> bool:
    """Return whether a package is this one.

    The entry points of a package share one object, and each look at its name parses its metadata.
    """
    return package is not None and package.name == OWN_PACKAGE


class Registry(Mapping[str, T], Generic[T]):
    """A mapping from names to the variants of one seam.

    Args:
        noun: what a variant is called in messages, for example "task".
        group: the entry-point group, for example "cope.tasks".
        check: raises `TypeError` or `ValueError` when a loaded object is not such a variant.

    >>> Registry("task", "cope.tasks").noun
    'task'
    """

    def __init__(
        self, noun: str, group: str, check: Callable[[object], None] | None = None
    ) -> None:
        self.noun = noun
        self.group = group
        self._check = check
        self._loaded: dict[str, T] = {}

    @cached_property
    def _entry_points(self) -> dict[str, EntryPoint]:
        """Return the entry points by name. Other packages cannot replace a built-in name."""
        found: dict[str, EntryPoint] = {}
        for entry in entry_points(group=self.group):
            if _is_own(entry.dist) or entry.name not in found:
                found[entry.name] = entry
        return found

    @cached_property
    def _built_in(self) -> list[str]:
        """Return the project's own names."""
        entries = self._entry_points.items()
        return sorted(name for name, entry in entries if _is_own(entry.dist))

    def register(self, name: str, variant: T) -> None:
        """Add a variant for this process, for example from a notebook or a test.

        Raises:
            CopeError: when the name is taken.
        """
        if name in self:
            raise CopeError(f"the {self.noun} {name!r} exists already: choose another name")
        self._loaded[name] = variant

    def unregister(self, name: str) -> None:
        """Remove a variant that `register` added."""
        del self._loaded[name]

    def __getitem__(self, name: str) -> T:
        """Return the variant, importing it on first use.

        Raises:
            KeyError: when no variant has this name.
            CopeError: when another package's variant cannot be imported or is of the wrong kind.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(self._entry_points[name])
        return self._loaded[name]

    def _load(self, entry: EntryPoint) -> T:
        package = entry.dist.name if entry.dist else "an installed package"
        try:
            variant = entry.load()
            if self._check is not None:
                self._check(variant)
        except CopeError:
            raise
        except Exception as error:
            raise CopeError(
                f"the {self.noun} {entry.name!r} of {package} cannot be used "
                f"({first_line(error)}): fix or uninstall {package}"
            ) from error
        return variant

    def by_name(self, name: str) -> T:
        """Return a variant by the name that a user gave.

        Raises:
            CopeError: when no variant has this name, with the nearest name; when it cannot be
                loaded.
        """
        if name not in self:
            raise CopeError(f"no {self.noun} is named {name!r}: {suggest_names(name, self)}")
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._loaded or name in self._entry_points

    def __iter__(self) -> Iterator[str]:
        """Yield the built-in names, then those of other packages, each in alphabetical order."""
        yield from self._built_in
        yield from sorted((self._entry_points.keys() | self._loaded.keys()) - set(self._built_in))

    def __len__(self) -> int:
        return len(self._entry_points.keys() | self._loaded.keys())
