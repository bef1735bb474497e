"""Which boundaries a rehearsal kills at."""

from core.testing.rehearsal import Kill, kills


def test_each_boundary_once_at_its_last_coming() -> None:
    """Every name is there once, in the order of learning, with the process and the count at which it last came."""
    learned = [["claim", "step", "ending", "claim", "step", "ending"], ["decision"], ["claim", "ending"]]
    assert kills(learned) == [
        Kill(process=2, boundary="claim", count=1),
        Kill(process=0, boundary="step", count=2),
        Kill(process=2, boundary="ending", count=1),
        Kill(process=1, boundary="decision", count=1),
    ]


def test_a_boundary_reached_while_waiting_counts_at_its_first_coming() -> None:
    """How often a worker asks for work in vain is chance, so the first of several in a row is the one."""
    assert kills([["claim", "step", "claim", "claim", "claim"]])[0] == Kill(process=0, boundary="claim", count=2)


def test_words_choose_boundaries() -> None:
    """Only names that hold one of the words are left."""
    learned = [["step read before", "effect post after intent", "effect at the click", "run ending"]]
    names = [kill.boundary for kill in kills(learned, only=["intent", "click"])]
    assert names == ["effect post after intent", "effect at the click"]
