"""The cache of results: once for each key, also when several threads ask at the same time."""

import threading

from readerstudy.db.cache import Cache


def test_a_value_is_computed_once_and_anew_when_its_key_changes():
    cache, computed = Cache(), []

    def compute():
        computed.append(True)
        return len(computed)

    assert [cache.get("slot", "a", compute) for _ in range(3)] == [1, 1, 1]
    assert cache.get("slot", "b", compute) == 2
    assert cache.get("slot", "a", compute) == 3  # only the newest was kept


def test_threads_that_ask_at_once_wait_for_the_first():
    cache, computed, answers = Cache(), [], []
    are_there = threading.Barrier(4)

    def compute():
        computed.append(True)
        return "value"

    def ask():
        are_there.wait()
        answers.append(cache.get("slot", "a", compute))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["value"] * 4
    assert computed == [True]


def test_what_fails_is_asked_again():
    cache = Cache()

    def fail():
        raise ValueError

    for _ in range(2):
        try:
            cache.get("slot", "a", fail)
        except ValueError:
            continue
        raise AssertionError
    assert cache.get("slot", "a", lambda: None) is None
    assert cache.get("slot", "a", lambda: 1) is None
