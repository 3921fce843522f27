"""All tools of this room, in one tuple; boot.py joins them with those of the rooms above."""

from luxos.tools import file_ops, shell_ops

FUNCTIONS = (*file_ops.FUNCTIONS, *shell_ops.FUNCTIONS)
