"""``python -m reportdata`` is the command ``reportdata``."""

from reportdata.cli import main

if __name__ == "__main__":
    main()
