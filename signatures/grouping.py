"""Define the signature that groups replies which say the same."""

import dspy


class GroupReplies(dspy.Signature):
    """Group the numbered replies to the request by what they say. Replies with the same content are in one group, whatever their wording."""  # noqa: E501

    question: str = dspy.InputField(desc="the request")
    replies: str = dspy.InputField(desc="the replies, each with its number")
    groups: list[list[int]] = dspy.OutputField(
        desc="a list for each group, with the numbers of its replies; each number once"
    )
