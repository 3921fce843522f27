"""What stays whole, and that spans never lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxos.nlp.tokenizer import pieces


def kinds(text: str) -> list[tuple[str, str]]:
    return [(text[p.start : p.end], p.kind) for p in pieces(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/tmp/x", "path"),
        ("~/kod/sklep", "path"),
        ("../a.txt", "path"),
        ("C:\\Users\\Ola\\plik.txt", "path"),
        ("raport.pdf", "path"),
        ("*.log", "path"),
        ("src/luxos/nlp", "path"),
        ("Dockerfile", "path"),
        ("https://example.com/a.zip?x=1", "url"),
        ("git@github.com:a/b.git", "url"),
        ("localhost:8000/api/zadania", "url"),
        ("python.org", "host"),
        ("192.168.1.10", "host"),
        ("ola@example.com", "email"),
        ("C#", "tech"),
        ("C++", "tech"),
        (".NET", "tech"),
        ("node.js", "tech"),
        ("3.12", "version"),
        ("v1.2.3-rc1", "version"),
        ("--no-cache=yes", "option"),
        ("50%", "size"),
        ("10MB", "size"),
        ("12:30", "time"),
        ("oblicz_vat", "ident"),
        ("sha256:9f86d081", "hash"),
        ("„Moja Biblioteka”", "quoted"),
        ('"dwa słowa"', "quoted"),
        ("e-mail", "word"),
        ("Django'em", "word"),
        ("tak/nie", "word"),
    ],
)
def test_stays_whole(text: str, kind: str) -> None:
    assert kinds(text) == [(text, kind)]
    assert (text, kind) in kinds(f"zrób {text} teraz")


def test_a_full_stop_does_not_belong_to_the_path() -> None:
    assert kinds("do /tmp/x.") == [("do", "word"), ("/tmp/x", "path"), (".", "punct")]


@given(st.text(max_size=300))
def test_spans_are_ordered_and_only_white_space_lies_between(text: str) -> None:
    last = 0
    for piece in pieces(text):
        assert last <= piece.start < piece.end
        assert not text[last : piece.start].strip()
        last = piece.end
    assert not text[last:].strip()
