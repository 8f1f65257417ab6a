"""What `genesis alerts` does: alerts listed, explained, tested, silenced and sent through the whole delivery."""
