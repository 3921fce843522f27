"""The door of the room: any text, the same answer, and the shapes that others rely on."""

import json
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luxos.nlp import field_phrases, understand, understood
from luxos.nlp.corpus import INTENTS
from luxos.nlp.pipeline import MAX_LENGTH


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_answered(text: str) -> None:
    result = understand(text)
    assert result == understand(text)
    assert result.text == text
    assert result.intent in INTENTS
    assert 0 <= result.confidence <= 1
    field_phrases(result)
    for part in (*result.tokens, *result.entities):
        assert text[part.start : part.end] == part.text
    json.dumps(result.as_json())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\n\t",
        "😀🎉",
        "\x00\x01",
        "שלום עולם",
        "a" * 100_000,
        "ą " * 50_000,
        "((((" * 500,
        "\ud800",
        "„" * 3000,
        "/" * 3000,
    ],
)
def test_odd_texts(text: str) -> None:
    result = understand(text)
    assert not understood(result)
    assert all(token.end <= MAX_LENGTH for token in result.tokens)


def test_nothing_is_none() -> None:
    assert understand("").intent == "NONE"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "zbuduj",
                "aplikację",
                "w",
                "z",
                "do",
                "pola",
                "i",
                ",",
                "(",
                ")",
                ":",
                "Django",
                "ma",
                "każda",
                "o",
                "nazwie",
                "„x”",
                "/tmp/a",
            ]
        ),
        max_size=25,
    )
)
def test_words_of_commands_in_any_order(words: list[str]) -> None:
    text = " ".join(words)
    result = understand(text)
    for entity in result.entities:
        assert entity.value
        assert text[entity.start : entity.end] == entity.text
    spans = [(entity.start, entity.end) for entity in result.entities]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    field_phrases(result)


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("Skopiuj raport.pdf do archiwum", "COPY_FILE", [("PATH", "raport.pdf"), ("DEST_PATH", "archiwum")]),
        ("Ubij proces o numerze 4312", "KILL_PROCESS", [("PROCESS", "4312")]),
        ("Zrestartuj nginx", "RESTART_SERVICE", [("SERVICE", "nginx")]),
        ("Doinstaluj pandas", "INSTALL_APP", [("PACKAGE", "pandas")]),
        ("Wykonaj polecenie df -h", "RUN_COMMAND", [("COMMAND", "df -h")]),
        (
            "Ściągnij plik spod adresu https://example.com/a.zip",
            "DOWNLOAD_FILE",
            [("URL", "https://example.com/a.zip")],
        ),
        ("Zapamiętaj, że serwer testowy to hades", "REMEMBER", [("CONTENT", "serwer testowy to hades")]),
        ("Ile rekordów jest w tabeli klienci?", "QUERY_DB", [("TABLE", "klienci")]),
        ("Napisz testy do pliku parser.py", "GENERATE_TESTS", [("PATH", "parser.py")]),
    ],
)
def test_other_commands(text: str, intent: str, expected: list[tuple[str, str]]) -> None:
    result = understand(text)
    assert result.intent == intent
    assert understood(result)
    assert [(entity.type, entity.value) for entity in result.entities] == expected


def test_alternatives_follow_the_answer() -> None:
    result = understand("Zbuduj aplikację todo w Django")
    confidences = [result.confidence, *(value for _, value in result.alternatives)]
    assert confidences == sorted(confidences, reverse=True)
    assert len(result.alternatives) >= 3


def test_no_numpy_and_no_scikit_learn_are_loaded_for_an_answer() -> None:
    use = "import sys; from luxos.nlp import understand; understand('Zbuduj todo')"
    code = f"{use}; print({{'numpy', 'sklearn'}} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_importing_the_room_is_free() -> None:
    code = "import sys; import luxos.nlp; print({'morfeusz2','yaml','luxos.nlp.pipeline'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
