"""`python -m anthropic_audit`: the command line, without its script on the path."""

from anthropic_audit.cli import main

if __name__ == "__main__":
    main()
