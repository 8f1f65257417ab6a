"""The words that every other package speaks: events, money, time, configuration, errors."""
