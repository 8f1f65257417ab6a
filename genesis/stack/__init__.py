"""The programs that Genesis works with, run beside it: found, started, watched, ended."""
