"""Readings of words in context: jargon, foreign endings, missing diacritics, ambiguity."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from luxos.nlp.morphology import dictionary, tokens


def lemmas(text: str) -> list[str]:
    return [token.lemma for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zbuduj aplikację todo w Django", ["zbudować", "aplikacja", "todo", "w", "Django"]),
        ("zbuduj aplikacje do zarzadzania ksiazkami", ["zbudować", "aplikacja", "do", "zarządzanie", "książka"]),
        ("usun plik zrodlowy", ["usunąć", "plik", "źródłowy"]),
        ("zacommituj zmiany", ["zatwierdzić", "zmiana"]),
        ("postaw apkę", ["postawić", "aplikacja"]),
        ("zrób sklep z butami", ["zrobić", "sklep", "z", "but"]),
        ("pokaż pliki", ["pokazać", "plik"]),
    ],
)
def test_lemmas(text: str, expected: list[str]) -> None:
    assert lemmas(text) == expected


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Flasku", "Flask"),
        ("Djangiem", "Django"),
        ("djangu", "Django"),
        ("postgresie", "PostgreSQL"),
        ("Pythonie", "Python"),
        ("FastAPI", "FastAPI"),
        ("Springu Boot", "Spring Boot"),
        ("ruby on rails", "Ruby on Rails"),
    ],
)
def test_technologies_lose_their_endings(word: str, name: str) -> None:
    found = tokens(f"zbuduj API w {word}")
    assert {token.lemma for token in found[3:]} == {name}
    assert {token.tag for token in found[3:]} == {"tech"}


def test_ordinary_words_are_no_technologies() -> None:
    assert [token.tag for token in tokens("zrób go teraz")][1] != "tech"
    assert [token.tag for token in tokens("zbuduj API w Go")][3] == "tech"


def test_do_is_a_preposition() -> None:
    assert tokens("aplikacja do notatek")[1].tag == "prep:gen"


def test_threads_agree_with_one_thread() -> None:
    words = [
        f"{word}{'i' * (number % 3)}" for number, word in enumerate(["plik", "kot", "serwer", "dom", "zmian"] * 40)
    ]
    alone = [dictionary([word]) for word in words]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda word: dictionary([word]), words))
    assert together == alone
