"""What a user sees of a download, on a terminal and in a log."""

import io

from rich.console import Console

from cope.models.weights.progress import DownloadBar


def test_a_log_gets_a_line_every_ten_percent() -> None:
    out = io.StringIO()
    with DownloadBar("toy.gguf", console=Console(file=out, width=30)) as bar:
        for done in range(1001):
            bar(done * 1000, 1_000_000, "model hub")
    lines = out.getvalue().splitlines()
    assert lines[0] == "toy.gguf: 0% of 1.0 MB, model hub" and len(lines) == 11
    assert lines[-1].startswith("toy.gguf: 100% of 1.0 MB, model hub, ") and lines[-1].endswith(
        "/s, 0 s left"
    )


def test_a_terminal_gets_a_bar_with_name_source_and_size() -> None:
    out = io.StringIO()
    with DownloadBar("toy.gguf", console=Console(file=out, width=120, force_terminal=True)) as bar:
        assert out.getvalue() == "", "a file that is there shows nothing"
        bar(500_000, 1_000_000, "checking")
        bar(500_000, 1_000_000, "model hub")
        bar(1_000_000, 1_000_000, "model hub")
    assert "toy.gguf (model hub)" in out.getvalue() and "1.0/1.0 MB" in out.getvalue()
