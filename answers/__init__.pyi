from .code.reply import extract_program as extract_program
from .inference import infer_answer_kind as infer_answer_kind
from .kinds.base import AnswerKind as AnswerKind, NormalFormKind as NormalFormKind
from .kinds.registry import ANSWER_KINDS as ANSWER_KINDS
from .matching import matches as matches
