"""`python -m lib COMMAND`."""

from lib.commands import main

if __name__ == "__main__":
    main()
