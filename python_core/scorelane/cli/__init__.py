"""The ``scorelane`` command: one module per subcommand, each with a function ``command``.

The modules are imported for every ``--help``, so they import nothing heavy at their top.
"""
