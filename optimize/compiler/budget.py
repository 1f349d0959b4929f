"""The budget of a compile, re-exported by `cope.optimize`."""

from ...models import Budget as Budget
