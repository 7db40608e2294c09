"""How well patients are recognised: invented people, whose truth is known. No speed of servers."""
