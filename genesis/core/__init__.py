"""The basic types of all other packages: events, instruments, money, time, errors."""
