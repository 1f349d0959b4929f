"""Admit one call: by the budget's gate, and by the admission control of the context."""

from dataclasses import dataclass
from typing import Any

from ..util.json_types import JsonObject
from .admission import AdmissionControl, current_admission_control
from .call import Call
from .call_price import most_call_cost
from .called_model import CalledModel
from .spending import SpendingGate, current_gate


@dataclass(slots=True)
class AdmittedCall:
    """A call that may be made."""

    call: Call
    control: AdmissionControl | None
    gate: SpendingGate | None
    ticket: int

    def on_error(self, error: Exception) -> None:
        """Handle an error of the call, see `AdmissionControl`."""
        if self.control:
            self.control.on_error(self.call, error)

    def end(self) -> None:
        """Count the call, which ended in any way."""
        if self.control:
            self.control.after_call(self.call)
        if self.gate:
            self.gate.leave(self.ticket, self.call)

    def check_cost(self) -> None:
        """Raise an error if a budget needs the cost of the call and nobody knows it.

        Raises:
            CopeError: with what is missing.
        """
        if self.gate:
            self.gate.on_answer(self.call)


async def admit_call(call: Call, lm: CalledModel, prompt: Any, limits: JsonObject) -> AdmittedCall:
    """Wait until a call may be made.

    Args:
        call: the call.
        lm: the language model.
        prompt: the messages or the text of the prompt.
        limits: the arguments of the request.

    Raises:
        Halt: when it may not be made.
    """
    gate, control = current_gate(), current_admission_control()
    ticket = 0
    if gate:
        ticket = await gate.enter(most_call_cost(lm, prompt, limits))
    if control:
        try:
            control.before_call()
        except BaseException:
            if gate:
                gate.leave(ticket, call)
            raise
    return AdmittedCall(call, control, gate, ticket)
