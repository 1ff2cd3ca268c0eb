"""DingTalk's reportData statistics, computed from an organisation's own work reports."""

__version__ = "0.1.0"
