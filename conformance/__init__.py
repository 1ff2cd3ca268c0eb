"""DingTalk's official SDK in every language, as programs, against the real server."""
