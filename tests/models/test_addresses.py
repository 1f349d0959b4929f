"""Where the models of APIs are asked: which key goes to which host, and never through a proxy to this machine."""

import os
import warnings
from typing import Any

import pytest
from support.fault_server import Reply, faulty

from cope import CopeError, Team
from cope.models.api_models import environment_address
from cope.models.engines.ollama import OllamaEngine
from cope.models.engines.ollama_server import pull, server_info
from cope.models.hosts import bypass_proxies, cache_address, is_loopback
from cope.models.lm import TierLM
from cope.tracking.store_check import check_server_store

MESSAGE = {"role": "assistant", "content": "Answer: 7"}
USAGE = {"prompt_tokens": 30, "completion_tokens": 4}
CHAT = Reply({"model": "m", "choices": [{"index": 0, "message": MESSAGE}], "usage": USAGE})
OLLAMA = Reply({"message": MESSAGE, "done": True, "prompt_eval_count": 30, "eval_count": 4})
PROXY = "http://user:proxypass@127.0.0.1:9"  # nothing listens there
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cope.models.retries._BACKOFF_SECONDS", (0.0,))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")


SERVERS = [("", "one"), ("", "two"), ("", "one"), ("me:secret@", "two")]
"""A user and a host of each; the last two are the first two again."""


def model(name: str, **settings: Any) -> TierLM:
    return Team("local/small", name, cache=False, **settings)["large"].lm


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("openai", "OPENAI_BASE_URL"),
        ("openai", "OPENAI_API_BASE"),
        ("groq", "GROQ_API_BASE"),
        ("deepseek", "DEEPSEEK_API_BASE"),
        ("xai", "XAI_API_BASE"),
        ("openrouter", "OPENROUTER_API_BASE"),
        ("moonshot", "MOONSHOT_API_BASE"),
    ],
)
def test_a_provider_s_key_does_not_go_to_an_address_of_the_environment(
    provider: str, variable: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", "sk-of-the-provider")
    monkeypatch.setenv("OTHER_KEY", "sk-of-the-server")
    with faulty(CHAT) as server:
        monkeypatch.setenv(variable, f"{server.address}/v1/")
        assert model(f"{provider}/m")("3 + 4?") == ["Answer: 7"]
        assert model(f"{provider}/m", keys={"large": "OTHER_KEY"})("3 + 4?") == ["Answer: 7"]
    assert server.keys == ["Bearer none", "Bearer sk-of-the-server"]
    assert set(server.paths) == {"/v1/chat/completions"}


def test_a_written_address_wins_over_the_environment_s(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-provider")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with faulty(CHAT) as server:
        assert model(f"openai/m@{server.address}/v1")("3 + 4?") == ["Answer: 7"]
    assert server.keys == ["Bearer none"]


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("http://api.openai.com/v1", False),
        ("https://openai.com.evil.example/v1", False),
        ("https://notopenai.com/v1", False),
        ("https://evil.example/openai.com", False),
        ("https://api.openai.com@evil.example/v1", False),
        ("https://[bad/v1", False),
    ],
)
def test_own_hosts_of_a_provider(url: str, is_own: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-provider")
    address = environment_address("openai")
    assert address and address.is_own is is_own
    key = model("openai/m").kwargs.get("api_key")
    assert key == (None if is_own else "none")


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("together_ai", "TOGETHERAI_API_BASE"),
        ("fireworks_ai", "FIREWORKS_API_BASE"),
        ("huggingface", "HF_API_BASE"),
        ("text-completion-openai", "OPENAI_API_BASE"),
        ("hosted_vllm", "HOSTED_VLLM_API_BASE"),
        ("nvidia_nim", "NVIDIA_NIM_API_BASE"),
    ],
)
def test_other_names_that_litellm_reads(
    provider: str, variable: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(variable, "https://elsewhere.example/v1")
    settings = model(f"{provider}/m").kwargs
    assert (settings["api_base"], settings["api_key"]) == ("https://elsewhere.example/v1", "none")


def test_a_server_that_needs_a_key_gets_a_line_that_says_how():
    fault = Reply({"error": {"message": "no key"}}, 401)
    with faulty(fault) as server, pytest.raises(CopeError, match=r"wants a key .*--key large=VAR"):
        model(f"openai/m@{server.address}/v1")("3 + 4?")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_no_proxy_is_used_for_this_machine(scheme: str, monkeypatch: pytest.MonkeyPatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, PROXY.replace("http:", f"{scheme}:"))
    with faulty(CHAT) as server:
        assert model(f"openai/m@{server.address}/v1")("3 + 4?") == ["Answer: 7"]
    with faulty(OLLAMA) as server:
        engine = OllamaEngine("m", server.address)
        assert Team(engine, engine, cache=False)["small"].lm("3 + 4?") == ["Answer: 7"]
    with faulty(Reply({"version": "1", "models": []})) as server:
        assert server_info(server.address).version == "1"
        assert engine.weights_digest() is None
        assert check_server_store(server.address, 5).found == f"{server.address} answers"
    with faulty(Reply({"status": "success"})) as server:
        pull("m", server.address, lambda done, total, note: None)


def test_a_proxy_is_used_for_other_hosts(monkeypatch: pytest.MonkeyPatch):
    with faulty(CHAT) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        assert model("openai/m@http://models.example/v1")("3 + 4?") == ["Answer: 7"]
    assert proxy.paths == ["http://models.example/v1/chat/completions"]


def test_a_cached_reply_answers_for_its_own_server_only(monkeypatch: pytest.MonkeyPatch):
    names = [f"openai/cached-here@http://{user}{host}.example/v1" for user, host in SERVERS]
    with faulty(CHAT) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        for name in names:
            lm = Team("local/small", name, cache=True)["large"].lm
            for temperature in (0.0, 0.7):
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    reply = lm("3 + 4?", temperature=temperature, rollout_id=1)
                assert reply == ["Answer: 7"]
    sent = [path.partition("/v1")[0] for path in proxy.paths]
    assert sent == ["http://one.example"] * 2 + ["http://two.example"] * 2, "each call once"
    assert not [body for body in proxy.bodies if "rollout_id" in body or "example" in str(body)]


def test_clients_of_other_packages_bypass_proxies_too(monkeypatch: pytest.MonkeyPatch):
    bypass_proxies("http://127.0.0.1:8000/v1")
    assert not os.environ["NO_PROXY"], "without a proxy nothing changes"
    monkeypatch.setenv("ALL_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "internal.example")
    bypass_proxies("http://10.0.0.2:8000/v1")
    assert os.environ["NO_PROXY"] == "internal.example"
    for _ in "ab":
        bypass_proxies("http://127.0.0.1:8000/v1")
    bypass_proxies("http://localhost:8000/v1")
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"]
    assert os.environ["NO_PROXY"] == "internal.example,127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        (None, True),
        ("http://localhost:1", True),
        ("http://LOCALHOST.:1", True),
        ("http://models.localhost", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:1/v1", True),
        ("http://0.0.0.0:1", True),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://10.0.0.2:1", False),
        ("http://[bad", False),
        ("nothing", False),
    ],
)
def test_loopback(host: str | None, is_here: bool):
    assert is_loopback(host) is is_here


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (None, None),
        ("http://localhost:8000/v1", None),
        ("https://api.openai.com/v1", None),
        ("https://eu.api.openai.com/v1", None),
        ("http://api.openai.com/v1", "http://api.openai.com/v1"),  # not the provider's, see keys
        ("https://models.example/v1", "https://models.example/v1"),
        ("https://me:secret@models.example:8/v1?key=1#x", "https://models.example:8/v1"),
        ("http://[2001:db8::1]:8000/v1", "http://[2001:db8::1]:8000/v1"),
    ],
)
def test_only_another_server_s_address_is_part_of_the_cache(address: str | None, kept: str | None):
    assert cache_address("openai/m", address) == kept
