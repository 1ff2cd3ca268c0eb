"""DingTalk's own APIs, as a client."""
