"""Identifiers are random, opaque and fit where they go."""

import re

from readerstudy.security import tokens as ids

N = 200


def test_tokens_are_long_unique_and_fit_into_an_address() -> None:
    tokens = {ids.new_token() for _ in range(N)}
    assert len(tokens) == N
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_hashes_of_tokens_are_stable_and_tell_nothing() -> None:
    token = ids.new_token()
    assert ids.hash_token(token) == ids.hash_token(token)
    assert re.fullmatch(r"[0-9a-f]{64}", ids.hash_token(token))
    assert token not in ids.hash_token(token)


def test_codes_have_no_letters_that_look_alike_or_spell_words() -> None:
    codes = {ids.new_reader_code() for _ in range(N)}
    assert len(codes) == N
    assert not set("".join(code.removeprefix("R-") for code in codes)) & set("01OIAEULY")


def test_case_tokens_and_passwords_are_unique() -> None:
    for draw in (ids.new_case_token, ids.new_password):
        assert len({draw() for _ in range(N)}) == N


def test_seeds_survive_a_spreadsheet() -> None:
    seeds = [ids.new_seed() for _ in range(N)]
    assert len(set(seeds)) == N
    assert all(0 <= seed < 2**53 and int(float(seed)) == seed for seed in seeds)
