"""The hash of a state, for generated code and for the search loop: the same numbers in both.

With x = word ^ (word >> 32), h = sum of x * KEYS[w] over the words w; the upper half of a word
goes into its lower half first, because bits at the top alone would leave a product unchanged
but for its top.  The products do not wait for each other.  After each 64 words the keys
begin again, and h := mixed(h).  The hash is mixed(h), with mixed(h) = (h ^ (h >> 32)) * MIX.
"""

from __future__ import annotations

from random import Random

MIX = 0x9E3779B97F4A7C15
_random = Random(2013)
KEYS = [_random.getrandbits(64) | 1 for _ in range(64)]
RECENT = 1 << 12  # states that a thread remembers to have looked up lately
