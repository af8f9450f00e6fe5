"""``python -m offbook``."""

from offbook.cli.main import main

if __name__ == "__main__":
    main()
