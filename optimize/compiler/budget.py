"""The budget of a compile, which `cope.optimize` exports."""

from ...models import Budget as Budget
