"""A session's own orders before kinder and harsher venues: how far its result can be trusted."""
