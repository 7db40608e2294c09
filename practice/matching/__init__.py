"""Is this record somebody we know? Pure.

`judge` is for one record that is certain or is not; `scoring` and `lists` say how likely it is, for
a person to look at. Not here: what is done with the answer, and the tables.

The parts that compare need libraries that a server which only books does not: they are imported
where they are used, `practice.matching.scoring` and `practice.matching.lists`.
"""

from practice.matching.judging import judge, match_key

__all__ = ["judge", "match_key"]
