"""MT-Bench: 80 requests of two turns each (Zheng et al., arXiv 2306.05685)."""

from .open_ended import OpenEndedTask

MT_BENCH = OpenEndedTask("mt-bench", ("HuggingFaceH4/mt_bench_prompts", None), hub_split="train")
