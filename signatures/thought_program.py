"""Define the signature of a program of thought: a program whose result is the answer."""

import dspy

ENTRY_POINT = "solution"
"""The function that a program of thought defines."""


class ComputeAnswer(dspy.Signature):
    """Write a Python function solution() without parameters that computes the answer to the question step by step and returns the final result alone. Reply with one code block and nothing else."""  # noqa: E501

    question: str = dspy.InputField()
    program: str = dspy.OutputField(desc="the function solution(), in Python")
