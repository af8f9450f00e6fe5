"""Equal parts of configurations, kept once for all sessions that have them."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from offbook.domain.config import SessionConfig
from offbook.domain.config.base import ConfigPart

P = TypeVar("P", bound=ConfigPart)
MOST: Final = 4096
"""Parts that are remembered; when there are more, it begins anew, and less is shared."""

MOST_SEEN: Final = 64
"""Whole ones that are known as they are, as a store gives them that reads each but once."""


class SharedConfigs:
    """Makes configurations of parts that others have already. They are immutable."""

    def __init__(self) -> None:
        self._parts: dict[tuple[type, bytes], ConfigPart] = {}
        self._seen: dict[int, tuple[SessionConfig, SessionConfig]] = {}

    def shared(self, config: SessionConfig) -> SessionConfig:
        """The same configuration."""
        seen = self._seen.get(id(config))
        if seen is None:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            # It is held, so that nothing else can have its place in memory.
            seen = self._seen[id(config)] = (config, self._made_of_shared(config))
        return seen[1]

    def _made_of_shared(self, config: SessionConfig) -> SessionConfig:
        names = ("market", "account", "strategy", "venue", "risk", "lifecycle")
        parts = {
            name: self._shared(part)
            for name in names
            if isinstance(part := getattr(config, name), ConfigPart)
        }
        return self._shared(msgspec.structs.replace(config, **parts))

    def _shared(self, part: P) -> P:
        if len(self._parts) >= MOST:
            self._parts.clear()
        key = (type(part), msgspec.json.encode(part))
        known = self._parts.setdefault(key, part)
        assert isinstance(known, type(part))
        return known
